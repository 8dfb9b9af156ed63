CREATE FUNCTION interlock._rest(job interlock.backfill_job, worked interval) RETURNS float8
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT extract(epoch FROM job.pause)::float8
           + extract(epoch FROM worked)::float8 * interlock._option(job.options, 'nice') / 100
$$;

COMMENT ON FUNCTION interlock._rest(interlock.backfill_job, interval) IS
    'Seconds to rest after a batch that took so long.';
