CREATE FUNCTION interlock._needs_pass(here interlock.backfill_checkpoint) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    -- Reading again finds what concurrent transactions inserted or moved behind us. It takes a condition that tells rows
    -- done from rows to do. Each pass finds what changed during the one before, so that they get short quickly, unless
    -- the application keeps writing such rows: then it would never end, hence the limit.
    SELECT job.condition IS NOT NULL
           AND here.rows_still_matching = 0
           AND (here.pass = 1 OR here.pass_rows_changed > 0 AND here.pass < 6)
      FROM interlock.backfill_job AS job
     WHERE job.id = here.job_id
$$;

COMMENT ON FUNCTION interlock._needs_pass(interlock.backfill_checkpoint) IS
    'Whether the table must be read again after a pass that has come to its end.';
