CREATE FUNCTION interlock._unfail_backfill(job_id bigint) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    DELETE FROM interlock.backfill_error AS e WHERE e.job_id = _unfail_backfill.job_id AND NOT e.skipped;
    UPDATE interlock.backfill_job AS j
       SET state = 'running', last_sqlstate = NULL, last_error = NULL, last_error_key = NULL
     WHERE j.id = _unfail_backfill.job_id AND j.state = 'failed'
$$;

COMMENT ON FUNCTION interlock._unfail_backfill(bigint) IS 'Takes a failure back that a second try did not meet.';
