CREATE FUNCTION interlock._fail_backfill(job_id bigint, code text, message text, row_key text) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    WITH job AS (
        UPDATE interlock.backfill_job AS j
           SET state = 'failed', held_by = NULL, last_sqlstate = code, last_error = message, last_error_key = row_key
         WHERE j.id = _fail_backfill.job_id AND j.state = 'running'
     RETURNING j.id
    )
    SELECT interlock._note_event(job.id, 'failed', concat(code, ': ', message, ', at the row with ' || row_key)) FROM job
$$;

COMMENT ON FUNCTION interlock._fail_backfill(bigint, text, text, text) IS 'Marks a backfill job failed, and notes why.';
