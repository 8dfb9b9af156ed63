-- No SET clause: the user's expressions, triggers and policies are evaluated with the caller's search_path, which is not
-- ours; hence the qualified operators. Whoever calls this commits afterwards: batch and checkpoint together.
CREATE FUNCTION interlock._run_batch(here interlock.backfill_checkpoint, size int, rows_per_second float8)
RETURNS interlock.backfill_checkpoint
LANGUAGE plpgsql
AS $$
DECLARE
    job interlock.backfill_job := interlock._job(here.job_id);
    relation text := interlock._require_relation(here.job_id);
    key_range text := interlock._key_range(job.key, here.last_key, here.upper_key);
    upto jsonb := interlock._read_key(relation, job.key, key_range, 'ASC', size);
    scanned bigint := size;
    matching bigint;
    changed bigint := 0;
    still bigint := 0;
BEGIN
    IF upto IS NULL THEN
        -- The last batch of the pass: fewer rows are left.
        upto := here.upper_key;
        EXECUTE pg_catalog.format('SELECT pg_catalog.count(*) FROM %s WHERE %s', relation, key_range) INTO scanned;
    END IF;
    key_range := interlock._key_range(job.key, here.last_key, upto);

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

    RETURN interlock._write_checkpoint(here, upto, scanned, changed, matching, still, size, rows_per_second);
END
$$;

COMMENT ON FUNCTION interlock._run_batch(interlock.backfill_checkpoint, int, float8) IS
    'Changes the next rows in key order from a checkpoint, and returns the checkpoint after them.';
