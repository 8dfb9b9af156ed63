CREATE FUNCTION interlock._parts(relation oid, changed_columns text[], condition text) RETURNS TABLE (part oid, key jsonb)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF condition IS NULL AND interlock._moves_rows(relation, changed_columns) THEN
        RAISE EXCEPTION USING ERRCODE = 'IL011',
            MESSAGE = format('the assignments change the partition key of table "%s"', interlock._relation_text(relation)),
            DETAIL = 'A row that moves to another partition could be met twice.',
            HINT = 'Give a condition that the assignments make false.';
    END IF;
    RETURN QUERY
        SELECT t, interlock._require_key(t, changed_columns, condition)
          FROM interlock._tree(relation) WITH ORDINALITY AS tree (t, position) JOIN pg_class AS c ON c.oid = t
         WHERE c.relkind <> 'p'
         ORDER BY tree.position;
END
$$;

COMMENT ON FUNCTION interlock._parts(oid, text[], text) IS
    'What a backfill walks: the table, or its partitions and children, and each one''s key; raises IL011 if one has none.';
