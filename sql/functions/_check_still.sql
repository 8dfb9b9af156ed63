CREATE FUNCTION interlock._check_still(job interlock.backfill_job, here interlock.backfill_checkpoint) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- Only the condition tells done rows from others if they may be met again: behind us, or in another partition.
    IF interlock._by_place(here.key) OR interlock._moves_rows(job.relation, interlock._changed_columns(job)) THEN
        RAISE EXCEPTION USING ERRCODE = 'IL011',
            MESSAGE = format('table "%s" cannot be backfilled, because changed rows match the condition still', interlock._relation_text(here.part)),
            DETAIL = 'Rows are told apart by the condition alone, for want of a key that stays as it is.  They would be changed again.',
            HINT = 'Give a condition that the assignments make false.';
    END IF;
END
$$;

COMMENT ON FUNCTION interlock._check_still(interlock.backfill_job, interlock.backfill_checkpoint) IS
    'Raises IL011, so that the batch is undone, if changed rows that match the condition still could be changed again.';
