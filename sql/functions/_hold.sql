-- No SET clause, as in _hold_reason().
CREATE FUNCTION interlock._hold(job interlock.backfill_job, slot int) RETURNS float8
LANGUAGE plpgsql
AS $$
DECLARE
    reason text;
BEGIN
    IF job.held_by IS NULL AND NOT interlock._is_look_due(job.id) THEN
        RETURN 0;
    END IF;
    reason := interlock._hold_reason(job);
    PERFORM interlock._note_look(job.id);
    -- The first worker keeps the figures up to date; it may stand in a batch, so others tell the beginning and the end of
    -- what is the same for all. The WAL budget is each one's own.
    IF reason IS DISTINCT FROM job.held_by
       AND (slot OPERATOR(pg_catalog.=) 0
            OR (reason IS NULL) OPERATOR(pg_catalog.<>) (job.held_by IS NULL)
               AND coalesce(reason, job.held_by) OPERATOR(pg_catalog.!~~) 'WAL above the budget %') THEN
        -- Written down in a transaction of its own, without a batch that would keep the job's row locked.
        PERFORM interlock._note_hold(job, reason);
        RETURN CASE WHEN reason IS NULL THEN 0.001 ELSE 1 END;
    END IF;
    RETURN CASE WHEN reason IS NULL THEN 0 ELSE 1 END;
END
$$;

COMMENT ON FUNCTION interlock._hold(interlock.backfill_job, int) IS
    'Seconds for which a backfill has to wait now; 0 if it may go on.';
