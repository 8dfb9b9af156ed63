CREATE FUNCTION interlock._require_relation(job_id bigint) RETURNS text
LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    job interlock.backfill_job := interlock._job(job_id);
    here record;
BEGIN
    SELECT n.nspname, c.relname, c.relfilenode INTO here
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.oid = job.relation;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_table',
            MESSAGE = format('table "%I.%I" of backfill job %s no longer exists', job.relation_schema, job.relation_name, job_id);
    ELSIF (here.nspname, here.relname, here.relfilenode) <> (job.relation_schema, job.relation_name, job.relation_file) THEN
        PERFORM interlock._note_changed_table(job, here.nspname, here.relname, here.relfilenode);
    END IF;
    RETURN format('%I.%I', here.nspname, here.relname);
END
$$;

COMMENT ON FUNCTION interlock._require_relation(bigint) IS
    'The name that the table of a backfill job has now; raises an error if it was dropped.';
