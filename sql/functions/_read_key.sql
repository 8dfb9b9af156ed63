-- The settings make the text of a value independent of the session that reads it, so that another one can resume. The
-- search_path stays the caller's: row-level security and operators of the table's own may depend on it. VOLATILE, because a
-- STABLE function looks with the snapshot of its caller: from before it waited for an ALTER TABLE that rewrote the table,
-- which to that snapshot is empty.
CREATE FUNCTION interlock._read_key(target text[], key jsonb, filter text, direction text, nth bigint) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
SET datestyle = 'ISO, YMD' SET intervalstyle = 'iso_8601' SET extra_float_digits = 1 SET bytea_output = 'hex'
AS $$
DECLARE
    found_key jsonb;
BEGIN
    -- format('%s') uses the type's output function, whose text its input function is bound to understand.
    EXECUTE pg_catalog.format(
        'SELECT pg_catalog.jsonb_build_array(%s) FROM (SELECT %s FROM %s WHERE %s AND %s ORDER BY %s OFFSET (%s OPERATOR(pg_catalog.-) 1) LIMIT 1) AS t',
        (SELECT pg_catalog.string_agg(pg_catalog.format($f$pg_catalog.format('%%s', t.k%s)$f$, part.position), ', '
                                      ORDER BY part.position)
           FROM pg_catalog.jsonb_array_elements(key OPERATOR(pg_catalog.->) 'columns') WITH ORDINALITY AS part (value, position)),
        (SELECT pg_catalog.string_agg(pg_catalog.format('%I AS k%s', part.value OPERATOR(pg_catalog.->>) 'name', part.position), ', '
                                      ORDER BY part.position)
           FROM pg_catalog.jsonb_array_elements(key OPERATOR(pg_catalog.->) 'columns') WITH ORDINALITY AS part (value, position)),
        target[1], target[2], filter, interlock._key_order(key, direction), nth) INTO found_key;
    RETURN found_key;
END
$$;

COMMENT ON FUNCTION interlock._read_key(text[], jsonb, text, text, bigint) IS
    'The key of the nth row in key order, each column as text; null if there are fewer.';
