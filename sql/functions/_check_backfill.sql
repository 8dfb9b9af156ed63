CREATE FUNCTION interlock._check_backfill(relation regclass, assignments text, condition text, batch_size int, pause interval,
                                          name text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    kind "char";
BEGIN
    IF relation IS NULL OR assignments IS NULL OR pause IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed', MESSAGE = format('%s must not be null',
            CASE WHEN relation IS NULL THEN 'relation' WHEN assignments IS NULL THEN 'assignments' ELSE 'pause' END);
    ELSIF btrim(assignments, E' \t\r\n') = '' OR btrim(condition, E' \t\r\n') = '' OR name = '' THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('%s must not be empty',
            CASE WHEN name = '' THEN 'name'
                 WHEN btrim(condition, E' \t\r\n') = '' THEN 'condition' ELSE 'assignments' END);
    ELSIF batch_size < 1 THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('batch_size must be at least 1, but is %s', batch_size);
    ELSIF pause < '0' THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('pause must not be negative: %s', pause);
    END IF;

    SELECT c.relkind INTO kind FROM pg_class AS c WHERE c.oid = relation;
    IF kind IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_table', MESSAGE = format('relation with OID %s does not exist', relation::oid);
    ELSIF kind NOT IN ('r', 'p') THEN
        RAISE EXCEPTION USING ERRCODE = 'wrong_object_type',
            MESSAGE = format('cannot backfill relation "%s"', interlock._relation_text(relation)),
            DETAIL = format('This operation is not supported for %s.',
                CASE kind WHEN 'v' THEN 'views' WHEN 'm' THEN 'materialized views' WHEN 'f' THEN 'foreign tables'
                          WHEN 'S' THEN 'sequences' WHEN 'i' THEN 'indexes' WHEN 'I' THEN 'partitioned indexes'
                          WHEN 'c' THEN 'composite types' ELSE 'TOAST tables' END);
    END IF;

    IF current_setting('statement_timeout') <> '0' THEN
        RAISE NOTICE USING
            MESSAGE = format('statement_timeout is %s and counts from the beginning of CALL', current_setting('statement_timeout')),
            HINT = 'When it strikes, call again to go on, or SET statement_timeout = 0 first.';
    END IF;
END
$$;

COMMENT ON FUNCTION interlock._check_backfill(regclass, text, text, int, interval, text) IS
    'Raises an error if the arguments of a backfill make no sense.';
