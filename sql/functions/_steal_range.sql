-- No SET clause: it reads the table, as the caller would.
CREATE FUNCTION interlock._steal_range(job interlock.backfill_job, slot int) RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
    victim interlock.backfill_checkpoint;
    batches bigint;
    target text[];
    middle jsonb;
BEGIN
    victim := interlock._largest_range(job, slot);
    IF victim.job_id IS NULL THEN
        RETURN false;
    ELSIF NOT EXISTS (SELECT FROM interlock._leases AS l WHERE l.job_id OPERATOR(pg_catalog.=) job.id
                                                              AND l.slot OPERATOR(pg_catalog.=) victim.holder) THEN
        PERFORM interlock._split_range(victim, slot, NULL);    -- its worker is gone
        RETURN true;
    END IF;
    target := interlock._target(job.relation, victim.part, interlock._changed_columns(job));
    IF interlock._by_place(victim.key) THEN
        middle := interlock._middle_place(victim);
    ELSE
        -- Half of what is left, but two batches at least.
        FOREACH batches IN ARRAY ARRAY[(victim.estimated_rows OPERATOR(pg_catalog.-) victim.rows_scanned) OPERATOR(pg_catalog./) 2,
                                       2::pg_catalog.int8 OPERATOR(pg_catalog.*) victim.batch_size] LOOP
            middle := interlock._read_key(target, victim.key,
                interlock._key_range(victim.key, coalesce(victim.last_key, victim.above_key), victim.upper_key), 'ASC',
                greatest(batches, 2::pg_catalog.int8 OPERATOR(pg_catalog.*) victim.batch_size));
            EXIT WHEN middle IS NOT NULL;
        END LOOP;
    END IF;
    IF middle IS NULL OR middle OPERATOR(pg_catalog.=) victim.upper_key THEN
        RETURN false;
    END IF;
    PERFORM interlock._split_range(victim, slot, middle);
    RETURN true;
END
$$;

COMMENT ON FUNCTION interlock._steal_range(interlock.backfill_job, int) IS
    'Takes the second half of what another worker has left, or all of it if that is gone; whether there was enough.';
