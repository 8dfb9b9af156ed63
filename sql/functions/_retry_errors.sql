CREATE FUNCTION interlock._retry_errors(job interlock.backfill_job) RETURNS void
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
    -- Where it stopped at an error, the row is still ahead of its range. A row that was skipped becomes a range by itself.
    UPDATE interlock.backfill_checkpoint AS c SET rows_skipped = 0 WHERE c.job_id = job.id AND c.rows_skipped > 0;
    WITH bad AS (
        DELETE FROM interlock.backfill_error AS e WHERE e.job_id = job.id RETURNING e.part, e.walk, e.key, e.skipped
    )
    INSERT INTO interlock.backfill_checkpoint (job_id, pass, range, part, key, above_key, upper_key, estimated_rows, batch_size)
    SELECT job.id, job.pass,
           (SELECT max(c.range) FROM interlock.backfill_checkpoint AS c WHERE c.job_id = job.id AND c.pass = job.pass)
           + row_number() OVER (),
           skipped.part, skipped.walk, skipped.key, skipped.key, 1, 1
      FROM (SELECT DISTINCT bad.part, bad.walk, bad.key FROM bad WHERE bad.skipped) AS skipped
$$;

COMMENT ON FUNCTION interlock._retry_errors(interlock.backfill_job) IS 'Puts the rows that a job skipped on its list again.';
