-- No SET clause: the hold query is checked with the caller's search_path.
CREATE FUNCTION interlock.set_backfill_options(job_id bigint, batch_size int DEFAULT NULL, pause interval DEFAULT NULL,
                                               workers int DEFAULT NULL, on_error text DEFAULT NULL, options jsonb DEFAULT NULL,
                                               hold_query text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    job interlock.backfill_job := interlock._control(job_id, 'change');
BEGIN
    IF batch_size OPERATOR(pg_catalog.<) 0 THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
            MESSAGE = pg_catalog.format('batch_size must be at least 1, or 0 to let the speed decide, but is %s', batch_size);
    ELSIF pause OPERATOR(pg_catalog.<) '0'::pg_catalog.interval THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
            MESSAGE = pg_catalog.format('pause must not be negative: %s', pause);
    END IF;
    options := pg_catalog.jsonb_strip_nulls(job.options OPERATOR(pg_catalog.||) coalesce(options, '{}'));
    workers := coalesce(workers, job.workers);
    on_error := coalesce(on_error, job.on_error);
    PERFORM interlock._check_options(workers, on_error, options);
    PERFORM interlock._check_hold_query(nullif(hold_query, ''));
    PERFORM interlock._change_job(job_id, batch_size, pause, workers, on_error, options, hold_query);
    IF job.background AND job.state OPERATOR(pg_catalog.=) 'running' THEN
        PERFORM interlock._summon_workers();    -- there may be more of them now
    END IF;
END
$$;

COMMENT ON FUNCTION interlock.set_backfill_options(bigint, int, interval, int, text, jsonb, text) IS
    'Changes how a backfill runs, from the next batch on; what is null stays as it is. batch_size 0 lets the speed decide. Options are merged into those that it has; a null in them takes one away, an empty hold_query takes that away.';
