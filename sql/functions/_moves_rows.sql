CREATE FUNCTION interlock._moves_rows(relation oid, changed_columns text[]) RETURNS boolean
LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp
AS $$
    -- The columns of a partitioned table's key, those in expressions too, belong to it.
    SELECT EXISTS (
        SELECT FROM interlock._tree(relation) AS t
               JOIN pg_class AS c ON c.oid = t AND c.relkind = 'p'
               JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = t AND d.objsubid > 0 AND d.deptype = 'i'
                                      AND d.refclassid = 'pg_class'::regclass AND d.refobjid = t AND d.refobjsubid = 0
               JOIN pg_attribute AS a ON a.attrelid = t AND a.attnum = d.objsubid
         WHERE a.attname = ANY (changed_columns))
$$;

COMMENT ON FUNCTION interlock._moves_rows(oid, text[]) IS
    'Whether changing these columns can move rows from one partition to another.';
