CREATE FUNCTION interlock._dead_rows(relation oid, most bigint) RETURNS text
LANGUAGE sql VOLATILE STRICT SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('dead rows to be vacuumed: %s%% (limit %s%%)', round(100.0 * dead / total), most)
      FROM (SELECT sum(pg_stat_get_dead_tuples(t)) AS dead, sum(pg_stat_get_dead_tuples(t) + pg_stat_get_live_tuples(t)) AS total
              FROM interlock._tree(relation) AS t) AS rows
     WHERE 100 * dead > most * total
$$;

COMMENT ON FUNCTION interlock._dead_rows(oid, bigint) IS
    'Why a backfill has to wait, if more percent of the rows than this are dead.';
