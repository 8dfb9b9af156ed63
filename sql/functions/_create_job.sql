CREATE FUNCTION interlock._create_job(relation regclass, assignments text, condition text, key jsonb, batch_size int,
                                      pause interval, name text) RETURNS interlock.backfill_checkpoint
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    WITH job AS (
        INSERT INTO interlock.backfill_job (relation, relation_schema, relation_name, assignments, condition, key,
                                            batch_size, pause, name)
        SELECT c.oid, n.nspname, c.relname, assignments, condition, key, batch_size, pause, _create_job.name
          FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
         WHERE c.oid = relation
            ON CONFLICT DO NOTHING
     RETURNING id
    )
    INSERT INTO interlock.backfill_checkpoint AS here (job_id, batch_size)
    SELECT id, coalesce(_create_job.batch_size, interlock._first_batch_size()) FROM job
 RETURNING here.*
$$;

COMMENT ON FUNCTION interlock._create_job(regclass, text, text, jsonb, int, interval, text) IS
    'Creates a backfill job with its checkpoint; returns nothing if an unfinished one has this definition or name.';
