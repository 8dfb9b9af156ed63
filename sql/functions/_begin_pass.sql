-- No SET clause: row-level security of the table is evaluated as the caller would.
CREATE FUNCTION interlock._begin_pass(job_id bigint) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    job interlock.backfill_job := interlock._job(job_id);
    relation text := interlock._require_relation(job_id);
    upper_key jsonb := interlock._read_key(relation, job.key, 'true', 'DESC', 1);
    plan json;
BEGIN
    -- All rows, not those up to the upper key: of a table that was never analyzed the planner would take a third.
    EXECUTE pg_catalog.format('EXPLAIN (FORMAT JSON) SELECT FROM %s', relation) INTO plan;
    PERFORM interlock._write_pass(job_id, upper_key, (plan OPERATOR(pg_catalog.->) 0 OPERATOR(pg_catalog.->) 'Plan'
                                                      OPERATOR(pg_catalog.->>) 'Plan Rows')::pg_catalog.float8::pg_catalog.int8);
END
$$;

COMMENT ON FUNCTION interlock._begin_pass(bigint) IS
    'Begins a walk through the table: fixes the key where it ends and estimates its rows, without counting them.';
