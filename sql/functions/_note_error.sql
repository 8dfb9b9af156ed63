CREATE FUNCTION interlock._note_error(job_id bigint, code text, message text) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE interlock.backfill_job AS job
       SET state = 'failed', last_sqlstate = code, last_error = message
     WHERE job.id = job_id AND job.state = 'running'
$$;

COMMENT ON FUNCTION interlock._note_error(bigint, text, text) IS 'Notes in its job why a batch failed.';
