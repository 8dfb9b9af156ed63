CREATE FUNCTION interlock.resume_backfill(job_id bigint) RETURNS void
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT interlock._run_in_background(interlock._control(job_id, 'resume'), 'resumed')
$$;

COMMENT ON FUNCTION interlock.resume_backfill(bigint) IS
    'Goes on with a backfill that was paused or interrupted, in background workers.';
