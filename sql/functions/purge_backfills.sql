CREATE FUNCTION interlock.purge_backfills(older_than interval DEFAULT '30 days') RETURNS bigint
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
    WITH purged AS (
        DELETE FROM interlock.backfill_job AS j
         WHERE j.state IN ('finished', 'cancelled') AND j.finished_at <= clock_timestamp() - older_than
     RETURNING j.id
    )
    SELECT count(*) FROM purged
$$;

COMMENT ON FUNCTION interlock.purge_backfills(interval) IS
    'Forgets the jobs that ended longer ago, with their history and errors; returns how many.';
