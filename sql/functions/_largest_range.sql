CREATE FUNCTION interlock._largest_range(job interlock.backfill_job, slot int) RETURNS interlock.backfill_checkpoint
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    victim interlock.backfill_checkpoint;
BEGIN
    -- It is locked while a batch of it is under way: wait for the end of that, for a while.
    PERFORM set_config('lock_timeout', interlock._option(job.options, 'lock_timeout')::text, true);
    BEGIN
        SELECT c.* INTO victim
          FROM interlock.backfill_checkpoint AS c
         WHERE c.job_id = job.id AND c.pass = job.pass AND NOT c.done AND c.holder <> slot
         ORDER BY c.estimated_rows - c.rows_scanned DESC
         LIMIT 1
           FOR UPDATE;
    EXCEPTION WHEN lock_not_available THEN
        RETURN NULL;
    END;
    RETURN victim;
END
$$;

COMMENT ON FUNCTION interlock._largest_range(interlock.backfill_job, int) IS
    'Of the ranges that others are at, the one with the most rows left.';
