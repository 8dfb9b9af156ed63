CREATE VIEW interlock.invalid_indexes WITH (security_invoker = true) AS
    SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS index,
           pg_catalog.format('%I.%I', table_schema.nspname, t.relname) AS relation,
           found.state,
           i.indisunique AS is_unique,
           i.indisready AS is_maintained,
           pg_catalog.pg_relation_size(c.oid) AS bytes,
           progress.pid,
           CASE WHEN found.state = 'being built' THEN NULL
                WHEN c.relkind = 'I' THEN pg_catalog.format('DROP INDEX %I.%I', n.nspname, c.relname)
                ELSE pg_catalog.format('DROP INDEX CONCURRENTLY %I.%I', n.nspname, c.relname)
           END AS drop_statement,
           CASE WHEN found.state = 'invalid'
                THEN pg_catalog.format('REINDEX INDEX CONCURRENTLY %I.%I', n.nspname, c.relname)
           END AS rebuild_statement
      FROM pg_catalog.pg_index AS i
           JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
           JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
           JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid
           JOIN pg_catalog.pg_namespace AS table_schema ON table_schema.oid = t.relnamespace
           LEFT JOIN LATERAL (
               SELECT pg_catalog.min(p.pid) AS pid
                 FROM pg_catalog.pg_stat_progress_create_index AS p
                WHERE p.datname = pg_catalog.current_database()
                      AND p.relid = i.indrelid
                      AND (p.index_relid = i.indexrelid
                           OR p.index_relid = 0)
           ) AS progress ON true
           CROSS JOIN LATERAL (
               SELECT CASE WHEN progress.pid IS NOT NULL THEN 'being built'
                           WHEN c.relkind = 'I' THEN 'incomplete'
                           WHEN NOT i.indislive THEN 'half dropped'
                           -- ReindexRelationConcurrently() of commands/indexcmds.c names them so.
                           WHEN c.relname ~ '_cc(new|old)[0-9]*$' THEN 'left by REINDEX'
                           ELSE 'invalid' END AS state
           ) AS found
     WHERE NOT (i.indisvalid AND i.indisready AND i.indislive)
     ORDER BY relation, index;

COMMENT ON VIEW interlock.invalid_indexes IS
    'Indexes that no query uses: invalid (a concurrent build failed), left by REINDEX (the copy or the predecessor of an index, which is there beside it), half dropped, incomplete (partitions lack their part), or being built now by the process in pid. An index that is maintained costs every write all the same. With the statements that remove each, or build it anew.';
