CREATE FUNCTION interlock.set_backfill_options(job_id bigint, batch_size int DEFAULT NULL, pause interval DEFAULT NULL,
                                               workers int DEFAULT NULL, on_error text DEFAULT NULL, options jsonb DEFAULT NULL,
                                               hold_query text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    job interlock.backfill_job := interlock._control(job_id, 'change');
BEGIN
    IF batch_size < 0 THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('batch_size must be at least 1, or 0 to let the speed decide, but is %s', batch_size);
    ELSIF pause < '0' THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('pause must not be negative: %s', pause);
    END IF;
    options := jsonb_strip_nulls(job.options || coalesce(options, '{}'));
    workers := coalesce(workers, job.workers);
    on_error := coalesce(on_error, job.on_error);
    PERFORM interlock._check_options(workers, on_error, options);
    UPDATE interlock.backfill_job AS j
       SET batch_size = nullif(coalesce(set_backfill_options.batch_size, j.batch_size), 0),
           pause = coalesce(set_backfill_options.pause, j.pause),
           workers = set_backfill_options.workers, on_error = set_backfill_options.on_error,
           options = set_backfill_options.options,
           hold_query = nullif(coalesce(set_backfill_options.hold_query, j.hold_query), '')
     WHERE j.id = job_id;
    IF hold_query <> '' AND job.owner = quote_ident(current_user)::regrole THEN
        -- As the workers will run it. The names are the owner's, so nobody else looks them up.
        PERFORM set_config('search_path', job.settings ->> 'search_path', true);
        PERFORM interlock._check_hold_query(hold_query);
        PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    END IF;
    PERFORM interlock._note_event(job_id, 'options', format('batch_size %s, pause %s, workers %s, on_error %s, %s%s',
        coalesce(batch_size::text, 'unchanged'), coalesce(pause::text, 'unchanged'), workers, on_error, options,
        CASE WHEN hold_query = '' THEN ', no hold query' ELSE ', hold query ' || hold_query END));
    IF job.background AND job.state = 'running' THEN
        PERFORM interlock._summon_workers();    -- there may be more of them now
    END IF;
END
$$;

COMMENT ON FUNCTION interlock.set_backfill_options(bigint, int, interval, int, text, jsonb, text) IS
    'Changes how a backfill runs, from the next batch on; what is null stays as it is. batch_size 0 lets the speed decide. Options are merged into those that it has; a null in them takes one away. So does an empty hold_query; only who started the job may write another one.';
