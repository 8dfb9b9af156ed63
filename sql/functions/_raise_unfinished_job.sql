CREATE FUNCTION interlock._raise_unfinished_job(job interlock.backfill_job) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'IL010',
        MESSAGE = format('backfill job %s does the same and is %s', job.id, job.state),
        HINT = CASE job.state
               WHEN 'running' THEN format('Watch it: CALL interlock.wait_for_backfill(%s).', job.id)
               WHEN 'failed' THEN format('Go on with it: SELECT interlock.retry_backfill(%s).', job.id)
               ELSE format('Go on with it: SELECT interlock.resume_backfill(%s).', job.id) END;
END
$$;

COMMENT ON FUNCTION interlock._raise_unfinished_job(interlock.backfill_job) IS
    'Raises the error that an unfinished job does what a new one is asked to do.';
