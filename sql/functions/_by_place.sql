CREATE FUNCTION interlock._by_place(key jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT key #>> '{columns,0,name}' = 'ctid'
$$;

COMMENT ON FUNCTION interlock._by_place(jsonb) IS 'Whether a table is walked by where its rows lie, not by a key.';
