CREATE FUNCTION interlock._limit(options jsonb, name text) RETURNS bigint
LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp
AS $$
    SELECT nullif(interlock._option(options, name), -1)
$$;

COMMENT ON FUNCTION interlock._limit(jsonb, text) IS 'The limit that holds for a job; null: none.';
