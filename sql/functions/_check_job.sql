CREATE FUNCTION interlock._check_job(job interlock.backfill_job) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    relation text := interlock._require_relation(job.id);
    lost record;
BEGIN
    SELECT c.part, c.key INTO lost
      FROM interlock.backfill_checkpoint AS c
     WHERE c.job_id = job.id AND c.pass = job.pass AND NOT c.done
           AND interlock._is_part(job.relation, c.part) AND NOT interlock._by_place(c.key)
           AND c.key NOT IN (SELECT k FROM interlock._keys(c.part, interlock._changed_columns(job)) AS k)
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'IL010',
            MESSAGE = format('the key of table "%s" has changed since backfill job %s began', interlock._relation_text(lost.part), job.id),
            DETAIL = format('The job walks along (%s), and no unique index with these columns, types and collations serves any longer.',
                            interlock._key_order(lost.key, 'ASC')),
            HINT = format('Restore the key, or give the job up: SELECT interlock.cancel_backfill(%s).', job.id);
    END IF;
END
$$;

COMMENT ON FUNCTION interlock._check_job(interlock.backfill_job) IS
    'Raises an error if the table of a job is gone or has lost the key that the job walks along.';
