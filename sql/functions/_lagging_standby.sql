-- SECURITY DEFINER, as in _wraparound_vacuum().
CREATE FUNCTION interlock._lagging_standby(most bigint) RETURNS text
LANGUAGE sql VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    -- The lag that the server reports stands still when replay does; hence what we have noted ourselves.
    SELECT format('replay lag of standby "%s": %s (limit %s)', standby.name, interlock._duration(standby.lag),
                  interlock._duration(most / 1000.0::float8))
      FROM (SELECT coalesce(nullif(r.application_name, ''), r.pid::text) AS name,
                   greatest(extract(epoch FROM r.replay_lag)::float8,
                            interlock._wal_age(pg_wal_lsn_diff(r.replay_lsn, '0/0')::bigint)) AS lag
              FROM pg_stat_replication AS r
             WHERE r.replay_lsn < pg_current_wal_flush_lsn()) AS standby
     WHERE standby.lag * 1000 > most
     ORDER BY standby.lag DESC
     LIMIT 1
$$;

COMMENT ON FUNCTION interlock._lagging_standby(bigint) IS
    'Why a backfill has to wait, if a standby is behind by more milliseconds than this.';
