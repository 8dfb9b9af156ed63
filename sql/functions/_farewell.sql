CREATE FUNCTION interlock._farewell(job_id bigint) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    job interlock.backfill_job := interlock._job(job_id);
    changed bigint := (SELECT sum(c.rows_changed) FROM interlock.backfill_checkpoint AS c WHERE c.job_id = job.id);
    message text;
BEGIN
    CASE job.state
    WHEN 'finished' THEN
        message := format('backfill job %s has finished: %s rows changed in %s', job.id, changed,
                          interlock._duration(extract(epoch FROM job.finished_at - job.created_at)::float8));
        IF job.verified IS NOT FALSE AND NOT EXISTS (SELECT FROM interlock.backfill_error AS e WHERE e.job_id = job.id) THEN
            RAISE NOTICE USING MESSAGE = message, DETAIL = job.outcome;
        ELSE
            RAISE WARNING USING MESSAGE = message, DETAIL = job.outcome;
        END IF;
    WHEN 'failed' THEN
        RAISE EXCEPTION USING ERRCODE = 'IL010', MESSAGE = format('backfill job %s has failed: %s', job.id, job.last_error),
            DETAIL = concat('SQLSTATE ', job.last_sqlstate, ', at the row with ' || job.last_error_key, '.'),
            HINT = format('When the cause is gone, go on: SELECT interlock.retry_backfill(%s).', job.id);
    ELSE
        RAISE EXCEPTION USING ERRCODE = 'IL010', MESSAGE = format('backfill job %s is %s', job.id, job.state);
    END CASE;
END
$$;

COMMENT ON FUNCTION interlock._farewell(bigint) IS
    'Tells how a backfill has ended; raises IL010 if it has not come to its end.';
