-- No SET clause, as in _after_failure().
CREATE FUNCTION interlock._after_timeout(job_id bigint, slot int) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    job interlock.backfill_job := interlock._job(job_id);
    here interlock.backfill_checkpoint := interlock._take_range(job, slot);
    failure interlock.backfill_error;
BEGIN
    IF here.job_id IS NULL THEN
        RETURN 'on';
    END IF;
    failure.sqlstate := '57014';
    failure.message := 'canceling statement due to statement timeout';
    RETURN interlock._after_failure(job, here, slot, failure);
END
$$;

COMMENT ON FUNCTION interlock._after_timeout(bigint, int) IS 'As _after_failure(), for a batch that took too long.';
