CREATE FUNCTION interlock._job(job_id bigint) RETURNS interlock.backfill_job
LANGUAGE plpgsql STABLE STRICT SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    job interlock.backfill_job;
BEGIN
    SELECT j.* INTO job FROM interlock.backfill_job AS j WHERE j.id = job_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'IL010', MESSAGE = format('backfill job %s does not exist', job_id);
    END IF;
    RETURN job;
END
$$;

COMMENT ON FUNCTION interlock._job(bigint) IS 'The row of a backfill job; raises IL010 if there is none.';
