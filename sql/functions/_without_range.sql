-- No SET clause: it may read the table, as the caller would.
CREATE FUNCTION interlock._without_range(job interlock.backfill_job, slot int, OUT verdict text, OUT delay float8)
LANGUAGE plpgsql
AS $$
DECLARE
    next_try timestamptz;
BEGIN
    verdict := 'on';
    delay := 0;
    IF NOT interlock._has_work(job) THEN
        IF NOT interlock._end_pass(job.id, job.pass) THEN
            verdict := 'over';
        END IF;
        RETURN;
    END IF;
    IF job.workers OPERATOR(pg_catalog.>) 1 AND interlock._steal_range(job, slot) THEN
        RETURN;
    END IF;
    -- Others are at the ranges that are left, or these wait for their next try.
    next_try := interlock._next_try(job);
    delay := least(1, greatest(0.01, coalesce(pg_catalog.date_part('epoch', next_try OPERATOR(pg_catalog.-) pg_catalog.clock_timestamp()), 0.25)));
END
$$;

COMMENT ON FUNCTION interlock._without_range(interlock.backfill_job, int) IS
    'What a runner does for which no range is free: end the pass, or wait.';
