CREATE VIEW interlock._leases WITH (security_invoker = true) AS
    SELECT (l.objsubid::bigint << 32) | l.objid::bigint AS job_id,
           (l.classid::bigint - interlock._lease_class())::int AS slot,
           l.pid
      FROM pg_catalog.pg_locks AS l
     WHERE l.locktype = 'userlock' AND l.granted
           AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
           AND l.classid::bigint BETWEEN interlock._lease_class() AND interlock._lease_class() + 63;

COMMENT ON VIEW interlock._leases IS 'The processes that run backfill jobs at the moment.';
