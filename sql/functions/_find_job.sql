CREATE FUNCTION interlock._find_job(relation regclass, assignments text, condition text, name text) RETURNS interlock.backfill_job
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    job interlock.backfill_job;    -- unfinished, with this definition
    other interlock.backfill_job;  -- unfinished, in the way
BEGIN
    SELECT j.* INTO job
      FROM interlock.backfill_job AS j
     WHERE j.state NOT IN ('finished', 'cancelled') AND j.relation = _find_job.relation::oid AND j.origin = interlock._origin()
           AND j.assignments = _find_job.assignments AND j.condition IS NOT DISTINCT FROM _find_job.condition;
    IF job.name <> name THEN
        RAISE EXCEPTION USING ERRCODE = 'IL010',
            MESSAGE = format('unfinished backfill job %s does the same under the name "%s"', job.id, job.name),
            HINT = format('Call it by that name or none to go on with it, or give it up: SELECT interlock.cancel_backfill(%s).', job.id);
    END IF;

    SELECT j.* INTO other
      FROM interlock.backfill_job AS j
     WHERE j.state NOT IN ('finished', 'cancelled') AND j.name = _find_job.name AND j.id IS DISTINCT FROM job.id
           AND j.owner = quote_ident(current_user)::regrole;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('unfinished backfill job %s named "%s" is defined differently', other.id, name),
            DETAIL = concat_ws('  ',
                CASE WHEN other.relation <> relation THEN format('Its relation is %I.%I.', other.relation_schema, other.relation_name) END,
                CASE WHEN other.assignments <> assignments THEN format('Its assignments are: %s.', other.assignments) END,
                CASE WHEN other.condition IS DISTINCT FROM condition
                     THEN coalesce('Its condition is: ' || other.condition || '.', 'It has no condition.') END),
            HINT = format('Use another name, or give it up: SELECT interlock.cancel_backfill(%s).', other.id);
    END IF;

    SELECT j.* INTO other
      FROM interlock.backfill_job AS j
     WHERE job.id IS NULL AND j.state NOT IN ('finished', 'cancelled') AND j.origin <> interlock._origin()
           AND format('%I.%I', j.relation_schema, j.relation_name) = interlock._relation_text(_find_job.relation)
           AND j.assignments = _find_job.assignments AND j.condition IS NOT DISTINCT FROM _find_job.condition;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'IL010',
            MESSAGE = format('backfill job %s, which this database has from another one, does the same', other.id),
            HINT = format('Go on with it: SELECT interlock.%s_backfill(%s).  Or give it up: SELECT interlock.cancel_backfill(%s).',
                          CASE other.state WHEN 'failed' THEN 'retry' ELSE 'resume' END, other.id, other.id);
    END IF;

    SELECT j.* INTO other
      FROM interlock.backfill_job AS j
           JOIN pg_class AS c ON c.oid = _find_job.relation AND c.relname = j.relation_name
           JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = j.relation_schema
     WHERE job.id IS NULL AND j.state NOT IN ('finished', 'cancelled') AND interlock._relation_text(j.relation) IS NULL
           AND j.assignments = _find_job.assignments AND j.condition IS NOT DISTINCT FROM _find_job.condition;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'IL010',
            MESSAGE = format('table "%s" was dropped and created again since backfill job %s began', interlock._relation_text(relation), other.id),
            HINT = format('To begin anew, give that job up first: SELECT interlock.cancel_backfill(%s).', other.id);
    END IF;
    RETURN job;
END
$$;

COMMENT ON FUNCTION interlock._find_job(regclass, text, text, text) IS
    'The unfinished backfill job with this definition; raises an error if another one stands in its way.';
