CREATE FUNCTION interlock._write_attempt(here interlock.backfill_checkpoint, slot int, attempt int, delay float8,
                                         next_size int, what text) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE interlock.backfill_checkpoint AS c
       SET holder = slot, attempts = attempt, entries = 0, batch_size = next_size, problem = what,
           not_before = CASE WHEN delay > 0 THEN clock_timestamp() + make_interval(secs => delay) END,
           updated_at = clock_timestamp()
     WHERE c.job_id = here.job_id AND c.pass = here.pass AND c.range = here.range AND c.batch = here.batch
$$;

COMMENT ON FUNCTION interlock._write_attempt(interlock.backfill_checkpoint, int, int, float8, int, text) IS
    'Notes at a checkpoint that a batch failed, and why: when to try again, and with how many rows.';
