CREATE FUNCTION interlock._retry_errors(job interlock.backfill_job) RETURNS void
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
    -- Where it stops at an error, the row is still ahead of its range. A row that was skipped becomes a range by itself.
    WITH bad AS (
        DELETE FROM interlock.backfill_error AS e WHERE e.job_id = job.id RETURNING e.key
    )
    INSERT INTO interlock.backfill_checkpoint (job_id, pass, range, above_key, upper_key, estimated_rows, batch_size)
    SELECT job.id, job.pass,
           (SELECT max(c.range) FROM interlock.backfill_checkpoint AS c WHERE c.job_id = job.id AND c.pass = job.pass)
           + row_number() OVER (),
           bad.key, bad.key, 1, 1
      FROM (SELECT DISTINCT bad.key FROM bad) AS bad
     WHERE job.on_error = 'skip'
$$;

COMMENT ON FUNCTION interlock._retry_errors(interlock.backfill_job) IS 'Puts the rows that a job skipped on its list again.';
