CREATE FUNCTION interlock._progress_text(job_id bigint) RETURNS text
LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp
AS $$
    SELECT concat(
               format('backfill job %s: ', p.job_id),
               CASE WHEN p.pass > 1 THEN 'reading again: ' END,
               format('%s of about %s rows (%s%%), %s changed', p.rows_scanned, greatest(p.estimated_rows, p.rows_scanned),
                      p.percentage, p.rows_changed),
               ', ' || nullif(p.rows_skipped, 0) || ' skipped',
               ', ' || p.rows_per_second || ' rows/s',
               ', ' || interlock._duration(extract(epoch FROM p.time_left)::float8) || ' left',
               ', waiting: ' || p.throttled_by)
      FROM interlock.backfill_progress AS p
     WHERE p.job_id = _progress_text.job_id
$$;

COMMENT ON FUNCTION interlock._progress_text(bigint) IS 'One line about how a backfill stands.';
