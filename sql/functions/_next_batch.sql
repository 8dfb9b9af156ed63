-- No SET clause: it reads the table, as the caller would.
CREATE FUNCTION interlock._next_batch(job interlock.backfill_job, here interlock.backfill_checkpoint,
                                      OUT target text[], OUT upto jsonb, OUT key_range text, OUT scanned bigint)
LANGUAGE plpgsql
AS $$
DECLARE
    above jsonb := coalesce(here.last_key, here.above_key);
    bound jsonb := here.upper_key;
BEGIN
    target := interlock._target(job.relation, here.part, interlock._changed_columns(job));
    IF interlock._by_place(here.key) THEN
        bound := interlock._place_bound(here.part, above, bound, here.batch_size);
    END IF;
    key_range := interlock._key_range(here.key, above, bound);
    upto := interlock._read_key(target, here.key, key_range, 'ASC', here.batch_size);
    scanned := here.batch_size;
    IF upto IS NULL THEN
        -- Fewer rows are left.
        upto := bound;
        EXECUTE pg_catalog.format('SELECT pg_catalog.count(*) FROM %s WHERE %s AND %s', target[1], target[2], key_range) INTO scanned;
    END IF;
    key_range := pg_catalog.format('%s AND %s', target[2], interlock._key_range(here.key, above, upto));
END
$$;

COMMENT ON FUNCTION interlock._next_batch(interlock.backfill_job, interlock.backfill_checkpoint) IS
    'The next rows of a range: how to reach them, the key up to which they lie, the condition for that, and how many they are.';
