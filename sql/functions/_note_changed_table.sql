CREATE FUNCTION interlock._note_changed_table(job interlock.backfill_job, new_schema name, new_name name, new_file oid)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- Keys are values, so a walk along them goes on in a table that was renamed, rewritten or emptied.
    UPDATE interlock.backfill_job AS j
       SET relation_schema = new_schema, relation_name = new_name, relation_file = new_file
     WHERE j.id = job.id;
    IF (new_schema, new_name) <> (job.relation_schema, job.relation_name) THEN
        PERFORM interlock._note_event(job.id, 'table renamed', format('%I.%I is now %I.%I', job.relation_schema,
                                                                      job.relation_name, new_schema, new_name));
    END IF;
    IF new_file <> job.relation_file THEN
        PERFORM interlock._note_event(job.id, 'table rewritten');
    END IF;
END
$$;

COMMENT ON FUNCTION interlock._note_changed_table(interlock.backfill_job, name, name, oid) IS
    'Writes down that the table of a job was renamed or rewritten.';
