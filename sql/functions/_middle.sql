-- No SET clause: it reads the table, as the caller would.
CREATE FUNCTION interlock._middle(job interlock.backfill_job, here interlock.backfill_checkpoint) RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
    least_rows bigint := 2::pg_catalog.int8 OPERATOR(pg_catalog.*) here.batch_size;
    half bigint := (here.estimated_rows OPERATOR(pg_catalog.-) here.rows_scanned) OPERATOR(pg_catalog./) 2;
    rows bigint;
    middle jsonb;
BEGIN
    PERFORM interlock._check_key(job, here.part, here.key);
    IF interlock._by_place(here.key) THEN
        RETURN interlock._middle_place(here);
    END IF;
    -- Half of what is left. To look further ahead than 16 batches would take long in a large table: then the rest, the
    -- larger part, changes hands, and may change them back.
    FOREACH rows IN ARRAY ARRAY[least(greatest(half, least_rows), 8 OPERATOR(pg_catalog.*) least_rows), least_rows] LOOP
        middle := interlock._read_key(interlock._target(job.relation, here.part, interlock._changed_columns(job)), here.key,
            interlock._key_range(here.key, coalesce(here.last_key, here.above_key), here.upper_key), 'ASC', rows);
        EXIT WHEN middle IS NOT NULL;
    END LOOP;
    RETURN middle;
END
$$;

COMMENT ON FUNCTION interlock._middle(interlock.backfill_job, interlock.backfill_checkpoint) IS
    'Where a range can be cut in two; null if little of it is left.';
