-- No SET clause: it may read the table, as the caller would.
CREATE FUNCTION interlock._end_pass(job_id bigint, pass int) RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
    job interlock.backfill_job;
BEGIN
    -- Several workers may come to the end at the same moment: the first one decides for all.
    SELECT j.* INTO job FROM interlock.backfill_job AS j WHERE j.id OPERATOR(pg_catalog.=) job_id FOR UPDATE;
    IF NOT FOUND OR job.state OPERATOR(pg_catalog.<>) 'running' OR job.pass OPERATOR(pg_catalog.<>) pass OR interlock._has_work(job) THEN
        RETURN true;
    ELSIF interlock._needs_pass(job) THEN
        PERFORM interlock._begin_pass(job.id);
        RETURN true;
    END IF;
    PERFORM interlock._finish_backfill(job);
    RETURN false;
END
$$;

COMMENT ON FUNCTION interlock._end_pass(bigint, int) IS
    'Begins the next pass of a backfill whose pass has come to its end, or finishes it; whether there is more to do.';
