CREATE FUNCTION interlock._target(relation oid, part oid, changed_columns text[]) RETURNS text[]
LANGUAGE plpgsql STABLE STRICT SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    whole text := interlock._relation_text(relation);
BEGIN
    IF whole IS NULL OR interlock._relation_text(part) IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_table',
            MESSAGE = format('relation with OID %s does not exist', CASE WHEN whole IS NULL THEN relation ELSE part END);
    ELSIF part = relation THEN
        RETURN ARRAY[CASE WHEN EXISTS (SELECT FROM pg_inherits AS i WHERE i.inhparent = relation) THEN 'ONLY ' || whole ELSE whole END,
                     'true'];
    ELSIF has_table_privilege(part, 'SELECT') AND has_table_privilege(part, 'UPDATE')
          AND NOT row_security_active(relation) AND NOT interlock._moves_rows(relation, changed_columns) THEN
        -- Expressions may name the table.
        RETURN ARRAY[format('ONLY %s AS %I', interlock._relation_text(part), (SELECT c.relname FROM pg_class AS c WHERE c.oid = relation)),
                     'true'];
    END IF;
    -- Through the table that was asked for, with its privileges and policies. The planner excludes other partitions by the
    -- constraint, the executor by the OID.
    RETURN ARRAY[whole, format('tableoid OPERATOR(pg_catalog.=) %s::pg_catalog.oid AND (%s)', part,
                               coalesce(pg_get_partition_constraintdef(part), 'true'))];
END
$$;

COMMENT ON FUNCTION interlock._target(oid, oid, text[]) IS
    'How statements reach a partition of a table, or the table itself: a FROM item and a condition.';
