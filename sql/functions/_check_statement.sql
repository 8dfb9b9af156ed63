-- No SET clause: PostgreSQL checks the user's expressions with the caller's search_path.
CREATE FUNCTION interlock._check_statement(relation oid, assignments text, condition text) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    columns text[] := interlock._check_clauses(relation, assignments, condition);
    first record;
    target text[];
BEGIN
    -- PostgreSQL itself checks columns, types and privileges, before anything is changed.
    SELECT p.* INTO first FROM interlock._parts(relation, columns, condition) AS p LIMIT 1;
    EXECUTE pg_catalog.format('EXPLAIN %s', interlock._update_text(interlock._relation_text(relation), assignments, condition, 'true'));
    IF first.part OPERATOR(pg_catalog.<>) relation THEN
        target := interlock._target(relation, first.part, columns);
        EXECUTE pg_catalog.format('EXPLAIN %s', interlock._update_text(target[1], assignments, condition, target[2]));
    END IF;
END
$$;

COMMENT ON FUNCTION interlock._check_statement(oid, text, text) IS
    'Raises an error unless a backfill with these clauses can be begun.';
