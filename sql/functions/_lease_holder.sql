CREATE FUNCTION interlock._lease_holder(job_id bigint) RETURNS int
LANGUAGE sql VOLATILE STRICT SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p.pid FROM interlock.backfill_progress AS p WHERE p.job_id = _lease_holder.job_id
$$;

COMMENT ON FUNCTION interlock._lease_holder(bigint) IS 'The process that runs a backfill job; null if none does.';
