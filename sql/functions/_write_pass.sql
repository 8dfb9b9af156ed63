CREATE FUNCTION interlock._write_pass(job_id bigint, upper_key jsonb, estimated_rows bigint) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    WITH previous AS (
        -- What was counted is better than any estimate.
        SELECT c.batch_size, c.rows_per_second,
               (sum(c.rows_scanned) OVER (PARTITION BY c.pass))::bigint AS rows_scanned
          FROM interlock.backfill_checkpoint AS c
         WHERE c.job_id = _write_pass.job_id
         ORDER BY c.pass DESC, c.range
         LIMIT 1
    ), job AS (
        UPDATE interlock.backfill_job AS j SET pass = j.pass + 1 WHERE j.id = _write_pass.job_id RETURNING j.*
    )
    INSERT INTO interlock.backfill_checkpoint (job_id, pass, range, upper_key, done, estimated_rows, batch_size, rows_per_second)
    SELECT job.id, job.pass, 0, _write_pass.upper_key, _write_pass.upper_key IS NULL,
           coalesce(previous.rows_scanned, _write_pass.estimated_rows),
           coalesce(job.batch_size, previous.batch_size, interlock._first_batch_size()), previous.rows_per_second
      FROM job LEFT JOIN previous ON true
$$;

COMMENT ON FUNCTION interlock._write_pass(bigint, jsonb, bigint) IS 'Writes down the ranges of a new pass.';
