-- No SET clause, as in _run_batch().
CREATE FUNCTION interlock._run_again(job_id bigint, slot int) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    job interlock.backfill_job := interlock._job(job_id);
    here interlock.backfill_checkpoint := interlock._take_range(job, slot);
BEGIN
    PERFORM interlock._local_settings(job);
    IF here.job_id IS NOT NULL THEN
        PERFORM interlock._run_batch(job, here, slot);
    END IF;
    PERFORM interlock._unfail_backfill(job_id);
END
$$;

COMMENT ON FUNCTION interlock._run_again(bigint, int) IS
    'Runs the batch again for which a job failed, so that its error is raised; if it succeeds now, the job goes on.';
