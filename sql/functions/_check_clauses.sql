CREATE FUNCTION interlock._check_clauses(relation regclass, assignments text, condition text) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    columns text[] := interlock._assigned_columns(assignments);
BEGIN
    -- What our parse rejected, the server rejects before it runs anything of it, with its own message and the position.
    IF columns IS NULL THEN
        EXECUTE format(E'EXPLAIN UPDATE %s SET %s\n', interlock._relation_text(relation), assignments);
    ELSIF condition IS NOT NULL AND interlock._is_condition(condition) IS NULL THEN
        EXECUTE format(E'EXPLAIN SELECT FROM %s WHERE %s\n', interlock._relation_text(relation), condition);
    END IF;
    RETURN columns;
END
$$;

COMMENT ON FUNCTION interlock._check_clauses(regclass, text, text) IS
    'Raises an error unless these are a SET list and a condition and nothing else; returns the columns assigned.';
