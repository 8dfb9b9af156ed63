CREATE FUNCTION interlock.retry_backfill(job_id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    job interlock.backfill_job;
BEGIN
    -- A finished job has something to try again if it skipped rows.
    IF EXISTS (SELECT FROM interlock.backfill_job AS j WHERE j.id = job_id AND j.state = 'finished')
       AND NOT EXISTS (SELECT FROM interlock.backfill_error AS e WHERE e.job_id = retry_backfill.job_id) THEN
        RAISE EXCEPTION USING ERRCODE = 'IL010',
            MESSAGE = format('cannot retry backfill job %s, because it has finished and skipped no row', job_id);
    END IF;
    job := interlock._control(job_id, 'retry');
    PERFORM interlock._retry_errors(job);
    PERFORM interlock._run_in_background(job, 'retried');
END
$$;

COMMENT ON FUNCTION interlock.retry_backfill(bigint) IS
    'Goes on with a backfill that failed, or tries the rows again that it skipped, in background workers.';
