CREATE VIEW interlock.backfill_progress WITH (security_invoker = true) AS
    SELECT job.id AS job_id,
           job.name,
           -- The name it has now; if it was dropped, the one it had.
           coalesce(CASE WHEN job.origin = interlock._origin() THEN interlock._relation_text(job.relation) END,
                    pg_catalog.format('%I.%I', job.relation_schema, job.relation_name)) AS relation,
           job.assignments,
           job.condition,
           CASE WHEN job.state <> 'running' THEN job.state
                WHEN lease.pids IS NULL THEN CASE WHEN job.background AND job.origin = interlock._origin() THEN 'starting' ELSE 'interrupted' END
                WHEN job.held_by IS NOT NULL THEN 'throttled'
                WHEN job.pass > 1 THEN 'verifying'
                ELSE 'running' END AS state,
           job.held_by AS throttled_by,
           CASE WHEN job.state = 'running' AND here.problems > 1 THEN pg_catalog.format('%s, and %s more', here.problem, here.problems - 1)
                WHEN job.state = 'running' THEN here.problem END AS retrying,
           job.pass,
           here.rows_changed,
           here.pass_rows_scanned AS rows_scanned,
           here.estimated_rows,
           pg_catalog.round(progress.percentage::numeric, 1) AS percentage,
           pg_catalog.round(here.rows_per_second::numeric) AS rows_per_second,
           CASE WHEN job.finished_at IS NULL
                THEN pg_catalog.make_interval(secs => pg_catalog.round(progress.seconds_left::numeric)::float8) END AS time_left,
           here.batch_size,
           here.rows_skipped,
           job.workers,
           lease.pids,
           lease.pids[1] AS pid,
           job.owner AS started_by,
           job.created_at AS started_at,
           here.updated_at,
           job.finished_at,
           job.last_sqlstate,
           job.last_error,
           job.last_error_key,
           job.outcome,
           job.verified
      FROM interlock.backfill_job AS job
           CROSS JOIN LATERAL (
               SELECT coalesce(pg_catalog.sum(c.rows_changed), 0)::bigint AS rows_changed,
                      coalesce(pg_catalog.sum(c.rows_skipped), 0)::bigint AS rows_skipped,
                      coalesce(pg_catalog.sum(c.rows_scanned) FILTER (WHERE c.pass = job.pass), 0)::bigint AS pass_rows_scanned,
                      coalesce(pg_catalog.sum(c.estimated_rows) FILTER (WHERE c.pass = job.pass), 0)::bigint AS estimated_rows,
                      -- Several ranges are walked at once by as many workers.
                      pg_catalog.sum(c.rows_per_second) FILTER (WHERE c.pass = job.pass AND NOT c.aside
                                                                AND (NOT c.done AND c.holder IS NOT NULL OR job.workers = 1)) AS rows_per_second,
                      coalesce(pg_catalog.max(c.batch_size) FILTER (WHERE c.pass = job.pass AND NOT c.done),
                               pg_catalog.max(c.batch_size) FILTER (WHERE c.pass = job.pass)) AS batch_size,
                      pg_catalog.min(c.problem) FILTER (WHERE c.pass = job.pass AND NOT c.done) AS problem,
                      pg_catalog.count(c.problem) FILTER (WHERE c.pass = job.pass AND NOT c.done) AS problems,
                      pg_catalog.max(c.updated_at) AS updated_at
                 FROM interlock.backfill_checkpoint AS c
                WHERE c.job_id = job.id
           ) AS here
           CROSS JOIN LATERAL (
               SELECT interlock._percentage(here.pass_rows_scanned, here.estimated_rows, job.state = 'finished') AS percentage,
                      interlock._time_left(here.estimated_rows - here.pass_rows_scanned, here.rows_per_second, here.batch_size,
                                           pg_catalog.date_part('epoch', job.pause)) AS seconds_left
           ) AS progress
           LEFT JOIN (
               SELECT l.job_id, pg_catalog.array_agg(l.pid ORDER BY l.slot) AS pids
                 FROM interlock._leases AS l
                GROUP BY l.job_id
           ) AS lease ON lease.job_id = job.id;

COMMENT ON VIEW interlock.backfill_progress IS
    'How each backfill stands: starting (a worker is on its way), running, verifying (reading the table again), throttled (throttled_by says why), paused, interrupted (its session or server is gone: call it again or resume it), failed, finished or cancelled. retrying: what failed for now and is tried again, a row that somebody has locked, say. Rows scanned, estimate and percentage are those of the current pass.';
