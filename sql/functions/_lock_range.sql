CREATE FUNCTION interlock._lock_range(job interlock.backfill_job, victim interlock.backfill_checkpoint) RETURNS interlock.backfill_checkpoint
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    here interlock.backfill_checkpoint;
BEGIN
    -- It is locked while a batch of it is under way: wait for the end of that, for a while.
    PERFORM set_config('lock_timeout', interlock._option(job.options, 'lock_timeout')::text, true);
    BEGIN
        SELECT c.* INTO here
          FROM interlock.backfill_checkpoint AS c
         WHERE c.job_id = victim.job_id AND c.pass = victim.pass AND c.range = victim.range
               AND NOT c.done AND c.holder = victim.holder AND c.upper_key = victim.upper_key
           FOR UPDATE;
    EXCEPTION WHEN lock_not_available THEN
        RETURN NULL;
    END;
    RETURN here;
END
$$;

COMMENT ON FUNCTION interlock._lock_range(interlock.backfill_job, interlock.backfill_checkpoint) IS
    'Locks the range that another worker is at; nulls if that takes too long or it is not what it was.';
