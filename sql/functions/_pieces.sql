CREATE FUNCTION interlock._pieces(job interlock.backfill_job, rows bigint, parts int) RETURNS int
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    -- Several for each worker, so that none has much left when the others are done; none smaller than a batch.
    SELECT CASE WHEN job.workers = 1 THEN 1
                ELSE greatest(1, least(ceil(8.0 * job.workers / parts), rows / coalesce(job.batch_size, interlock._first_batch_size())))::int
           END
$$;

COMMENT ON FUNCTION interlock._pieces(interlock.backfill_job, bigint, int) IS
    'Into how many ranges one of so many parts of so many rows is cut.';
