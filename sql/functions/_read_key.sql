-- The settings make the text of a value independent of the session that reads it, so that another one can resume. The
-- search_path stays the caller's: row-level security and operators of the table's own may depend on it.
CREATE FUNCTION interlock._read_key(relation text, key jsonb, filter text, direction text, nth int) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET datestyle = 'ISO, YMD' SET intervalstyle = 'iso_8601' SET extra_float_digits = 1 SET bytea_output = 'hex'
AS $$
DECLARE
    found_key jsonb;
BEGIN
    -- format('%s') uses the type's output function, whose text its input function is bound to understand.
    EXECUTE pg_catalog.format(
        'SELECT pg_catalog.jsonb_build_array(%s) FROM (SELECT %s FROM %s WHERE %s ORDER BY %s OFFSET (%s OPERATOR(pg_catalog.-) 1) LIMIT 1) AS t',
        (SELECT pg_catalog.string_agg(pg_catalog.format($f$pg_catalog.format('%%s', t.%I)$f$, part.value ->> 'name'), ', '
                                      ORDER BY part.position)
           FROM pg_catalog.jsonb_array_elements(key -> 'columns') WITH ORDINALITY AS part (value, position)),
        (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(part.value ->> 'name'), ', ' ORDER BY part.position)
           FROM pg_catalog.jsonb_array_elements(key -> 'columns') WITH ORDINALITY AS part (value, position)),
        relation, filter, interlock._key_order(key, direction), nth) INTO found_key;
    RETURN found_key;
END
$$;

COMMENT ON FUNCTION interlock._read_key(text, jsonb, text, text, int) IS
    'The key of the nth row in key order, each column as text; null if there are fewer.';
