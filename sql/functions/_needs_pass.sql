CREATE FUNCTION interlock._needs_pass(job interlock.backfill_job) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    -- Reading again finds what concurrent transactions inserted or moved behind us. It takes a condition that tells rows
    -- done from rows to do. Each pass finds what changed during the one before, so that they get short quickly, unless
    -- the application keeps writing such rows: then it would never end, hence the limit.
    SELECT job.condition IS NOT NULL
           AND coalesce(sum(c.rows_still_matching), 0) = 0
           AND (job.pass = 1 OR sum(c.rows_changed) FILTER (WHERE c.pass = job.pass) > 0 AND job.pass < 6
                -- Rows that were tried again say nothing about the others.
                OR bool_or(c.above_key = c.upper_key) FILTER (WHERE c.pass = job.pass))
      FROM interlock.backfill_checkpoint AS c
     WHERE c.job_id = (_needs_pass.job).id
$$;

COMMENT ON FUNCTION interlock._needs_pass(interlock.backfill_job) IS
    'Whether the table must be read again after a pass that has come to its end.';
