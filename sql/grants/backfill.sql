-- A backfill runs with its caller's rights, so everyone may use its objects. Row-level security confines each role to the
-- jobs of the roles whose privileges it has.
GRANT USAGE ON SCHEMA interlock TO PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON interlock.backfill_job, interlock.backfill_checkpoint TO PUBLIC;
GRANT SELECT ON interlock.backfill_progress TO PUBLIC;
