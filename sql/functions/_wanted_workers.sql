-- For the process that visits databases, as their superuser: it starts these workers.
CREATE FUNCTION interlock._wanted_workers(most int) RETURNS TABLE (job_id bigint, slot int, connect_as oid, then_role oid, due timestamptz)
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
    WITH job AS (
        SELECT j.*
          FROM interlock.backfill_job AS j
         WHERE j.state = 'running' AND j.background AND j.origin = interlock._origin()
               AND interlock._can_work_as(j.owner, j.asker)
    ), lacking AS (
        SELECT job.*, number.slot
          FROM job CROSS JOIN generate_series(0, job.workers - 1) AS number (slot)
         WHERE NOT EXISTS (SELECT FROM interlock._leases AS l WHERE l.job_id = job.id AND l.slot = number.slot)
    ), wanted AS (
        -- Each job gets its first worker before another one gets its second.
        SELECT lacking.*, row_number() OVER (ORDER BY lacking.start_after > clock_timestamp() IS TRUE, lacking.slot, lacking.id) AS place
          FROM lacking
    ), free AS (
        -- Somebody who steers a job may have locked its row: then it is looked at again in a moment, not waited for.
        SELECT j.id
          FROM interlock.backfill_job AS j
         WHERE j.id IN (SELECT wanted.id FROM wanted WHERE wanted.place <= most)
               AND (j.start_after IS NULL OR j.start_after <= clock_timestamp())
           FOR UPDATE SKIP LOCKED
    ), begun AS (
        UPDATE interlock.backfill_job AS j
           SET starts = j.starts + 1,
               start_after = clock_timestamp() + make_interval(secs => least(300, 2 ^ least(j.starts, 20)))
          FROM free
         WHERE j.id = free.id
     RETURNING j.id
    )
    SELECT wanted.id, wanted.slot,
           CASE WHEN owner.rolcanlogin OR interlock._server_major() >= 17 THEN wanted.owner ELSE wanted.asker END::oid,
           CASE WHEN owner.rolcanlogin OR interlock._server_major() >= 17 THEN 0::oid ELSE wanted.owner::oid END,
           CASE WHEN begun.id IS NULL OR wanted.place > most
                THEN greatest(wanted.start_after, clock_timestamp() + make_interval(secs => 1)) END
      FROM wanted
           LEFT JOIN begun ON begun.id = wanted.id
           JOIN pg_roles AS owner ON owner.oid = wanted.owner
     ORDER BY wanted.place
$$;

REVOKE ALL ON FUNCTION interlock._wanted_workers(int) FROM PUBLIC;

COMMENT ON FUNCTION interlock._wanted_workers(int) IS
    'The workers that running jobs lack, and as whom they connect. At most so many are to be started now; the others have the time when to look again.';
