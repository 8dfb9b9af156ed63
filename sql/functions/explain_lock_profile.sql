-- No SET search_path here: the names in the command mean what they mean to the caller.
CREATE FUNCTION interlock.explain_lock_profile(command text)
RETURNS TABLE (
    statement int,
    command_tag text,
    relation text,
    lock_mode text,
    blocks text,
    rewrites boolean,
    scans boolean,
    builds_indexes boolean,
    estimated_rows bigint,
    total_bytes bigint,
    decision text,
    rule text,
    reason text,
    safe_alternative text
)
LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE
AS $$
    SELECT each.statement, each.command_tag, row.relation, row.lock_mode, row.blocks, row.rewrites, row.scans,
           row.builds_indexes, row.estimated_rows, row.total_bytes, row.decision, row.rule, row.reason,
           row.safe_alternative
    FROM pg_catalog.jsonb_to_recordset(interlock.lock_profile($1) OPERATOR(pg_catalog.->) 'statements')
             AS each (statement int, command_tag text, relations jsonb),
         ROWS FROM (pg_catalog.jsonb_to_recordset(each.relations) AS (
             relation text, lock_mode text, blocks text, rewrites boolean, scans boolean, builds_indexes boolean,
             estimated_rows bigint, total_bytes bigint, decision text, rule text, reason text, safe_alternative text
         )) WITH ORDINALITY AS row (
             relation, lock_mode, blocks, rewrites, scans, builds_indexes, estimated_rows, total_bytes, decision, rule,
             reason, safe_alternative, number
         )
    ORDER BY each.statement, row.number
$$;

COMMENT ON FUNCTION interlock.explain_lock_profile(text) IS
'One row per statement of a command and existing relation that it would lock more strongly than AccessShareLock: the lock, what it blocks, whether the relation is rewritten, scanned or gets an index built, its size now, and what would be decided under the settings of this session. Runs nothing and leaves no lock.';
