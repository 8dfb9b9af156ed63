-- No SET clause, as in start_backfill().
CREATE FUNCTION interlock._check_hold_query(hold_query text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    IF hold_query IS NOT NULL THEN
        EXECUTE pg_catalog.format(E'EXPLAIN SELECT pg_catalog.bool_or(q.hold) FROM (%s\n) AS q (hold)', hold_query);
    END IF;
END
$$;

COMMENT ON FUNCTION interlock._check_hold_query(text) IS 'Raises what PostgreSQL has to say about a query that can hold a job.';
