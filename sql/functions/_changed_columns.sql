CREATE FUNCTION interlock._changed_columns(job interlock.backfill_job) RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT interlock._assigned_columns(job.assignments)
$$;

COMMENT ON FUNCTION interlock._changed_columns(interlock.backfill_job) IS 'The columns that a job assigns.';
