CREATE FUNCTION interlock._large_slot(most bigint) RETURNS text
LANGUAGE sql VOLATILE STRICT SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('WAL retained by %s replication slot "%s": %s (limit %s)', CASE WHEN slot.active THEN 'active' ELSE 'inactive' END,
                  slot.slot_name, pg_size_pretty(slot.retained), pg_size_pretty(most::numeric * 1024))
      FROM (SELECT s.slot_name, s.active, pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn) AS retained
              FROM pg_replication_slots AS s
             WHERE s.wal_status IS DISTINCT FROM 'lost') AS slot
     WHERE slot.retained > most::numeric * 1024
     ORDER BY slot.retained DESC
     LIMIT 1
$$;

COMMENT ON FUNCTION interlock._large_slot(bigint) IS
    'Why a backfill has to wait, if a replication slot retains more kilobytes of WAL than this.';
