CREATE FUNCTION interlock._require_key(relation oid, changed_columns text[], condition text) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    key jsonb := (SELECT k FROM interlock._keys(relation, changed_columns) AS k LIMIT 1);
    name text := interlock._relation_text(relation);
BEGIN
    IF key IS NOT NULL THEN
        RETURN key;
    ELSIF condition IS NOT NULL AND EXISTS (SELECT FROM pg_class AS c JOIN pg_am AS am ON am.oid = c.relam
                                             WHERE c.oid = relation AND am.amname = 'heap') THEN
        -- By place. A changed row gets another one, where the condition tells that it is done.
        RETURN interlock._place_key();
    ELSIF EXISTS (SELECT FROM interlock._keys(relation, '{}')) THEN
        RAISE EXCEPTION USING ERRCODE = 'IL011',
            MESSAGE = format('table "%s" has no key to backfill by that the assignments leave as it is', name),
            DETAIL = 'Rows are changed in key order.  A row whose key is changed could be met twice.',
            HINT = 'Give a condition that the assignments make false, or create a unique index on other NOT NULL columns.';
    ELSE
        RAISE EXCEPTION USING ERRCODE = 'IL011',
            MESSAGE = format('table "%s" has no key to backfill by', name),
            DETAIL = 'A key is a valid, immediate unique btree index that is neither partial nor on expressions, with all its columns NOT NULL, in their default operator class and collation, and sorted in the same direction.',
            HINT = format('Give a condition that the assignments make false, or make a column or several NOT NULL and unique: CREATE UNIQUE INDEX CONCURRENTLY ON %s (...).', name);
    END IF;
END
$$;

COMMENT ON FUNCTION interlock._require_key(oid, text[], text) IS
    'The key to walk a table by, or ctid where a condition makes that safe; raises IL011, which says how to get one, if there is none.';
