-- No SET clause: the user's query is evaluated with the caller's search_path.
CREATE FUNCTION interlock._hold_reason(job interlock.backfill_job) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    budget bigint := interlock._option(job.options, 'max_wal_rate');
    written bigint := pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_flush_lsn(), '0/0'::pg_catalog.pg_lsn);
    rest float8 := interlock._wal_rest(written, budget);
    reason text;
    hold boolean;
BEGIN
    -- What costs least is asked first, and the rest not at all if it holds.
    reason := coalesce(
        interlock._closed_window(nullif(interlock._window(job.options), '')),
        CASE WHEN rest OPERATOR(pg_catalog.>) 0.05 THEN
             pg_catalog.format('WAL above the budget of %s per second: %s to rest',
                               pg_catalog.pg_size_pretty(budget OPERATOR(pg_catalog.*) 1024), interlock._duration(rest)) END,
        interlock._lock_waiters(job, interlock._limit(job.options, 'max_lock_waiters')),
        interlock._lagging_standby(interlock._limit(job.options, 'max_replication_lag')),
        interlock._large_slot(interlock._limit(job.options, 'max_slot_wal')),
        interlock._archive_backlog(interlock._limit(job.options, 'max_archive_backlog')),
        interlock._active_sessions(interlock._limit(job.options, 'max_active_backends')),
        interlock._dead_rows(job.relation, interlock._limit(job.options, 'max_dead_rows')),
        CASE WHEN interlock._option(job.options, 'yield_to_wraparound') OPERATOR(pg_catalog.>) 0 THEN
             interlock._wraparound_vacuum(job.relation) END);
    -- Somebody else who goes on with the job has not read the query, and does not run it, in the owner's role neither: what
    -- it calls could reset that.
    IF reason IS NULL AND job.hold_query IS NOT NULL
       AND job.owner OPERATOR(pg_catalog.=) pg_catalog.quote_ident(current_user)::pg_catalog.regrole::pg_catalog.oid
       AND (job.owner OPERATOR(pg_catalog.=) interlock._asker()::pg_catalog.oid
            OR job.asker OPERATOR(pg_catalog.=) interlock._asker()::pg_catalog.oid) THEN
        EXECUTE pg_catalog.format(E'SELECT pg_catalog.bool_or(q.hold) FROM (%s\n) AS q (hold)', job.hold_query) INTO hold;
        reason := CASE WHEN hold THEN 'the hold query returns true' END;
    END IF;
    RETURN reason;
END
$$;

COMMENT ON FUNCTION interlock._hold_reason(interlock.backfill_job) IS
    'Why a backfill has to wait at the moment, with figures; null if it may go on.';
