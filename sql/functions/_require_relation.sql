CREATE FUNCTION interlock._require_relation(job_id bigint) RETURNS text
LANGUAGE plpgsql STABLE STRICT SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    job interlock.backfill_job := interlock._job(job_id);
    relation text := interlock._relation_text(job.relation);
BEGIN
    IF relation IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_table',
            MESSAGE = format('table "%I.%I" of backfill job %s no longer exists', job.relation_schema, job.relation_name, job_id);
    END IF;
    RETURN relation;
END
$$;

COMMENT ON FUNCTION interlock._require_relation(bigint) IS
    'The name that the table of a backfill job has now; raises an error if it was dropped.';
