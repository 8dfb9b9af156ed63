CREATE FUNCTION interlock._hold(job interlock.backfill_job, slot int) RETURNS float8
LANGUAGE sql VOLATILE
AS $$
    SELECT 0::pg_catalog.float8
$$;

COMMENT ON FUNCTION interlock._hold(interlock.backfill_job, int) IS
    'Seconds for which a backfill has to wait now; 0 if it may go on.';
