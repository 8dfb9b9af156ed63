CREATE FUNCTION interlock._write_ranges(job interlock.backfill_job, part oid, key jsonb, cuts jsonb[], rows bigint) RETURNS void
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
    WITH known AS (
        SELECT (SELECT coalesce(max(c.range) + 1, 0) FROM interlock.backfill_checkpoint AS c
                 WHERE c.job_id = job.id AND c.pass = job.pass) AS ranges,
               max(c.batch_size) AS batch_size, max(c.rows_per_second) AS rows_per_second
          FROM interlock.backfill_checkpoint AS c
         WHERE c.job_id = job.id AND c.pass = job.pass - 1
    )
    INSERT INTO interlock.backfill_checkpoint (job_id, pass, range, part, key, above_key, upper_key, done, estimated_rows,
                                               batch_size, rows_per_second)
    SELECT job.id, job.pass, known.ranges + cut.number - 1, _write_ranges.part, _write_ranges.key,
           lag(cut.key) OVER (ORDER BY cut.number), cut.key, cut.key IS NULL, _write_ranges.rows / cardinality(cuts),
           coalesce(job.batch_size, known.batch_size, interlock._first_batch_size()), known.rows_per_second
      FROM unnest(cuts) WITH ORDINALITY AS cut (key, number), known
$$;

COMMENT ON FUNCTION interlock._write_ranges(interlock.backfill_job, oid, jsonb, jsonb[], bigint) IS
    'Writes down the ranges of a table or partition, by where they end.';
