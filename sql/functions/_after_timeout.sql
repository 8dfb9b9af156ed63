-- No SET clause, as in _after_failure().
CREATE FUNCTION interlock._after_timeout(job_id bigint, slot int, pass int, range int) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    job interlock.backfill_job := interlock._job(job_id);
    here interlock.backfill_checkpoint;
    failure interlock.backfill_error;
BEGIN
    SELECT c.* INTO here
      FROM interlock.backfill_checkpoint AS c
     WHERE c.job_id OPERATOR(pg_catalog.=) job.id AND c.pass OPERATOR(pg_catalog.=) _after_timeout.pass
           AND c.range OPERATOR(pg_catalog.=) _after_timeout.range AND NOT c.done
       FOR UPDATE SKIP LOCKED;
    IF here.job_id IS NULL THEN
        RETURN 'on';
    END IF;
    failure.sqlstate := '57014';
    failure.message := 'canceling statement due to statement timeout';
    RETURN interlock._after_failure(job, here, slot, failure);
END
$$;

COMMENT ON FUNCTION interlock._after_timeout(bigint, int, int, int) IS 'As _after_failure(), for a batch of this range that took too long.';
