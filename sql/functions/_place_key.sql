CREATE FUNCTION interlock._place_key() RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT '{"columns": [{"name": "ctid", "type": "pg_catalog.tid", "collation": "-"}], "operators": "pg_catalog", "nulls": "LAST"}'::jsonb
$$;

COMMENT ON FUNCTION interlock._place_key() IS 'The key of a table that is walked by where its rows lie.';
