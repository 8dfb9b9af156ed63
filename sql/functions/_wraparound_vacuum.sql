-- SECURITY DEFINER: what other processes do is for monitoring roles only. Of it, no more is told than this.
CREATE FUNCTION interlock._wraparound_vacuum(relation oid) RETURNS text
LANGUAGE sql VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('autovacuum of %s to prevent wraparound: process %s', interlock._relation_text(p.relid), p.pid)
      FROM pg_stat_progress_vacuum AS p JOIN pg_stat_activity AS a USING (pid)
     WHERE a.backend_type = 'autovacuum worker' AND a.query LIKE '%(to prevent wraparound)'
           AND p.datname = current_database() AND p.relid IN (SELECT t FROM interlock._tree(relation) AS t)
     LIMIT 1
$$;

COMMENT ON FUNCTION interlock._wraparound_vacuum(oid) IS
    'Why a backfill has to wait, if autovacuum prevents the wraparound of its table.';
