CREATE FUNCTION interlock.lock_tree() RETURNS SETOF text
LANGUAGE sql VOLATILE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE waits AS MATERIALIZED (
        -- Process 0 stands for prepared transactions.
        SELECT w.pid, blocker.pid AS blocker, w.mode, w.waitstart,
               (CASE WHEN w.locktype = 'relation' THEN coalesce(
                        (SELECT format('%s.%s', n.nspname, c.relname) FROM pg_class AS c
                         JOIN pg_namespace AS n ON n.oid = c.relnamespace
                         WHERE c.oid = w.relation AND w.database = (SELECT d.oid FROM pg_database AS d
                                                                     WHERE d.datname = current_database())),
                        format('relation %s of another database', w.relation))
                    ELSE w.locktype
               END) COLLATE "default" AS target
        FROM pg_locks AS w, LATERAL (SELECT DISTINCT unnest(pg_blocking_pids(w.pid))) AS blocker (pid)
        WHERE NOT w.granted
    ),
    tree AS (
        SELECT root.pid, 0 AS depth, ARRAY[root.pid] AS path, NULL::text AS mode, NULL::text AS target,
               NULL::timestamptz AS waitstart
        FROM (SELECT w.blocker FROM waits AS w EXCEPT SELECT w.pid FROM waits AS w) AS root (pid)
        UNION ALL
        SELECT w.pid, t.depth + 1, t.path || w.pid, w.mode, w.target, w.waitstart
        FROM tree AS t JOIN waits AS w ON w.blocker = t.pid
        WHERE w.pid <> ALL (t.path)
    )
    SELECT left(line, 80)
    FROM tree AS t
    LEFT JOIN pg_stat_activity AS a ON a.pid = t.pid,
    LATERAL (VALUES
        (1, repeat('  ', t.depth) || CASE
            WHEN t.pid = 0 THEN format('prepared: %s', (SELECT string_agg(quote_literal(p.gid), ', ' ORDER BY p.prepared)
                                                      FROM pg_prepared_xacts AS p))
            ELSE concat_ws(' ', t.pid, a.usename, nullif(a.application_name, ''), coalesce(a.state, a.backend_type),
                           'for', interlock._duration(greatest(0, extract(epoch FROM clock_timestamp()
                                                                          - coalesce(a.xact_start, a.backend_start)))::float8))
            END),
        (2, repeat('  ', t.depth) || '  waits ' || interlock._duration(greatest(0, extract(epoch FROM clock_timestamp()
            - t.waitstart))::float8) || ' for ' || t.mode || ' on ' || t.target),
        (3, repeat('  ', t.depth) || '  ' || regexp_replace(left(nullif(a.query, ''), 200), '\s+', ' ', 'g'))
    ) AS lines (number, line)
    WHERE line IS NOT NULL
    ORDER BY t.path, lines.number
$$;

COMMENT ON FUNCTION interlock.lock_tree() IS
'Who waits for whom, in lines of at most 80 columns: first those that wait for nobody, and under each, indented, who waits for it, for how long, for which lock, and with which query.';
