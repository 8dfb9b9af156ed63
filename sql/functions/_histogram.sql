-- The settings make the text of the bounds independent of the session, as in _read_key().
CREATE FUNCTION interlock._histogram(part oid, column_name text, pieces int) RETURNS text[]
LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp
SET datestyle = 'ISO, YMD' SET intervalstyle = 'iso_8601' SET extra_float_digits = 1 SET bytea_output = 'hex'
AS $$
    SELECT coalesce(array_agg(s.bounds[1 + (cardinality(s.bounds) - 1) * piece / least(pieces, cardinality(s.bounds) - 1)] ORDER BY piece), '{}')
      FROM (SELECT st.histogram_bounds::text::text[] AS bounds
              FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                   JOIN pg_stats AS st ON st.schemaname = n.nspname AND st.tablename = c.relname
             WHERE c.oid = part AND st.attname = column_name AND NOT st.inherited) AS s,
           generate_series(1, least(pieces, cardinality(s.bounds) - 1) - 1) AS piece
$$;

COMMENT ON FUNCTION interlock._histogram(oid, text, int) IS
    'Values of a column between which, by the statistics, equally many rows lie.';
