-- No SET clause: it reads the table, as the caller would.
CREATE FUNCTION interlock._set_aside(job interlock.backfill_job, here interlock.backfill_checkpoint, slot int) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    next record;
    locker int;
    problem text;
BEGIN
    IF EXISTS (SELECT FROM interlock.blockers(here.part, 'RowExclusiveLock'))
       OR EXISTS (SELECT FROM interlock.blockers(job.relation, 'RowExclusiveLock')) THEN
        RETURN NULL;    -- The whole table is locked.
    END IF;
    next := interlock._next_batch(job, here);
    IF next.scanned OPERATOR(pg_catalog.=) 0 THEN
        RETURN NULL;
    END IF;
    BEGIN
        EXECUTE pg_catalog.format('SELECT l.pid FROM (SELECT xmax::pg_catalog.text AS id FROM %s WHERE %s) AS locked
                                     JOIN pg_catalog.pg_locks AS l ON l.transactionid::pg_catalog.text OPERATOR(pg_catalog.=) locked.id
                                    WHERE l.granted', next.target[1], next.key_range) INTO locker;
    EXCEPTION WHEN insufficient_privilege THEN
        locker := NULL;    -- Who may read some columns only may not read that.
    END;
    problem := pg_catalog.concat('row ', interlock._key_text(here.key, next.upto), ' is locked', ' by process ' OPERATOR(pg_catalog.||) locker::pg_catalog.text);
    -- Not more than a hundred of them, and not the last row of all.
    IF NOT here.aside AND next.upto OPERATOR(pg_catalog.<>) here.upper_key
       AND (SELECT pg_catalog.count(*) FROM interlock.backfill_checkpoint AS c
             WHERE c.job_id OPERATOR(pg_catalog.=) here.job_id AND c.pass OPERATOR(pg_catalog.=) here.pass
                   AND NOT c.done AND c.aside) OPERATOR(pg_catalog.<) 100 THEN
        PERFORM interlock._split_range(here, slot, next.upto,
            here.estimated_rows OPERATOR(pg_catalog.-) here.rows_scanned OPERATOR(pg_catalog.-) 1, true);
        PERFORM interlock._note_event(job.id, 'set aside', problem);
    END IF;
    RETURN problem;
EXCEPTION WHEN lock_not_available THEN
    RETURN NULL;    -- Something else is, a parent of it, say.
END
$$;

COMMENT ON FUNCTION interlock._set_aside(interlock.backfill_job, interlock.backfill_checkpoint, int) IS
    'Cuts a range behind its next row, which somebody has locked, so that others need not wait with it. Returns what is the matter; null if it is not a row.';
