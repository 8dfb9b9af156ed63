-- No SET clause: the user's query is planned with the caller's search_path.
CREATE FUNCTION interlock._check_hold_query(query text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE pg_catalog.format(E'EXPLAIN SELECT pg_catalog.bool_or(q.hold) FROM (%s\n) AS q (hold)', query);
END
$$;

COMMENT ON FUNCTION interlock._check_hold_query(text) IS
    'Raises the server''s error if a hold query is none that returns a boolean.';
