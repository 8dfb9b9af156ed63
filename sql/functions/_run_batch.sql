-- No SET clause: the user's expressions, triggers and policies are evaluated with the caller's search_path, which is not
-- ours; hence the qualified operators. Whoever calls this commits afterwards: batch and checkpoint together.
CREATE FUNCTION interlock._run_batch(job interlock.backfill_job, here interlock.backfill_checkpoint, slot int) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    relation text := interlock._require_relation(job.id);
    began timestamptz := pg_catalog.clock_timestamp();
    batch record;
    matching bigint;
    changed bigint := 0;
    still bigint := 0;
BEGIN
    IF NOT interlock._is_part(job.relation, here.part) THEN
        PERFORM interlock._leave_part(job, here, slot);
        RETURN;
    END IF;
    PERFORM interlock._check_key(job, here.part, here.key);
    batch := interlock._next_batch(job, here);
    IF here.pass OPERATOR(pg_catalog.>) 1 THEN
        -- Mostly there is nothing left to change: find that out without locking anything.
        EXECUTE pg_catalog.format(E'SELECT pg_catalog.count(*) FROM %s WHERE %s AND (%s\n)', batch.target[1], batch.key_range,
                                  job.condition) INTO matching;
    END IF;
    IF matching IS NULL OR matching OPERATOR(pg_catalog.>) 0 THEN
        IF job.condition IS NULL THEN
            EXECUTE interlock._update_text(batch.target[1], job.assignments, NULL, batch.key_range);
            GET DIAGNOSTICS changed = ROW_COUNT;
        ELSE
            EXECUTE interlock._update_text(batch.target[1], job.assignments, job.condition, batch.key_range) INTO changed, still;
        END IF;
        -- What is deferred to the commit would fail there, where nobody can note the error.
        SET CONSTRAINTS ALL IMMEDIATE;
    END IF;
    IF still OPERATOR(pg_catalog.>) 0 THEN
        PERFORM interlock._check_still(job, here);
    END IF;
    PERFORM interlock._write_checkpoint(job, here, slot, batch.upto, batch.scanned, changed, matching, still, began);
END
$$;

COMMENT ON FUNCTION interlock._run_batch(interlock.backfill_job, interlock.backfill_checkpoint, int) IS
    'Changes the next rows of a range in key order, and moves its checkpoint behind them.';
