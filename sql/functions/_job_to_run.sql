CREATE FUNCTION interlock._job_to_run(job_id bigint, slot int, in_background boolean) RETURNS interlock.backfill_job
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    job interlock.backfill_job;
BEGIN
    SELECT j.* INTO job FROM interlock.backfill_job AS j WHERE j.id = job_id;
    IF NOT FOUND OR job.state <> 'running' OR slot >= job.workers OR job.background <> in_background THEN
        RETURN NULL;
    END IF;
    RETURN job;
END
$$;

COMMENT ON FUNCTION interlock._job_to_run(bigint, int, boolean) IS
    'The row of a backfill job; nulls if this runner of it is not wanted any more.';
