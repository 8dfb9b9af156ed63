CREATE FUNCTION interlock._free_ranges(job_id bigint) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE interlock.backfill_checkpoint AS c
       SET holder = NULL, attempts = 0, problem = NULL, entries = 0, not_before = NULL,
           batch_size = coalesce(job.batch_size, c.batch_size)
      FROM interlock.backfill_job AS job
     WHERE job.id = _free_ranges.job_id AND c.job_id = job.id AND c.pass = job.pass AND NOT c.done
$$;

COMMENT ON FUNCTION interlock._free_ranges(bigint) IS 'Makes the ranges of a job free for whoever goes on with it.';
