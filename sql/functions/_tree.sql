CREATE FUNCTION interlock._tree(relation oid) RETURNS SETOF oid
LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE tree (oid) AS (
        SELECT relation
        UNION
        SELECT i.inhrelid FROM tree JOIN pg_inherits AS i ON i.inhparent = tree.oid
    )
    SELECT tree.oid FROM tree
$$;

COMMENT ON FUNCTION interlock._tree(oid) IS 'A table, its partitions and the tables that inherit from it.';
