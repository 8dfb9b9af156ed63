-- SECURITY DEFINER, as in _wraparound_vacuum().
CREATE FUNCTION interlock._active_sessions(most bigint) RETURNS text
LANGUAGE sql VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('active sessions: %s (limit %s)', count(*), most)
      FROM pg_stat_activity AS a
     WHERE a.backend_type = 'client backend' AND a.state IN ('active', 'fastpath function call')
           AND a.pid <> pg_backend_pid()
    HAVING count(*) > most
$$;

COMMENT ON FUNCTION interlock._active_sessions(bigint) IS
    'Why a backfill has to wait, if more sessions than this are active.';
