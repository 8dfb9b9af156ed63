CREATE FUNCTION interlock._enter_range(job interlock.backfill_job, here interlock.backfill_checkpoint, slot int) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- What crashes the server would crash it for ever: five workers come to a range without doing a batch, and no sixth.
    IF here.entries >= 5 THEN
        PERFORM interlock._fail_backfill(job.id, '57P02',
            format('%s workers in a row were lost in the same batch, or the server with them', here.entries),
            interlock._key_text(here.key, coalesce(here.last_key, here.above_key)));
        RETURN 'failed';
    END IF;
    UPDATE interlock.backfill_checkpoint AS c
       SET entries = c.entries + 1, holder = slot
     WHERE c.job_id = here.job_id AND c.pass = here.pass AND c.range = here.range;
    RETURN 'entered';
END
$$;

COMMENT ON FUNCTION interlock._enter_range(interlock.backfill_job, interlock.backfill_checkpoint, int) IS
    'Notes that a worker begins with a range; fails the job if too many were lost there.';
