CREATE FUNCTION interlock._take_range(job interlock.backfill_job, slot int) RETURNS interlock.backfill_checkpoint
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
    -- Its own first, then one that is free or was left by a worker that is no longer wanted; rows that others have
    -- locked come last. The row stays locked until the batch commits.
    SELECT c.*
      FROM interlock.backfill_checkpoint AS c
     WHERE c.job_id = (_take_range.job).id AND c.pass = (_take_range.job).pass AND NOT c.done
           AND (c.holder IS NULL OR c.holder = slot OR c.holder >= (_take_range.job).workers)
           AND (c.not_before IS NULL OR c.not_before <= clock_timestamp())
     ORDER BY c.aside, (c.holder = slot) IS TRUE DESC, c.range
     LIMIT 1
       FOR UPDATE SKIP LOCKED
$$;

COMMENT ON FUNCTION interlock._take_range(interlock.backfill_job, int) IS
    'The range that a worker goes on with; nulls if there is none at the moment.';
