CREATE FUNCTION interlock._block(place jsonb) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT split_part(btrim(place ->> 0, '()'), ',', 1)::bigint
$$;

COMMENT ON FUNCTION interlock._block(jsonb) IS 'The block of a place: 12 for (12,3).';
