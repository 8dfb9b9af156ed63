CREATE FUNCTION interlock._resume_job(wanted_job bigint, relation regclass, batch_size int, pause interval, on_error text,
                                      options jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    job interlock.backfill_job;
BEGIN
    IF NOT interlock._take_lease(wanted_job, 0) OR interlock._runner(wanted_job) <> pg_backend_pid() THEN
        RAISE EXCEPTION USING ERRCODE = 'IL010',
            MESSAGE = concat(format('backfill job %s is being run by another session', wanted_job),
                             ', process ' || interlock._runner(wanted_job)),
            HINT = format('Watch it: CALL interlock.wait_for_backfill(%s), or interlock.backfill_progress.', wanted_job);
    END IF;

    -- Only now the row stands still: whoever had the lease before may have finished the job.
    SELECT j.* INTO job
      FROM interlock.backfill_job AS j
     WHERE j.id = wanted_job AND j.state NOT IN ('finished', 'cancelled')
       FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'IL010',
            MESSAGE = format('backfill job %s was finished by another session a moment ago', wanted_job);
    END IF;
    PERFORM interlock._check_job(job);
    UPDATE interlock.backfill_job AS j
       SET state = 'running', background = false, held_by = NULL,
           batch_size = _resume_job.batch_size, pause = _resume_job.pause,
           on_error = coalesce(_resume_job.on_error, j.on_error), options = coalesce(_resume_job.options, j.options)
     WHERE j.id = job.id;
    PERFORM interlock._free_ranges(job.id);
    PERFORM interlock._note_event(job.id, 'resumed', 'by CALL interlock.safe_backfill()');
    RAISE NOTICE '%', format('backfill job %s, begun by %s at %s, goes on where it stopped', job.id, job.owner,
                             date_trunc('second', job.created_at));
END
$$;

COMMENT ON FUNCTION interlock._resume_job(bigint, regclass, int, interval, text, jsonb) IS
    'Takes the lease of an unfinished backfill job, to go on with it in this session.';
