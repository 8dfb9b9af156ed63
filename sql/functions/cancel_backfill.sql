CREATE FUNCTION interlock.cancel_backfill(job_id bigint) RETURNS void
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT interlock._note_event((interlock._control(job_id, 'cancel')).id, 'cancelled')
$$;

COMMENT ON FUNCTION interlock.cancel_backfill(bigint) IS
    'Gives a backfill up after the batch that is under way. What it changed stays changed.';
