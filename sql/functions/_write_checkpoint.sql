CREATE FUNCTION interlock._write_checkpoint(job interlock.backfill_job, here interlock.backfill_checkpoint, slot int,
                                            upto jsonb, scanned bigint, changed bigint, matching bigint, still bigint,
                                            began timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    rate float8 := interlock._smoothed_rate(here.rows_per_second, scanned,
                                            1000 * extract(epoch FROM clock_timestamp() - began)::float8);
BEGIN
    UPDATE interlock.backfill_checkpoint AS c
       SET holder = slot,
           batch = c.batch + 1,
           last_key = upto,
           done = upto = c.upper_key,
           rows_scanned = c.rows_scanned + scanned,
           rows_changed = c.rows_changed + changed,
           rows_unchanged = c.rows_unchanged + greatest(coalesce(matching, 0) - changed, 0),
           rows_still_matching = c.rows_still_matching + still,
           batch_size = interlock._next_batch_size(c.batch_size, job.batch_size, rate, c.batch + 1,
                                                   interlock._option(job.options, 'batch_time')),
           rows_per_second = rate,
           attempts = 0,
           problem = NULL,
           entries = 0,
           not_before = NULL,
           updated_at = clock_timestamp()
     WHERE c.job_id = here.job_id AND c.pass = here.pass AND c.range = here.range AND c.batch = here.batch;  -- the fence
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'IL010',
            MESSAGE = format('backfill job %s was deleted or moved on by another session', here.job_id);
    END IF;
END
$$;

COMMENT ON FUNCTION interlock._write_checkpoint(interlock.backfill_job, interlock.backfill_checkpoint, int, jsonb, bigint, bigint, bigint, bigint, timestamptz) IS
    'Moves a checkpoint on after a batch; raises IL010, so that the batch is undone, if another runner did so already.';
