CREATE FUNCTION interlock._open_backfill(relation regclass, assignments text, condition text, batch_size int,
                                         pause interval, name text, wanted_job bigint, settings jsonb) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    job interlock.backfill_job := interlock._find_job(relation, assignments, condition, name);
    new_job bigint;
BEGIN
    IF wanted_job IS DISTINCT FROM job.id AND wanted_job IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'IL010',
            MESSAGE = format('no unfinished backfill job %s with this definition exists', wanted_job);
    ELSIF job.id IS NULL THEN
        new_job := interlock._create_job(relation, assignments, condition, batch_size, pause, name, 1, 'stop', '{}', NULL,
                                         settings, false);
        IF new_job IS NOT NULL THEN
            PERFORM interlock._take_lease(new_job, 0);
            RETURN new_job;
        END IF;
        -- Another session was quicker, and we waited for its commit.
        job := interlock._find_job(relation, assignments, condition, name);
        IF job.id IS NULL THEN
            PERFORM interlock._raise_hidden_job(relation);
        END IF;
    END IF;
    PERFORM interlock._resume_job(job.id, relation, batch_size, pause);
    RETURN job.id;
END
$$;

COMMENT ON FUNCTION interlock._open_backfill(regclass, text, text, int, interval, text, bigint, jsonb) IS
    'Finds the unfinished job with this definition or creates it, and takes its lease.';
