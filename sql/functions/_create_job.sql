CREATE FUNCTION interlock._create_job(relation regclass, assignments text, condition text, batch_size int,
                                      pause interval, name text, workers int, on_error text, options jsonb, hold_query text,
                                      settings jsonb, background boolean) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    new_job bigint;
BEGIN
    INSERT INTO interlock.backfill_job AS j (relation, relation_schema, relation_name, relation_file, assignments, condition,
                                             batch_size, pause, name, workers, on_error, options, hold_query, settings,
                                             background)
    SELECT c.oid, n.nspname, c.relname, c.relfilenode, _create_job.assignments, _create_job.condition,
           _create_job.batch_size, _create_job.pause, _create_job.name, _create_job.workers,
           _create_job.on_error, _create_job.options, _create_job.hold_query, _create_job.settings, _create_job.background
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.oid = _create_job.relation
        ON CONFLICT DO NOTHING
 RETURNING j.id INTO new_job;
    IF new_job IS NOT NULL THEN
        PERFORM interlock._note_event(new_job, 'created');
    END IF;
    RETURN new_job;
END
$$;

COMMENT ON FUNCTION interlock._create_job(regclass, text, text, int, interval, text, int, text, jsonb, text, jsonb, boolean) IS
    'Creates a backfill job; returns null if an unfinished one has this definition or name.';
