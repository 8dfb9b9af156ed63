-- No SET clause: PostgreSQL checks the user's expressions with the caller's search_path.
CREATE FUNCTION interlock.start_backfill(relation regclass, assignments text, condition text DEFAULT NULL,
                                         batch_size int DEFAULT NULL, pause interval DEFAULT '0', name text DEFAULT NULL,
                                         workers int DEFAULT 1, on_error text DEFAULT 'stop', options jsonb DEFAULT '{}',
                                         hold_query text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    job interlock.backfill_job;
    job_id bigint;
BEGIN
    PERFORM interlock._check_backfill(relation, assignments, condition, batch_size, pause, name);
    PERFORM interlock._check_options(workers, on_error, options);
    PERFORM interlock._check_background(relation, pg_catalog.quote_ident(current_user)::pg_catalog.regrole,
                                        interlock._asker()::pg_catalog.oid::pg_catalog.regrole);
    PERFORM interlock._check_statement(relation, assignments, condition);
    IF hold_query IS NOT NULL THEN
        PERFORM interlock._check_hold_query(hold_query);
    END IF;

    job := interlock._find_job(relation, assignments, condition, name);
    IF job.id IS NOT NULL THEN
        PERFORM interlock._raise_unfinished_job(job);
    END IF;
    job_id := interlock._create_job(relation, assignments, condition, batch_size, pause, name, workers, on_error, options,
                                    hold_query, interlock._captured_settings(), true);
    IF job_id IS NULL THEN
        -- Another session was quicker, and we waited for its commit.
        job := interlock._find_job(relation, assignments, condition, name);
        IF job.id IS NULL THEN
            PERFORM interlock._raise_hidden_job(relation);
        END IF;
        PERFORM interlock._raise_unfinished_job(job);
    END IF;
    PERFORM interlock._begin_pass(job_id);
    PERFORM interlock._summon_workers();
    RETURN job_id;
END
$$;

COMMENT ON FUNCTION interlock.start_backfill(regclass, text, text, int, interval, text, int, text, jsonb, text) IS
    'Runs UPDATE relation SET assignments WHERE condition in batches, as interlock.safe_backfill() does, but in background workers that begin when this transaction commits. Returns the number of the job. It goes on by itself after a crash, a restart or a failover.';
