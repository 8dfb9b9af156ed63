CREATE FUNCTION interlock._finish_backfill(job interlock.backfill_job) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    all_changed bigint;
    still bigint;
    skipped bigint;
    last_changed bigint;
    left_over bigint;
    found_verified boolean;
    found text;
BEGIN
    SELECT coalesce(sum(c.rows_changed), 0), coalesce(sum(c.rows_still_matching), 0), coalesce(sum(c.rows_skipped), 0),
           coalesce(sum(c.rows_changed) FILTER (WHERE c.pass = job.pass), 0),
           coalesce(sum(c.rows_unchanged) FILTER (WHERE c.pass = job.pass), 0)
      INTO all_changed, still, skipped, last_changed, left_over
      FROM interlock.backfill_checkpoint AS c
     WHERE c.job_id = job.id;

    IF job.condition IS NULL THEN
        found := 'Each row was visited once, in key order, up to the highest key at the start.';
    ELSIF still > 0 THEN
        found := format('%s of the changed rows match the condition still, so it cannot tell rows done from rows to do: each row was visited once, and rows that other transactions inserted or moved meanwhile were not looked for.', still);
    ELSIF left_over = 0 AND last_changed = 0 THEN
        found_verified := true;
        found := 'The table was read again, and no row matched the condition.';
    ELSIF left_over > 0 THEN
        found_verified := false;
        found := format('%s rows match the condition still.  The UPDATE did not change them: a trigger, a row-level security policy or a concurrent transaction kept it from them.', left_over);
    ELSE
        found_verified := false;
        found := format('Rows that match the condition keep coming: the last of %s passes still changed %s rows.', job.pass, last_changed);
    END IF;
    IF skipped > 0 THEN
        found_verified := CASE WHEN job.condition IS NOT NULL THEN false END;
        found := format('%s rows could not be changed and were left as they are: see interlock.backfill_error.  ', skipped) || found;
    END IF;

    UPDATE interlock.backfill_job AS j
       SET state = 'finished', finished_at = clock_timestamp(), held_by = NULL,
           outcome = found, verified = found_verified
     WHERE j.id = job.id;
    PERFORM interlock._note_event(job.id, 'finished', format('%s rows changed.  %s', all_changed, found));
END
$$;

COMMENT ON FUNCTION interlock._finish_backfill(interlock.backfill_job) IS
    'Marks a backfill finished, with what it did and what its last pass found.';
