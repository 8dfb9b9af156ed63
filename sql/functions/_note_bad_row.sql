CREATE FUNCTION interlock._note_bad_row(job interlock.backfill_job, here interlock.backfill_checkpoint, slot int,
                                        failure interlock.backfill_error) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    most bigint := interlock._limit(job.options, 'max_errors');
    too_many boolean := most <= (SELECT count(*) FROM interlock.backfill_error AS e WHERE e.job_id = job.id AND e.skipped);
    known boolean;
BEGIN
    -- A later pass may meet a row again that was skipped.
    DELETE FROM interlock.backfill_error AS e
     WHERE e.job_id = job.id AND e.part = here.part AND e.key = failure.key AND e.skipped;
    known := FOUND;
    failure.skipped := job.on_error = 'skip' AND (known OR too_many IS NOT TRUE);
    INSERT INTO interlock.backfill_error (job_id, part, walk, key, key_text, sqlstate, message, detail, hint, schema_name, table_name,
                                          column_name, constraint_name, context, skipped)
    VALUES (failure.job_id, here.part, here.key, failure.key, failure.key_text, failure.sqlstate, failure.message, nullif(failure.detail, ''),
            nullif(failure.hint, ''), nullif(failure.schema_name, ''), nullif(failure.table_name, ''),
            nullif(failure.column_name, ''), nullif(failure.constraint_name, ''), nullif(failure.context, ''), failure.skipped);
    IF failure.skipped THEN
        PERFORM interlock._write_checkpoint(job, here, slot, failure.key, 1, 0, NULL, 0, clock_timestamp());
        UPDATE interlock.backfill_checkpoint AS c
           SET rows_skipped = c.rows_skipped + CASE WHEN known THEN 0 ELSE 1 END
         WHERE c.job_id = here.job_id AND c.pass = here.pass AND c.range = here.range;
        RETURN 'on';
    END IF;
    PERFORM interlock._write_attempt(here, slot, 0, 0, here.batch_size, NULL);
    PERFORM interlock._fail_backfill(job.id, failure.sqlstate,
        concat(CASE WHEN job.on_error = 'skip' THEN format('%s rows were skipped, which is the limit: ', most) END, failure.message),
        failure.key_text);
    RETURN 'failed';
END
$$;

COMMENT ON FUNCTION interlock._note_bad_row(interlock.backfill_job, interlock.backfill_checkpoint, int, interlock.backfill_error) IS
    'Records a row that cannot be changed, and goes on behind it or marks the job failed, as it was asked for.';
