CREATE FUNCTION interlock._require_key(relation regclass, changed_columns text[]) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    key jsonb := (SELECT k FROM interlock._keys(relation, changed_columns) AS k LIMIT 1);
    name text := interlock._relation_text(relation);
BEGIN
    IF key IS NOT NULL THEN
        RETURN key;
    ELSIF EXISTS (SELECT FROM interlock._keys(relation, '{}')) THEN
        RAISE EXCEPTION USING ERRCODE = 'IL011',
            MESSAGE = format('table "%s" has no key to backfill by that the assignments leave as it is', name),
            DETAIL = 'Rows are changed in key order.  A row whose key is changed could be met twice.',
            HINT = 'Change the key columns in a plain UPDATE, or create a unique index on other NOT NULL columns.';
    ELSE
        RAISE EXCEPTION USING ERRCODE = 'IL011',
            MESSAGE = format('table "%s" has no key to backfill by', name),
            DETAIL = 'A key is a valid, immediate unique btree index that is neither partial nor on expressions, with all its columns NOT NULL, in their default operator class and collation, and sorted in the same direction.',
            HINT = format('Make a column or several NOT NULL and unique: CREATE UNIQUE INDEX CONCURRENTLY ON %s (...).', name);
    END IF;
END
$$;

COMMENT ON FUNCTION interlock._require_key(regclass, text[]) IS
    'The key to walk the table by; raises IL011, which says how to get one, if there is none.';
