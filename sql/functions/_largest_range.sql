CREATE FUNCTION interlock._largest_range(job interlock.backfill_job, slot int) RETURNS interlock.backfill_checkpoint
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.*
      FROM interlock.backfill_checkpoint AS c
     WHERE c.job_id = (_largest_range.job).id AND c.pass = (_largest_range.job).pass AND NOT c.done AND c.holder <> slot
     ORDER BY c.estimated_rows - c.rows_scanned DESC
     LIMIT 1
$$;

COMMENT ON FUNCTION interlock._largest_range(interlock.backfill_job, int) IS
    'Of the ranges that others are at, the one with the most rows left.';
