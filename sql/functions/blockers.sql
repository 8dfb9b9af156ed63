CREATE FUNCTION interlock.blockers(relation regclass, lock_mode text DEFAULT 'AccessExclusiveLock')
RETURNS TABLE (
    pid int,
    gid text,
    user_name name,
    application_name text,
    client_addr inet,
    state text,
    held_mode text,
    waiting boolean,
    transaction_age interval,
    query_start timestamptz,
    query text,
    advice text
)
LANGUAGE sql VOLATILE STRICT PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $$
    WITH conflicting AS (
        SELECT l.pid, l.virtualtransaction, bool_and(NOT l.granted) AS waiting,
               (array_agg(l.mode ORDER BY interlock._lock_mode_number(l.mode) DESC))[1] AS mode
        FROM pg_locks AS l
        WHERE l.locktype = 'relation' AND l.relation = blockers.relation AND l.pid IS DISTINCT FROM pg_backend_pid()
          AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
          AND interlock._lock_modes_conflict(l.mode, blockers.lock_mode)
        GROUP BY l.pid, l.virtualtransaction
    ),
    prepared AS (
        -- Its locks have no process, and among them is that of its transaction id.
        SELECT l.virtualtransaction, p.gid, p.owner, p.prepared
        FROM pg_prepared_xacts AS p JOIN pg_locks AS l ON l.pid IS NULL AND l.transactionid = p.transaction
    )
    SELECT c.pid, p.gid, coalesce(a.usename, p.owner), a.application_name, a.client_addr,
           CASE WHEN p.gid IS NOT NULL THEN 'prepared' ELSE coalesce(a.state, a.backend_type) END,
           c.mode, c.waiting, clock_timestamp() - coalesce(a.xact_start, p.prepared), a.query_start, a.query,
           CASE
               WHEN p.gid IS NOT NULL THEN
                   format('It is prepared and has no session: COMMIT PREPARED %1$L or ROLLBACK PREPARED %1$L.', p.gid)
               WHEN a.backend_type = 'autovacuum worker' AND a.query LIKE '%(to prevent wraparound)' THEN
                   'It prevents wraparound and does not give way; wait for it.'
               WHEN a.backend_type = 'autovacuum worker' THEN 'It gives way to whoever waits for it.'
               WHEN c.waiting THEN 'It waits itself; see interlock.lock_tree().'
               WHEN a.state LIKE 'idle in transaction%' THEN
                   format('It keeps its locks until its transaction ends: SELECT pg_terminate_backend(%s).', c.pid)
               ELSE format('Wait until it is done, or SELECT pg_cancel_backend(%s).', c.pid)
           END
    FROM conflicting AS c
    LEFT JOIN pg_stat_activity AS a ON a.pid = c.pid
    LEFT JOIN prepared AS p ON c.pid IS NULL AND p.virtualtransaction = c.virtualtransaction
    ORDER BY c.waiting, coalesce(a.xact_start, p.prepared)
$$;

COMMENT ON FUNCTION interlock.blockers(regclass, text) IS
'Who would make a lock of this mode on this relation wait now, the oldest transaction first: sessions and prepared transactions that hold a conflicting lock or wait for one, and what can be done about each. Queries of other users are shown to members of pg_read_all_stats.';

COMMENT ON FUNCTION interlock._lock_modes_conflict(text, text) IS
'Whether a session that wants the second mode waits while the first is held.';
COMMENT ON FUNCTION interlock._lock_mode_number(text) IS 'The number of a lock mode; a stronger one has a higher number.';
