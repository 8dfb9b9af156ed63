CREATE FUNCTION interlock._check_background(relation oid, owner regrole, asker regrole) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT interlock._has_launcher() THEN
        RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = 'backfills run in the background only if pg_interlock is in shared_preload_libraries',
            HINT = 'Run it in this session: CALL interlock.safe_backfill(...).';
    ELSIF EXISTS (SELECT FROM pg_class AS c WHERE c.oid = relation AND c.relpersistence = 't') THEN
        RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
            MESSAGE = format('cannot backfill temporary table "%s" in the background', interlock._relation_text(relation)),
            DETAIL = 'Only the session that created it can change it.',
            HINT = 'Run it in this session: CALL interlock.safe_backfill(...).';
    ELSIF NOT interlock._can_work_as(owner, asker) THEN
        RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
            MESSAGE = format('no background worker can run as role %s, because it cannot log in', owner),
            HINT = 'Run it in this session: CALL interlock.safe_backfill(...).';
    ELSIF NOT interlock._launcher_runs() THEN
        RAISE WARNING USING MESSAGE = 'no backfill begins before the server has a process that starts its workers',
            HINT = 'It comes by itself, unless max_worker_processes leaves no room for it: see the server log, and raise that.';
    END IF;
END
$$;

COMMENT ON FUNCTION interlock._check_background(oid, regrole, regrole) IS
    'Raises an error if no background worker could backfill this table for a role.';
