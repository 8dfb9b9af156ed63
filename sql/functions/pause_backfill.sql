CREATE FUNCTION interlock.pause_backfill(job_id bigint) RETURNS void
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT interlock._note_event((interlock._control(job_id, 'pause')).id, 'paused')
$$;

COMMENT ON FUNCTION interlock.pause_backfill(bigint) IS
    'Stops a backfill after the batch that is under way. interlock.resume_backfill() goes on, as does CALL safe_backfill() with the same arguments.';
