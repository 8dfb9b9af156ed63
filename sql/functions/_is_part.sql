CREATE FUNCTION interlock._is_part(relation oid, part oid) RETURNS boolean
LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp
AS $$
    SELECT relation = part OR EXISTS (SELECT FROM interlock._tree(relation) AS t WHERE t = part)
$$;

COMMENT ON FUNCTION interlock._is_part(oid, oid) IS 'Whether a table is this one, a partition of it or a child.';
