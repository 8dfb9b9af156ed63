-- SECURITY DEFINER: nobody may change what a job is, save in this way.
CREATE FUNCTION interlock._adopt_job(wanted_job bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    job interlock.backfill_job;
    here oid;
BEGIN
    SELECT j.* INTO job
      FROM interlock.backfill_job AS j
     WHERE j.id = wanted_job AND j.origin <> interlock._origin() AND pg_has_role(session_user, j.owner, 'USAGE')
       FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    here := to_regclass(format('%I.%I', job.relation_schema, job.relation_name));
    IF here IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_table',
            MESSAGE = format('table "%I.%I" of backfill job %s does not exist in this database', job.relation_schema,
                             job.relation_name, job.id);
    END IF;
    UPDATE interlock.backfill_error AS e
       SET part = coalesce(to_regclass(c.part_name)::oid, 0)
      FROM interlock.backfill_checkpoint AS c
     WHERE e.job_id = job.id AND c.job_id = job.id AND c.part = e.part;
    UPDATE interlock.backfill_checkpoint AS c SET part = coalesce(to_regclass(c.part_name)::oid, 0) WHERE c.job_id = job.id;
    UPDATE interlock.backfill_job AS j
       SET origin = interlock._origin(), relation = here,
           relation_file = (SELECT r.relfilenode FROM pg_class AS r WHERE r.oid = here)
     WHERE j.id = job.id;
    PERFORM interlock._note_event(job.id, 'adopted', 'in this copy of its database');
END
$$;

COMMENT ON FUNCTION interlock._adopt_job(bigint) IS
    'Ties a job that came with a dump or an upgrade to the tables of the same names here.';
