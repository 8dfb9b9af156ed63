-- No SET clause, as in _begin_pass().
CREATE FUNCTION interlock._begin_part(job interlock.backfill_job, part oid, key jsonb, target text[], parts int) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    upper_key jsonb := CASE WHEN interlock._by_place(key) THEN interlock._last_place(part)
                            ELSE interlock._read_key(target, key, 'true', 'DESC', 1) END;
    plan json;
    rows bigint;
    cuts jsonb[] := ARRAY[upper_key];
BEGIN
    -- All rows, not those up to the upper key: of a table that was never analyzed the planner would take a third.
    EXECUTE pg_catalog.format('EXPLAIN (FORMAT JSON) SELECT FROM %s WHERE %s', target[1], target[2]) INTO plan;
    rows := interlock._known_rows(job, part, (plan OPERATOR(pg_catalog.->) 0 OPERATOR(pg_catalog.->) 'Plan'
                                              OPERATOR(pg_catalog.->>) 'Plan Rows')::pg_catalog.float8::pg_catalog.int8);
    IF upper_key IS NOT NULL THEN
        cuts := ARRAY(SELECT c FROM interlock._cuts(part, target, key, upper_key, interlock._pieces(job, rows, parts)) AS c);
    END IF;
    PERFORM interlock._write_ranges(job, part, key, cuts, rows);
END
$$;

COMMENT ON FUNCTION interlock._begin_part(interlock.backfill_job, oid, jsonb, text[], int) IS
    'Begins a walk through a table or partition: cuts it into ranges for several workers.';
