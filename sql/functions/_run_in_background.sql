CREATE FUNCTION interlock._run_in_background(job interlock.backfill_job, event text) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF interlock._runner(job.id) IS NOT NULL AND NOT job.background THEN
        RAISE EXCEPTION USING ERRCODE = 'IL010',
            MESSAGE = format('backfill job %s is being run by another session, process %s', job.id, interlock._runner(job.id));
    END IF;
    PERFORM interlock._check_background(job.relation, job.owner, job.asker);
    PERFORM interlock._check_job(job);
    UPDATE interlock.backfill_job AS j SET background = true, starts = 0, start_after = NULL WHERE j.id = job.id;
    PERFORM interlock._free_ranges(job.id);
    PERFORM interlock._note_event(job.id, event);
    PERFORM interlock._summon_workers();
END
$$;

COMMENT ON FUNCTION interlock._run_in_background(interlock.backfill_job, text) IS
    'Has background workers come for a job when this transaction commits.';
