-- No SET clause: row-level security of the table is evaluated as the caller would.
CREATE FUNCTION interlock._begin_pass(job_id bigint) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    relation text := interlock._require_relation(job_id);
    job interlock.backfill_job := interlock._next_pass(job_id);
    columns text[] := interlock._changed_columns(job);
    parts oid[];
    keys jsonb[];
    number int;
BEGIN
    SELECT pg_catalog.array_agg(p.part), pg_catalog.array_agg(p.key) INTO parts, keys
      FROM interlock._parts(job.relation, columns, job.condition) AS p;
    FOR number IN 1 .. coalesce(pg_catalog.cardinality(parts), 0) LOOP
        PERFORM interlock._begin_part(job, parts[number], keys[number],
            interlock._target(job.relation, parts[number], columns), pg_catalog.cardinality(parts));
    END LOOP;
END
$$;

COMMENT ON FUNCTION interlock._begin_pass(bigint) IS
    'Begins a walk through the table: fixes the keys where it ends and estimates its rows, without counting them.';
