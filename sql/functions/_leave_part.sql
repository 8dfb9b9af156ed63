CREATE FUNCTION interlock._leave_part(job interlock.backfill_job, here interlock.backfill_checkpoint, slot int) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM interlock._write_checkpoint(job, here, slot, here.upper_key, 0, 0, NULL, 0, clock_timestamp());
    PERFORM interlock._note_event(job.id, 'partition gone', coalesce(interlock._relation_text(here.part), here.part::text));
END
$$;

COMMENT ON FUNCTION interlock._leave_part(interlock.backfill_job, interlock.backfill_checkpoint, int) IS
    'Ends a range of a partition that was dropped or detached.';
