-- A backfill runs with its caller's rights, so everyone may use its objects. Row-level security confines each role to the
-- jobs of the roles whose privileges it has.

-- What a job is cannot be changed once it exists, nor can one be made under a number or an owner of one's choice: whoever
-- goes on with a job of somebody else, a superuser for instance, evaluates the expressions that he compared himself.
GRANT SELECT, DELETE ON interlock.backfill_job TO PUBLIC;
GRANT INSERT (name, relation, relation_schema, relation_name, assignments, condition, key, batch_size, pause)
    ON interlock.backfill_job TO PUBLIC;
GRANT UPDATE (relation_schema, relation_name, batch_size, pause, state, last_sqlstate, last_error, finished_at)
    ON interlock.backfill_job TO PUBLIC;

GRANT SELECT, INSERT, UPDATE, DELETE ON interlock.backfill_checkpoint TO PUBLIC;
GRANT SELECT ON interlock.backfill_progress TO PUBLIC;
