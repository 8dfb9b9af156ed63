CREATE FUNCTION interlock._create_job(relation regclass, assignments text, condition text, key jsonb, batch_size int,
                                      pause interval, name text) RETURNS interlock.backfill_checkpoint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    new_job bigint;
    here interlock.backfill_checkpoint;
BEGIN
    INSERT INTO interlock.backfill_job AS j (relation, relation_schema, relation_name, assignments, condition, key,
                                             batch_size, pause, name)
    SELECT c.oid, n.nspname, c.relname, _create_job.assignments, _create_job.condition, _create_job.key,
           _create_job.batch_size, _create_job.pause, _create_job.name
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.oid = _create_job.relation
        ON CONFLICT DO NOTHING
 RETURNING j.id INTO new_job;
    IF new_job IS NOT NULL THEN
        INSERT INTO interlock.backfill_checkpoint AS c (job_id, batch_size)
        VALUES (new_job, coalesce(_create_job.batch_size, interlock._first_batch_size()))
        RETURNING c.* INTO here;
    END IF;
    RETURN here;
END
$$;

COMMENT ON FUNCTION interlock._create_job(regclass, text, text, jsonb, int, interval, text) IS
    'Creates a backfill job with its checkpoint; returns nulls if an unfinished one has this definition or name.';
