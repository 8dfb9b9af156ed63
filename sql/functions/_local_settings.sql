-- No SET clause: what is set here lasts until the transaction ends.
CREATE FUNCTION interlock._local_settings(job interlock.backfill_job) RETURNS void
LANGUAGE sql VOLATILE
AS $$
    SELECT pg_catalog.set_config('lock_timeout', interlock._option(job.options, 'lock_timeout')::pg_catalog.text, true)
     WHERE pg_catalog.current_setting('lock_timeout') OPERATOR(pg_catalog.=) '0';
    -- A batch is small, and a job has as many workers as were asked for.
    SELECT pg_catalog.set_config('max_parallel_workers_per_gather', '0', true);
    -- A crash may take the last batches, and their checkpoints with them: they are done again.
    SELECT pg_catalog.set_config('synchronous_commit', 'off', true)
$$;

COMMENT ON FUNCTION interlock._local_settings(interlock.backfill_job) IS 'Settings for the transaction of one batch.';
