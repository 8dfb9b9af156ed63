CREATE FUNCTION interlock._known_rows(job interlock.backfill_job, part oid, estimate bigint) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    -- What was counted is better than any estimate.
    SELECT coalesce(sum(c.rows_scanned)::bigint, estimate)
      FROM interlock.backfill_checkpoint AS c
     WHERE c.job_id = (_known_rows.job).id AND c.pass = (_known_rows.job).pass - 1 AND c.part = _known_rows.part
$$;

COMMENT ON FUNCTION interlock._known_rows(interlock.backfill_job, oid, bigint) IS
    'The rows of a table or partition, as far as they are known.';
