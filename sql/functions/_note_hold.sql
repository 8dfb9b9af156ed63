CREATE FUNCTION interlock._note_hold(job interlock.backfill_job, reason text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE interlock.backfill_job AS j SET held_by = reason WHERE j.id = job.id AND j.state = 'running';
    -- A limit may be touched again and again: once a minute is enough for the history.
    IF job.held_by IS NULL AND NOT EXISTS (SELECT FROM interlock.backfill_event AS e
                                            WHERE e.job_id = job.id AND e.event = 'throttled'
                                                  AND e.at > clock_timestamp() - make_interval(mins => 1)) THEN
        PERFORM interlock._note_event(job.id, 'throttled', reason);
    END IF;
END
$$;

COMMENT ON FUNCTION interlock._note_hold(interlock.backfill_job, text) IS 'Writes down why a backfill waits, or that it goes on.';
