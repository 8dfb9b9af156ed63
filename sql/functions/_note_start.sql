CREATE FUNCTION interlock._note_start(job_id bigint) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE interlock.backfill_job AS j
       SET starts = 0, start_after = NULL
     WHERE j.id = _note_start.job_id AND (j.starts <> 0 OR j.start_after IS NOT NULL)
$$;

COMMENT ON FUNCTION interlock._note_start(bigint) IS 'Notes that a worker of a job has done something.';
