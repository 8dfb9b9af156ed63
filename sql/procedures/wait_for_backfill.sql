-- Neither SECURITY DEFINER nor a SET clause, as in safe_backfill.
CREATE PROCEDURE interlock.wait_for_backfill(job_id bigint, timeout interval DEFAULT NULL)
LANGUAGE plpgsql
AS $$
DECLARE
    deadline timestamptz := pg_catalog.clock_timestamp() OPERATOR(pg_catalog.+) timeout;
    told timestamptz := pg_catalog.clock_timestamp();
BEGIN
    PERFORM interlock._check_may_commit('wait_for_backfill', interlock._commit_obstacle());
    WHILE (interlock._job(job_id)).state OPERATOR(pg_catalog.=) 'running' LOOP
        IF pg_catalog.clock_timestamp() OPERATOR(pg_catalog.>=) deadline THEN
            RAISE EXCEPTION USING ERRCODE = 'IL010',
                MESSAGE = pg_catalog.format('backfill job %s has not finished within %s', job_id, timeout),
                DETAIL = interlock._progress_text(job_id);
        END IF;
        IF pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) told OPERATOR(pg_catalog.>=) '1 second'::pg_catalog.interval THEN
            RAISE NOTICE '%', interlock._progress_text(job_id);
            told := pg_catalog.clock_timestamp();
        END IF;
        COMMIT;
        PERFORM pg_catalog.pg_sleep(0.05);
        COMMIT;    -- With a new snapshot, so that nothing waits for ours.
    END LOOP;
    PERFORM interlock._farewell(job_id);
END
$$;

COMMENT ON PROCEDURE interlock.wait_for_backfill(bigint, interval) IS
    'Waits until a backfill has finished; raises IL010 if it fails, is paused or cancelled, or takes longer than the timeout.';
