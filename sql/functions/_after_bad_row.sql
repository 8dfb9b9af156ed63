-- No SET clause: it reads the table, as the caller would.
CREATE FUNCTION interlock._after_bad_row(job interlock.backfill_job, here interlock.backfill_checkpoint, slot int,
                                         failure interlock.backfill_error) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    next record;
BEGIN
    next := interlock._next_batch(job, here);
    IF next.scanned OPERATOR(pg_catalog.=) 0 THEN
        RETURN NULL;
    END IF;
    failure.job_id := job.id;
    failure.key := next.upto;
    failure.key_text := interlock._key_text(here.key, next.upto);
    RETURN interlock._note_bad_row(job, here, slot, failure);
END
$$;

COMMENT ON FUNCTION interlock._after_bad_row(interlock.backfill_job, interlock.backfill_checkpoint, int, interlock.backfill_error) IS
    'What becomes of a job whose next row cannot be changed: the row is skipped (on), or the job fails (failed); null if there is no next row.';
