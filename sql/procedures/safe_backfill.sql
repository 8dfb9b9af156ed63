-- Neither SECURITY DEFINER nor a SET clause: with either, COMMIT is refused. So the search_path is the caller's, as it must
-- be for the caller's expressions, and every name and operator of ours is qualified.
CREATE PROCEDURE interlock.safe_backfill(relation regclass, assignments text, condition text DEFAULT NULL,
                                         batch_size int DEFAULT NULL, pause interval DEFAULT '0', name text DEFAULT NULL,
                                         INOUT job_id bigint DEFAULT NULL)
LANGUAGE plpgsql
AS $$
DECLARE
    obstacle text := interlock._commit_obstacle();
    key jsonb;
    previous interlock.backfill_checkpoint;
    here interlock.backfill_checkpoint;
    size int;
    rate float8;
    began timestamptz;
    told timestamptz;
    attempt int;
    code text;
    message text;
    delay float8;
BEGIN
    IF obstacle IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'active_sql_transaction',
            MESSAGE = pg_catalog.format('safe_backfill cannot run %s', obstacle),
            DETAIL = 'It commits after each batch, which is not possible there.',
            HINT = 'Send CALL as a statement of its own, outside BEGIN ... COMMIT and with autocommit on.  In a migration tool, turn off the transaction around this migration.';
    END IF;

    PERFORM interlock._check_backfill(relation, assignments, condition, batch_size, pause, name);
    key := interlock._require_key(relation, interlock._check_clauses(relation, assignments, condition));
    -- PostgreSQL itself checks columns, types and privileges, before anything is changed.
    EXECUTE pg_catalog.format('EXPLAIN %s', interlock._update_text(interlock._relation_text(relation), assignments, condition,
                                                                   interlock._key_range(key, NULL, NULL)));

    here := interlock._open_backfill(relation, assignments, condition, key, batch_size, pause, name, job_id);
    job_id := here.job_id;
    IF here.pass OPERATOR(pg_catalog.=) 0 THEN
        here := interlock._begin_pass(job_id);
    END IF;
    COMMIT;
    RAISE NOTICE '%', interlock._progress_text(job_id);

    told := pg_catalog.clock_timestamp();

    size := coalesce(batch_size, here.batch_size);
    rate := here.rows_per_second;
    LOOP
        previous := here;
        attempt := 0;
        LOOP
            attempt := attempt OPERATOR(pg_catalog.+) 1;
            began := pg_catalog.clock_timestamp();
            BEGIN
                here := interlock._run_batch(previous, size, rate);
                EXIT;
            EXCEPTION WHEN OTHERS THEN    -- which a cancel is not
                code := SQLSTATE;
                message := SQLERRM;
            END;
            COMMIT;    -- Nothing is changed, but what the attempt held is released. ROLLBACK would release the lease as well.
            delay := interlock._retry_delay(attempt, code);
            IF delay IS NULL THEN
                PERFORM interlock._note_error(job_id, code, message);
                COMMIT;
                -- Once more, now without a handler: the error reaches the client as PostgreSQL raised it, every field of it.
                here := interlock._run_batch(previous, size, rate);
                EXIT;
            END IF;
            size := interlock._retry_size(size, code);
            PERFORM pg_catalog.pg_sleep(delay);
            COMMIT;
        END LOOP;
        COMMIT;

        rate := interlock._measured_rate(previous, here, rate, began);
        size := coalesce(batch_size, interlock._next_batch_size(size, rate, here.batch));
        IF interlock._pass_is_done(here) THEN
            EXIT WHEN NOT interlock._needs_pass(here);
            here := interlock._begin_pass(job_id);
            COMMIT;
        END IF;
        IF pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) told OPERATOR(pg_catalog.>=) '1 second'::pg_catalog.interval THEN
            RAISE NOTICE '%', interlock._progress_text(job_id);
            told := pg_catalog.clock_timestamp();
        END IF;
        IF pause OPERATOR(pg_catalog.>) '0'::pg_catalog.interval THEN
            PERFORM pg_catalog.pg_sleep_for(pause);
        END IF;
        COMMIT;    -- The next batch begins with a snapshot of its own, not with one from before the pause.
    END LOOP;

    PERFORM interlock._finish_backfill(here);
    COMMIT;
    PERFORM interlock._release_lease(job_id);
END
$$;

COMMENT ON PROCEDURE interlock.safe_backfill(regclass, text, text, int, interval, text, bigint) IS
    'Runs UPDATE relation SET assignments WHERE condition in batches, in key order, with a COMMIT after each. Called again with the same arguments after it was interrupted, it goes on where it stopped. With a condition that the assignments make false, the table is read again at the end and rows that other transactions inserted or moved meanwhile are changed too. Without one, each row is visited once up to the highest key at the start: rows that are inserted above it meanwhile are left alone, so give them the right value by a column default or a trigger first, and rows whose key is changed meanwhile can be missed or met twice.';
