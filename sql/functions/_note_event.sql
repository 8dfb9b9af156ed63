CREATE FUNCTION interlock._note_event(job_id bigint, event text, detail text DEFAULT NULL) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO interlock.backfill_event (job_id, event, detail) VALUES (job_id, event, detail)
$$;

COMMENT ON FUNCTION interlock._note_event(bigint, text, text) IS 'Adds to the history of a backfill job.';
