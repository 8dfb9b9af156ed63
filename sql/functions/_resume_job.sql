CREATE FUNCTION interlock._resume_job(wanted_job bigint, relation regclass, batch_size int, pause interval)
RETURNS interlock.backfill_checkpoint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    job interlock.backfill_job;
    here interlock.backfill_checkpoint;
BEGIN
    IF NOT interlock._take_lease(wanted_job) THEN
        RAISE EXCEPTION USING ERRCODE = 'IL010',
            MESSAGE = concat(format('backfill job %s is being run by another session', wanted_job),
                             ', process ' || interlock._lease_holder(wanted_job)),
            HINT = 'Watch it in interlock.backfill_progress.';
    END IF;

    -- Only now the row stands still: whoever had the lease before may have finished the job.
    SELECT j.* INTO job FROM interlock.backfill_job AS j WHERE j.id = wanted_job AND j.state <> 'finished' FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'IL010',
            MESSAGE = format('backfill job %s was finished by another session a moment ago', wanted_job);
    ELSIF job.key NOT IN (SELECT k FROM interlock._keys(relation, interlock._assigned_columns(job.assignments)) AS k) THEN
        RAISE EXCEPTION USING ERRCODE = 'IL010',
            MESSAGE = format('the key of table "%s" has changed since backfill job %s began', interlock._relation_text(relation), job.id),
            DETAIL = format('The job walks along (%s), and no unique index with these columns, types and collations serves any longer.',
                            interlock._key_order(job.key, 'ASC')),
            HINT = format('Restore the key, or give the job up: DELETE FROM interlock.backfill_job WHERE id = %s.', job.id);
    END IF;

    UPDATE interlock.backfill_job AS j
       SET state = 'running', batch_size = _resume_job.batch_size, pause = _resume_job.pause,
           relation_schema = n.nspname, relation_name = c.relname    -- it may have been renamed
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE j.id = job.id AND c.oid = _resume_job.relation;
    SELECT c.* INTO here FROM interlock.backfill_checkpoint AS c WHERE c.job_id = job.id;
    RAISE NOTICE '%', format('backfill job %s, begun by %s at %s, goes on where it stopped', job.id, job.owner,
                             date_trunc('second', job.created_at));
    RETURN here;
END
$$;

COMMENT ON FUNCTION interlock._resume_job(bigint, regclass, int, interval) IS
    'Takes the lease of an unfinished backfill job and returns where it stands.';
