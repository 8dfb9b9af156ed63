CREATE FUNCTION interlock._finish_backfill(here interlock.backfill_checkpoint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    job interlock.backfill_job;
    seconds float8;
    outcome text;
    left_over bigint := here.pass_rows_unchanged;
BEGIN
    UPDATE interlock.backfill_job AS j
       SET state = 'finished', finished_at = clock_timestamp()
     WHERE j.id = here.job_id
 RETURNING j.* INTO job;
    seconds := extract(epoch FROM job.finished_at - job.created_at);

    IF job.condition IS NULL THEN
        outcome := 'Each row was visited once, in key order, up to the highest key at the start.';
    ELSIF here.rows_still_matching > 0 THEN
        outcome := format('%s of the changed rows match the condition still, so it cannot tell rows done from rows to do: each row was visited once, and rows that other transactions inserted or moved meanwhile were not looked for.', here.rows_still_matching);
    ELSIF left_over = 0 AND here.pass_rows_changed = 0 THEN
        outcome := 'The table was read again, and no row matched the condition.';
    END IF;

    IF outcome IS NOT NULL THEN
        RAISE NOTICE USING
            MESSAGE = format('backfill job %s has finished: %s rows changed in %s', job.id, here.rows_changed, interlock._duration(seconds)),
            DETAIL = outcome;
    ELSIF left_over > 0 THEN
        RAISE WARNING USING
            MESSAGE = format('backfill job %s has finished: %s rows changed in %s, but %s rows match the condition still', job.id, here.rows_changed, interlock._duration(seconds), left_over),
            DETAIL = 'The UPDATE did not change them: a trigger, a row-level security policy or a concurrent transaction kept it from them.';
    ELSE
        RAISE WARNING USING
            MESSAGE = format('backfill job %s has finished: %s rows changed in %s, but rows that match the condition keep coming', job.id, here.rows_changed, interlock._duration(seconds)),
            DETAIL = format('The last of %s passes still changed %s rows.', here.pass, here.pass_rows_changed),
            HINT = 'See to it that new rows do not match the condition, with a column default or a trigger, and call it again.';
    END IF;
END
$$;

COMMENT ON FUNCTION interlock._finish_backfill(interlock.backfill_checkpoint) IS
    'Marks a backfill finished and reports what it did and what its last pass found.';
