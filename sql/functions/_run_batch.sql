-- No SET clause: the user's expressions, triggers and policies are evaluated with the caller's search_path, which is not
-- ours; hence the qualified operators. Whoever calls this commits afterwards: batch and checkpoint together.
CREATE FUNCTION interlock._run_batch(job interlock.backfill_job, here interlock.backfill_checkpoint, slot int) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    relation text := interlock._require_relation(job.id);
    began timestamptz := pg_catalog.clock_timestamp();
    above jsonb := coalesce(here.last_key, here.above_key);
    key_range text := interlock._key_range(job.key, above, here.upper_key);
    upto jsonb := interlock._read_key(relation, job.key, key_range, 'ASC', here.batch_size);
    scanned bigint := here.batch_size;
    matching bigint;
    changed bigint := 0;
    still bigint := 0;
BEGIN
    IF upto IS NULL THEN
        -- The last batch of the range: fewer rows are left.
        upto := here.upper_key;
        EXECUTE pg_catalog.format('SELECT pg_catalog.count(*) FROM %s WHERE %s', relation, key_range) INTO scanned;
    END IF;
    key_range := interlock._key_range(job.key, above, upto);

    IF here.pass OPERATOR(pg_catalog.>) 1 THEN
        -- Mostly there is nothing left to change: find that out without locking anything.
        EXECUTE pg_catalog.format(E'SELECT pg_catalog.count(*) FROM %s WHERE %s AND (%s\n)', relation, key_range, job.condition)
           INTO matching;
    END IF;
    IF matching IS NULL OR matching OPERATOR(pg_catalog.>) 0 THEN
        IF job.condition IS NULL THEN
            EXECUTE interlock._update_text(relation, job.assignments, NULL, key_range);
            GET DIAGNOSTICS changed = ROW_COUNT;
        ELSE
            EXECUTE interlock._update_text(relation, job.assignments, job.condition, key_range) INTO changed, still;
        END IF;
        -- What is deferred to the commit would fail there, where nobody can note the error.
        SET CONSTRAINTS ALL IMMEDIATE;
    END IF;

    PERFORM interlock._write_checkpoint(job, here, slot, upto, scanned, changed, matching, still, began);
END
$$;

COMMENT ON FUNCTION interlock._run_batch(interlock.backfill_job, interlock.backfill_checkpoint, int) IS
    'Changes the next rows of a range in key order, and moves its checkpoint behind them.';
