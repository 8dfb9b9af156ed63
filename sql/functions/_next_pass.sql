CREATE FUNCTION interlock._next_pass(job_id bigint) RETURNS interlock.backfill_job
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE interlock.backfill_job AS j SET pass = j.pass + 1 WHERE j.id = _next_pass.job_id RETURNING j.*
$$;

COMMENT ON FUNCTION interlock._next_pass(bigint) IS 'Counts the passes of a job.';
