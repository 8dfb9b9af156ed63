-- No SET clause: it may look at the table, as the caller would.
CREATE FUNCTION interlock._after_failure(job interlock.backfill_job, here interlock.backfill_checkpoint, slot int,
                                         failure interlock.backfill_error) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    fault text := interlock._fault(failure.sqlstate);
    attempt int := here.attempts OPERATOR(pg_catalog.+) 1;
    delay float8;
    next_size int := interlock._halved(here.batch_size);
    verdict text;
BEGIN
    IF failure.sqlstate OPERATOR(pg_catalog.=) ANY ('{42P01,3F000}'::pg_catalog.text[]) THEN
        IF interlock._relation_text(job.relation) IS NULL THEN
            failure.message := pg_catalog.format('table "%I.%I" of backfill job %s no longer exists', job.relation_schema,
                                                 job.relation_name, job.id);
        ELSE
            fault := 'conflict';    -- It, or a partition, was renamed or dropped between our looking and our statement.
        END IF;
    END IF;
    IF fault OPERATOR(pg_catalog.=) 'data' OR fault OPERATOR(pg_catalog.=) 'timeout' AND here.batch_size OPERATOR(pg_catalog.=) 1 THEN
        IF here.batch_size OPERATOR(pg_catalog.>) 1 THEN
            -- Smaller and smaller, until the row that cannot be changed is alone.
            PERFORM interlock._write_attempt(here, slot, 0, 0, interlock._halved(here.batch_size), NULL);
            RETURN 'on';
        END IF;
        verdict := interlock._after_bad_row(job, here, slot, failure);
        IF verdict IS NOT NULL THEN
            RETURN verdict;
        END IF;
        fault := 'conflict';    -- It was deleted a moment ago, or no row is to blame.
    END IF;
    IF fault OPERATOR(pg_catalog.=) 'lock' THEN
        IF here.batch_size OPERATOR(pg_catalog.>) 1 THEN
            attempt := 1;    -- Which row it is has to be found first, and soon: each try waits.
            next_size := greatest(1, here.batch_size OPERATOR(pg_catalog./) 10);
        ELSE
            failure.message := coalesce(interlock._set_aside(job, here, slot), failure.message);
        END IF;
    END IF;
    delay := interlock._retry_delay(attempt, fault);
    IF delay IS NOT NULL THEN
        PERFORM interlock._write_attempt(here, slot, attempt, delay,
            CASE WHEN fault OPERATOR(pg_catalog.=) 'resource' THEN here.batch_size ELSE next_size END, failure.message);
        RETURN 'on';
    END IF;
    PERFORM interlock._write_attempt(here, slot, 0, 0, here.batch_size, NULL);
    PERFORM interlock._fail_backfill(job.id, failure.sqlstate, failure.message, NULL);
    RETURN 'failed';
END
$$;

COMMENT ON FUNCTION interlock._after_failure(interlock.backfill_job, interlock.backfill_checkpoint, int, interlock.backfill_error) IS
    'Decides what becomes of a range whose batch failed and was undone: on (it is tried again, or the row is skipped) or failed.';
