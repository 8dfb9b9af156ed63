CREATE FUNCTION interlock._relation_text(relation oid) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('%I.%I', n.nspname, c.relname)
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.oid = relation
$$;

COMMENT ON FUNCTION interlock._relation_text(oid) IS
    'The schema-qualified, quoted name that a relation has now; null if it no longer exists.';
