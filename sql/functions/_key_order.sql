CREATE FUNCTION interlock._key_order(key jsonb, direction text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    -- Descending is the exact mirror, NULLS included, so that the same index serves both although no key is null.
    SELECT string_agg(format('%I %s NULLS %s', part.value ->> 'name', direction,
                             CASE WHEN (direction = 'ASC') = (key ->> 'nulls' = 'LAST') THEN 'LAST' ELSE 'FIRST' END),
                      ', ' ORDER BY part.position)
      FROM jsonb_array_elements(key -> 'columns') WITH ORDINALITY AS part (value, position)
$$;

COMMENT ON FUNCTION interlock._key_order(jsonb, text) IS 'The ORDER BY list of a key, ASC or DESC.';
