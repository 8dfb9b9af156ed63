CREATE FUNCTION interlock._write_checkpoint(here interlock.backfill_checkpoint, upto jsonb, scanned bigint, changed bigint,
                                            matching bigint, still bigint, size int, rows_per_second float8)
RETURNS interlock.backfill_checkpoint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    moved interlock.backfill_checkpoint;
BEGIN
    UPDATE interlock.backfill_checkpoint AS c
       SET batch = c.batch + 1,
           last_key = upto,
           pass_rows_scanned = c.pass_rows_scanned + scanned,
           pass_rows_changed = c.pass_rows_changed + changed,
           pass_rows_unchanged = c.pass_rows_unchanged + greatest(coalesce(matching, 0) - changed, 0),
           rows_changed = c.rows_changed + changed,
           rows_still_matching = c.rows_still_matching + still,
           batch_size = size,
           rows_per_second = _write_checkpoint.rows_per_second,
           updated_at = clock_timestamp()
     WHERE c.job_id = here.job_id AND c.batch = here.batch    -- the fence
 RETURNING c.* INTO moved;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'IL010',
            MESSAGE = format('backfill job %s was deleted or moved on by another session', here.job_id);
    END IF;
    RETURN moved;
END
$$;

COMMENT ON FUNCTION interlock._write_checkpoint(interlock.backfill_checkpoint, jsonb, bigint, bigint, bigint, bigint, int, float8) IS
    'Moves a checkpoint on after a batch; raises IL010, so that the batch is undone, if another runner did so already.';
