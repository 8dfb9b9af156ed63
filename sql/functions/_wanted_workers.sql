CREATE FUNCTION interlock._wanted_workers() RETURNS TABLE (job_id bigint, slot int, connect_as oid, then_role oid, due timestamptz)
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
    WITH job AS (
        SELECT j.*
          FROM interlock.backfill_job AS j
         WHERE j.state = 'running' AND j.background AND j.origin = interlock._origin()
    ), wanted AS (
        SELECT job.*, slot
          FROM job CROSS JOIN generate_series(0, job.workers - 1) AS slot
         WHERE NOT EXISTS (SELECT FROM interlock._leases AS l WHERE l.job_id = job.id AND l.slot = slot)
    ), begun AS (
        UPDATE interlock.backfill_job AS j
           SET starts = j.starts + 1,
               start_after = clock_timestamp() + make_interval(secs => least(300, 2 ^ least(j.starts, 20)))
          FROM (SELECT DISTINCT wanted.id FROM wanted) AS w
         WHERE j.id = w.id AND (j.start_after IS NULL OR j.start_after <= clock_timestamp())
     RETURNING j.id
    )
    SELECT wanted.id, wanted.slot,
           CASE WHEN owner.rolcanlogin OR interlock._server_major() >= 17 THEN wanted.owner ELSE wanted.asker END::oid,
           CASE WHEN owner.rolcanlogin OR interlock._server_major() >= 17 THEN 0::oid ELSE wanted.owner::oid END,
           CASE WHEN begun.id IS NULL THEN wanted.start_after END
      FROM wanted
           LEFT JOIN begun ON begun.id = wanted.id
           JOIN pg_roles AS owner ON owner.oid = wanted.owner
     WHERE interlock._can_work_as(wanted.owner, wanted.asker)
     ORDER BY wanted.slot, wanted.id
$$;

REVOKE ALL ON FUNCTION interlock._wanted_workers() FROM PUBLIC;

COMMENT ON FUNCTION interlock._wanted_workers() IS
    'The workers that running jobs lack, and as whom they connect; with a due time those that failed to start and are not to be tried before.';
