-- No SET clause: it reads the table, as the caller would.
CREATE FUNCTION interlock._after_bad_row(job interlock.backfill_job, here interlock.backfill_checkpoint, slot int,
                                         failure interlock.backfill_error) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    bad_key jsonb := (interlock._next_batch(job, here)).upto;
BEGIN
    IF bad_key IS NULL OR bad_key OPERATOR(pg_catalog.=) here.upper_key AND interlock._by_place(here.key) THEN
        RETURN 'on';    -- It was deleted a moment ago.
    END IF;
    failure.job_id := job.id;
    failure.key := bad_key;
    failure.key_text := interlock._key_text(here.key, bad_key);
    RETURN interlock._note_bad_row(job, here, slot, failure);
END
$$;

COMMENT ON FUNCTION interlock._after_bad_row(interlock.backfill_job, interlock.backfill_checkpoint, int, interlock.backfill_error) IS
    'What becomes of a job whose next row cannot be changed: the row is skipped, or the job fails.';
