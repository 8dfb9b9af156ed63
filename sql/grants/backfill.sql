-- A backfill runs with its caller's rights, so everyone may use its objects. Row-level security confines each role to the
-- jobs of the roles whose privileges it has.

-- What a job is cannot be changed once it exists, nor can one be made under a number, an owner or an asker of one's
-- choice: a worker takes their identity, and whoever goes on with a job of somebody else, a superuser for instance,
-- evaluates the expressions that he compared himself.
GRANT SELECT, DELETE ON interlock.backfill_job TO PUBLIC;
GRANT INSERT (name, relation, relation_schema, relation_name, relation_file, assignments, condition, batch_size, pause,
              workers, on_error, options, hold_query, settings, background, state)
    ON interlock.backfill_job TO PUBLIC;
GRANT UPDATE (relation_schema, relation_name, relation_file, batch_size, pause, workers, on_error, options, hold_query,
              background, state, pass, held_by, starts, start_after, last_sqlstate, last_error, last_error_key, outcome, verified, finished_at)
    ON interlock.backfill_job TO PUBLIC;

GRANT SELECT, INSERT, UPDATE, DELETE ON interlock.backfill_checkpoint TO PUBLIC;
GRANT SELECT, INSERT (job_id, event, detail) ON interlock.backfill_event TO PUBLIC;
GRANT SELECT, DELETE, INSERT (job_id, part, walk, key, key_text, sqlstate, message, detail, hint, schema_name, table_name, column_name,
                              constraint_name, context, skipped)
    ON interlock.backfill_error TO PUBLIC;
GRANT SELECT ON interlock.backfill_progress, interlock._leases TO PUBLIC;
