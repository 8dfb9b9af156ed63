CREATE FUNCTION interlock._write_pass(job_id bigint, upper_key jsonb, plan json) RETURNS interlock.backfill_checkpoint
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE interlock.backfill_checkpoint AS here
       SET pass = here.pass + 1,
           last_key = NULL,
           upper_key = _write_pass.upper_key,
           estimated_rows = (plan -> 0 -> 'Plan' ->> 'Plan Rows')::float8::bigint,
           pass_rows_scanned = 0, pass_rows_changed = 0, pass_rows_unchanged = 0,
           updated_at = clock_timestamp()
     WHERE here.job_id = _write_pass.job_id
 RETURNING here.*
$$;

COMMENT ON FUNCTION interlock._write_pass(bigint, jsonb, json) IS 'The checkpoint at the beginning of a pass.';
