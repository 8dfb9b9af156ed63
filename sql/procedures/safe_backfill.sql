-- Neither SECURITY DEFINER nor a SET clause: with either, COMMIT is refused. So the search_path is the caller's, as it must
-- be for the caller's expressions, and every name and operator of ours is qualified.
CREATE PROCEDURE interlock.safe_backfill(relation regclass, assignments text, condition text DEFAULT NULL,
                                         batch_size int DEFAULT NULL, pause interval DEFAULT '0', name text DEFAULT NULL,
                                         INOUT job_id bigint DEFAULT NULL, on_error text DEFAULT NULL,
                                         options jsonb DEFAULT NULL)
LANGUAGE plpgsql
AS $$
DECLARE
    verdict text := 'on';
    delay float8;
    told timestamptz;
    canceled text;
    known interval;
BEGIN
    PERFORM interlock._check_may_commit('safe_backfill', interlock._commit_obstacle());
    PERFORM interlock._check_backfill(relation, assignments, condition, batch_size, pause, name);
    PERFORM interlock._check_options(1, coalesce(on_error, 'stop'), coalesce(options, '{}'));
    PERFORM interlock._check_statement(relation, assignments, condition);

    job_id := interlock._open_backfill(relation, assignments, condition, batch_size, pause, name, job_id,
                                       on_error, options, interlock._captured_settings());
    IF (interlock._job(job_id)).pass OPERATOR(pg_catalog.=) 0 THEN
        PERFORM interlock._begin_pass(job_id);
    END IF;
    COMMIT;
    RAISE NOTICE '%', interlock._progress_text(job_id);
    told := pg_catalog.clock_timestamp();

    LOOP
        known := (interlock._job(job_id)).pause;    -- before the step, which decides by it
        BEGIN
            SELECT s.verdict, s.delay INTO verdict, delay FROM interlock._step(job_id, 0, false) AS s;
        EXCEPTION WHEN query_canceled THEN
            canceled := SQLERRM;
        END;
        COMMIT;
        IF verdict OPERATOR(pg_catalog.=) 'failed' AND canceled IS NULL THEN
            -- Once more, now without a handler: the error reaches the client as PostgreSQL raised it, every field of it.
            PERFORM interlock._run_again(job_id, 0);
            COMMIT;
        END IF;
        EXIT WHEN verdict OPERATOR(pg_catalog.=) 'over' OR canceled IS NOT NULL;
        IF pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) told OPERATOR(pg_catalog.>=) '1 second'::pg_catalog.interval THEN
            RAISE NOTICE '%', interlock._progress_text(job_id);
            told := pg_catalog.clock_timestamp();
        END IF;
        WHILE delay OPERATOR(pg_catalog.>) 0 AND canceled IS NULL LOOP
            BEGIN
                PERFORM pg_catalog.pg_sleep(least(delay, 1));
                delay := (SELECT CASE WHEN j.state OPERATOR(pg_catalog.=) 'running' AND j.pause OPERATOR(pg_catalog.=) known
                                      THEN delay OPERATOR(pg_catalog.-) 1 ELSE 0 END
                            FROM interlock._job(job_id) AS j);
            EXCEPTION WHEN query_canceled THEN
                canceled := SQLERRM;
            END;
            COMMIT;    -- The next batch begins with a snapshot of its own, not with one from before the pause.
        END LOOP;
        EXIT WHEN canceled IS NOT NULL;
    END LOOP;

    PERFORM interlock._release_lease(job_id, 0);
    IF canceled IS NOT NULL THEN
        PERFORM interlock._pause_running(job_id);
        COMMIT;
        RAISE EXCEPTION USING ERRCODE = 'query_canceled', MESSAGE = canceled,
            DETAIL = pg_catalog.format('Backfill job %s is paused.', job_id),
            HINT = pg_catalog.format('Call again to go on, or SELECT interlock.resume_backfill(%s) to go on in the background.', job_id);
    END IF;
    PERFORM interlock._farewell(job_id);
END
$$;

COMMENT ON PROCEDURE interlock.safe_backfill(regclass, text, text, int, interval, text, bigint, text, jsonb) IS
    'Runs UPDATE relation SET assignments WHERE condition in batches, in key order, with a COMMIT after each. Called again with the same arguments after it was interrupted, it goes on where it stopped. With a condition that the assignments make false, the table is read again at the end and rows that other transactions inserted or moved meanwhile are changed too. Without one, each row is visited once up to the highest key at the start: rows that are inserted above it meanwhile are left alone, so give them the right value by a column default or a trigger first, and rows whose key is changed meanwhile can be missed or met twice.';
