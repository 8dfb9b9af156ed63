CREATE FUNCTION interlock._check_options(workers int, on_error text, options jsonb) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    fault text;
BEGIN
    IF workers IS NULL OR on_error IS NULL OR options IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed', MESSAGE = format('%s must not be null',
            CASE WHEN workers IS NULL THEN 'workers' WHEN on_error IS NULL THEN 'on_error' ELSE 'options' END);
    ELSIF workers NOT BETWEEN 1 AND 64 THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('workers must be between 1 and 64, but is %s', workers);
    ELSIF on_error NOT IN ('stop', 'skip') THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('on_error must be "stop" or "skip", but is "%s"', on_error);
    END IF;
    fault := interlock._options_fault(options);
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = fault;
    END IF;
END
$$;

COMMENT ON FUNCTION interlock._check_options(int, text, jsonb) IS
    'Raises an error if the options of a backfill make no sense.';
