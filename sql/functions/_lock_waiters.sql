CREATE FUNCTION interlock._lock_waiters(job interlock.backfill_job, most bigint) RETURNS text
LANGUAGE sql VOLATILE STRICT SET search_path = pg_catalog, pg_temp
AS $$
    WITH lock AS MATERIALIZED (
        SELECT l.* FROM pg_locks AS l
    ), ours AS (
        SELECT l.pid FROM interlock._leases AS l WHERE l.job_id = (_lock_waiters.job).id
    ), waiting AS (
        SELECT DISTINCT w.pid
          FROM lock AS w
         WHERE NOT w.granted AND w.pid NOT IN (SELECT ours.pid FROM ours)
               AND (w.locktype = 'relation' AND w.relation IN (SELECT t FROM interlock._tree((_lock_waiters.job).relation) AS t)
                        AND w.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
                    -- for a row that another worker of the job has changed
                    OR w.locktype = 'transactionid' AND EXISTS (
                        SELECT FROM lock AS h
                         WHERE h.granted AND h.locktype = 'transactionid' AND h.transactionid = w.transactionid
                               AND h.pid IN (SELECT ours.pid FROM ours)))
    )
    SELECT format('sessions waiting for a lock on the table or of the backfill: %s (limit %s)', count(*), most)
      FROM waiting
    HAVING count(*) > most
$$;

COMMENT ON FUNCTION interlock._lock_waiters(interlock.backfill_job, bigint) IS
    'Why a backfill has to wait, if more sessions than this wait for locks that it has or needs.';
