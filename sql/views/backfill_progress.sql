CREATE VIEW interlock.backfill_progress WITH (security_invoker = true) AS
    SELECT job.id AS job_id,
           job.name,
           -- The name it has now; if it was dropped, the one it had.
           coalesce(interlock._relation_text(job.relation),
                    pg_catalog.format('%I.%I', job.relation_schema, job.relation_name)) AS relation,
           job.assignments,
           job.condition,
           CASE WHEN job.state = 'finished' THEN 'finished'
                WHEN lease.pid IS NOT NULL THEN CASE WHEN here.pass > 1 THEN 'verifying' ELSE 'running' END
                WHEN job.state = 'failed' THEN 'failed'
                ELSE 'interrupted' END AS state,
           here.pass,
           here.rows_changed,
           here.pass_rows_scanned AS rows_scanned,
           here.estimated_rows,
           pg_catalog.round(progress.percentage::numeric, 1) AS percentage,
           pg_catalog.round(here.rows_per_second::numeric) AS rows_per_second,
           CASE WHEN job.state <> 'finished'
                THEN pg_catalog.make_interval(secs => pg_catalog.round(progress.seconds_left::numeric)::float8) END AS time_left,
           here.batch_size,
           job.owner AS started_by,
           job.created_at AS started_at,
           here.updated_at,
           job.finished_at,
           lease.pid,
           job.last_sqlstate,
           job.last_error
      FROM interlock.backfill_job AS job
           JOIN interlock.backfill_checkpoint AS here ON here.job_id = job.id
           CROSS JOIN LATERAL (
               SELECT interlock._percentage(here.pass_rows_scanned, here.estimated_rows, job.state = 'finished') AS percentage,
                      interlock._time_left(here.estimated_rows - here.pass_rows_scanned, here.rows_per_second, here.batch_size,
                                           pg_catalog.date_part('epoch', job.pause)) AS seconds_left
           ) AS progress
           LEFT JOIN pg_catalog.pg_locks AS lease
                  ON lease.locktype = 'userlock' AND lease.granted
                     AND lease.database = (SELECT d.oid FROM pg_catalog.pg_database AS d
                                            WHERE d.datname = pg_catalog.current_database())
                     AND lease.classid = interlock._lease_class()::oid
                     AND lease.objid::bigint = (job.id & 4294967295)
                     AND lease.objsubid = (job.id >> 32);

COMMENT ON VIEW interlock.backfill_progress IS
    'How each backfill stands: running, verifying (reading the table again), failed, interrupted (call it again and it goes on) or finished. Rows scanned, estimate and percentage are those of the current pass.';
