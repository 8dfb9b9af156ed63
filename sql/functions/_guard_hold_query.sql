CREATE FUNCTION interlock._guard_hold_query() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF new.hold_query IS DISTINCT FROM old.hold_query AND new.hold_query IS NOT NULL
       AND (old.owner, old.asker) <> (quote_ident(current_user)::regrole, interlock._asker()::oid::regrole) THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
            MESSAGE = format('only who started backfill job %s may give it a hold query', old.id),
            HINT = concat('It was started by ', old.asker, ' as ' || nullif(old.owner, old.asker),
                          '. Others may take the query away: hold_query => ''''.');
    END IF;
    RETURN new;
END
$$;

COMMENT ON FUNCTION interlock._guard_hold_query() IS
    'Whoever writes the hold query of a job has it run as the owner, in a session that may be that of who asked for the job.';

CREATE TRIGGER guard_hold_query BEFORE UPDATE OF hold_query ON interlock.backfill_job
    FOR EACH ROW EXECUTE FUNCTION interlock._guard_hold_query();

COMMENT ON TRIGGER guard_hold_query ON interlock.backfill_job IS 'Only who started a job may write its hold query.';
