CREATE FUNCTION interlock._change_job(job_id bigint, new_batch_size int, new_pause interval, new_workers int, new_on_error text,
                                      new_options jsonb, new_hold_query text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE interlock.backfill_job AS j
       SET batch_size = nullif(coalesce(new_batch_size, j.batch_size), 0), pause = coalesce(new_pause, j.pause),
           workers = new_workers, on_error = new_on_error, options = new_options,
           hold_query = nullif(coalesce(new_hold_query, j.hold_query), '')
     WHERE j.id = job_id;
    PERFORM interlock._note_event(job_id, 'options', format('batch_size %s, pause %s, workers %s, on_error %s, %s, hold_query %s',
        coalesce(new_batch_size::text, 'unchanged'), coalesce(new_pause::text, 'unchanged'), new_workers, new_on_error, new_options,
        coalesce(new_hold_query, 'unchanged')));
END
$$;

COMMENT ON FUNCTION interlock._change_job(bigint, int, interval, int, text, jsonb, text) IS 'Writes down how a backfill is to go on.';
