-- The engine: whoever runs a job, a worker or the session of CALL safe_backfill(), calls this again and again, commits
-- after each call and then sleeps as long as it says. No SET clause, as in _run_batch().
CREATE FUNCTION interlock._step(job_id bigint, slot int, in_background boolean, OUT verdict text, OUT delay float8)
LANGUAGE plpgsql
AS $$
DECLARE
    job interlock.backfill_job := interlock._job_to_run(job_id, slot, in_background);
    here interlock.backfill_checkpoint;
    began timestamptz;
    failure interlock.backfill_error;
BEGIN
    verdict := 'on';
    delay := 0;
    IF job.id IS NULL THEN
        verdict := 'over';
        RETURN;
    ELSIF job.pass OPERATOR(pg_catalog.=) 0 THEN
        PERFORM interlock._begin_pass(job.id);
        RETURN;
    END IF;
    delay := interlock._hold(job, slot);
    IF delay OPERATOR(pg_catalog.>) 0 THEN
        RETURN;
    END IF;
    here := interlock._take_range(job, slot);
    IF here.job_id IS NULL THEN
        SELECT w.verdict, w.delay INTO verdict, delay FROM interlock._without_range(job, slot) AS w;
        RETURN;
    ELSIF in_background AND NOT interlock._came_to(job.id, here.pass, here.range) THEN
        verdict := interlock._enter_range(job, here, slot);
        RETURN;
    END IF;

    PERFORM interlock._note_batch();
    PERFORM interlock._local_settings(job);
    began := pg_catalog.clock_timestamp();
    BEGIN
        PERFORM interlock._run_batch(job, here, slot);
        delay := interlock._rest(job, pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) began);
    EXCEPTION WHEN OTHERS OR assert_failure THEN    -- OTHERS are neither that nor a cancel
        GET STACKED DIAGNOSTICS failure.sqlstate = RETURNED_SQLSTATE, failure.message = MESSAGE_TEXT,
            failure.detail = PG_EXCEPTION_DETAIL, failure.hint = PG_EXCEPTION_HINT, failure.schema_name = SCHEMA_NAME,
            failure.table_name = TABLE_NAME, failure.column_name = COLUMN_NAME, failure.constraint_name = CONSTRAINT_NAME,
            failure.context = PG_EXCEPTION_CONTEXT;
        delay := NULL;
    END;
    IF delay IS NULL THEN
        verdict := interlock._after_failure(job, here, slot, failure);
        delay := 0;
    END IF;
END
$$;

COMMENT ON FUNCTION interlock._step(bigint, int, boolean) IS
    'Does the next piece of a backfill job: one batch, or the begin or end of a pass. The verdict is on (call again after so many seconds), entered (as on: a worker has now said that it begins with a range), over (this runner is not needed any more) or failed.';
