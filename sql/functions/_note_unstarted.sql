CREATE FUNCTION interlock._note_unstarted(job_id bigint, reason text) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    -- A job at which somebody works waits for something else, if at all, and says so itself.
    UPDATE interlock.backfill_job AS j
       SET held_by = reason, starts = 0, start_after = NULL
     WHERE j.id = (SELECT free.id FROM interlock.backfill_job AS free
                    WHERE free.id = _note_unstarted.job_id AND free.held_by IS DISTINCT FROM reason
                          AND NOT EXISTS (SELECT FROM interlock._leases AS l WHERE l.job_id = free.id)
                      FOR UPDATE SKIP LOCKED)
$$;

REVOKE ALL ON FUNCTION interlock._note_unstarted(bigint, text) FROM PUBLIC;

COMMENT ON FUNCTION interlock._note_unstarted(bigint, text) IS 'Notes why no worker can be started for a job.';
