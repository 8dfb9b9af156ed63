CREATE FUNCTION interlock._pause_running(job_id bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM interlock.backfill_job AS j WHERE j.id = job_id AND j.state = 'running' FOR UPDATE) THEN
        PERFORM interlock.pause_backfill(job_id);
    END IF;
END
$$;

COMMENT ON FUNCTION interlock._pause_running(bigint) IS 'Pauses a job if it runs.';
