CREATE FUNCTION interlock._has_work(job interlock.backfill_job) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT EXISTS (SELECT FROM interlock.backfill_checkpoint AS c
                    WHERE c.job_id = (_has_work.job).id AND c.pass = (_has_work.job).pass AND NOT c.done)
$$;

COMMENT ON FUNCTION interlock._has_work(interlock.backfill_job) IS 'Whether a range of the current pass is not done.';
