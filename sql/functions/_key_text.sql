CREATE FUNCTION interlock._key_text(key jsonb, key_value jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('(%s) = (%s)', string_agg(quote_ident(part.value ->> 'name'), ', ' ORDER BY position),
                  string_agg(key_value ->> (position - 1)::int, ', ' ORDER BY position))
      FROM jsonb_array_elements(key -> 'columns') WITH ORDINALITY AS part (value, position)
$$;

COMMENT ON FUNCTION interlock._key_text(jsonb, jsonb) IS 'A value of a key for reading, as constraint violations show it.';
