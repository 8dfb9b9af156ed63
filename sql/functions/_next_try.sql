CREATE FUNCTION interlock._next_try(job interlock.backfill_job) RETURNS timestamptz
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT min(c.not_before)
      FROM interlock.backfill_checkpoint AS c
     WHERE c.job_id = (_next_try.job).id AND c.pass = (_next_try.job).pass AND NOT c.done
$$;

COMMENT ON FUNCTION interlock._next_try(interlock.backfill_job) IS
    'When the first of the ranges that failed is to be tried again.';
