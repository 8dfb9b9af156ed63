CREATE FUNCTION interlock._check_job(job interlock.backfill_job) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    relation text := interlock._require_relation(job.id);
BEGIN
    IF job.key NOT IN (SELECT k FROM interlock._keys(job.relation, interlock._assigned_columns(job.assignments)) AS k) THEN
        RAISE EXCEPTION USING ERRCODE = 'IL010',
            MESSAGE = format('the key of table "%s" has changed since backfill job %s began', relation, job.id),
            DETAIL = format('The job walks along (%s), and no unique index with these columns, types and collations serves any longer.',
                            interlock._key_order(job.key, 'ASC')),
            HINT = format('Restore the key, or give the job up: SELECT interlock.cancel_backfill(%s).', job.id);
    END IF;
END
$$;

COMMENT ON FUNCTION interlock._check_job(interlock.backfill_job) IS
    'Raises an error if the table of a job is gone or has lost the key that the job walks along.';
