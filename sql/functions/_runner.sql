CREATE FUNCTION interlock._runner(job_id bigint) RETURNS int
LANGUAGE sql VOLATILE STRICT SET search_path = pg_catalog, pg_temp
AS $$
    SELECT min(l.pid) FROM interlock._leases AS l WHERE l.job_id = _runner.job_id
$$;

COMMENT ON FUNCTION interlock._runner(bigint) IS 'A process that runs a backfill job; null if none does.';
