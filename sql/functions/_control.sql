CREATE FUNCTION interlock._control(job_id bigint, action text) RETURNS interlock.backfill_job
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    job interlock.backfill_job;
    next_state text;
BEGIN
    IF job_id IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed', MESSAGE = 'job_id must not be null';
    END IF;
    SELECT j.* INTO job FROM interlock.backfill_job AS j WHERE j.id = job_id FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'IL010', MESSAGE = format('backfill job %s does not exist', job_id);
    END IF;
    IF action IN ('resume', 'retry') AND job.origin <> interlock._origin() THEN
        PERFORM interlock._adopt_job(job_id);
    END IF;
    next_state := interlock._next_state(job.state, action);
    IF next_state IS NULL AND job.state = 'failed' AND action = 'resume' THEN
        RAISE EXCEPTION USING ERRCODE = 'IL010',
            MESSAGE = format('cannot resume backfill job %s, because it is failed', job_id),
            DETAIL = job.last_error,
            HINT = format('When the cause is gone, SELECT interlock.retry_backfill(%s).', job_id);
    ELSIF next_state IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'IL010',
            MESSAGE = format('cannot %s backfill job %s, because it is %s', action, job_id, job.state);
    END IF;
    BEGIN
        UPDATE interlock.backfill_job AS j
           SET state = next_state, held_by = NULL, outcome = NULL, verified = NULL,
               finished_at = CASE WHEN next_state = 'cancelled' THEN clock_timestamp() END
         WHERE j.id = job_id
     RETURNING j.* INTO job;
    EXCEPTION WHEN unique_violation THEN
        RAISE EXCEPTION USING ERRCODE = 'IL010',
            MESSAGE = format('cannot %s backfill job %s, because an unfinished one does the same or has its name', action, job_id),
            HINT = 'Wait for that one, or give it up with interlock.cancel_backfill().';
    END;
    RETURN job;
END
$$;

COMMENT ON FUNCTION interlock._control(bigint, text) IS
    'Changes the state of a backfill job as an action asks for; raises IL010 if it cannot be done in its state.';
