CREATE FUNCTION interlock._check_job(job interlock.backfill_job) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    relation text := interlock._require_relation(job.id);
BEGIN
    PERFORM interlock._check_key(job, c.part, c.key)
       FROM (SELECT DISTINCT c.part, c.key
               FROM interlock.backfill_checkpoint AS c
              WHERE c.job_id = job.id AND c.pass = job.pass AND NOT c.done AND interlock._is_part(job.relation, c.part)) AS c;
END
$$;

COMMENT ON FUNCTION interlock._check_job(interlock.backfill_job) IS
    'Raises an error if the table of a job is gone or has lost the key that the job walks along.';
