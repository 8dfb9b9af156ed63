CREATE FUNCTION interlock._open_backfill(relation regclass, assignments text, condition text, key jsonb, batch_size int,
                                         pause interval, name text, wanted_job bigint) RETURNS interlock.backfill_checkpoint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    job interlock.backfill_job := interlock._find_job(relation, assignments, condition, name);
    here interlock.backfill_checkpoint;
BEGIN
    IF wanted_job IS DISTINCT FROM job.id AND wanted_job IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'IL010',
            MESSAGE = format('no unfinished backfill job %s with this definition exists', wanted_job);
    ELSIF job.id IS NULL THEN
        here := interlock._create_job(relation, assignments, condition, key, batch_size, pause, name);
        IF here.job_id IS NOT NULL THEN
            PERFORM interlock._take_lease(here.job_id);
            RETURN here;
        END IF;
        -- Another session was quicker, and we waited for its commit.
        job := interlock._find_job(relation, assignments, condition, name);
        IF job.id IS NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'IL010',
                MESSAGE = format('a role whose privileges you do not have has an unfinished backfill of table "%s" with this definition', interlock._relation_text(relation));
        END IF;
    END IF;
    RETURN interlock._resume_job(job.id, relation, batch_size, pause);
END
$$;

COMMENT ON FUNCTION interlock._open_backfill(regclass, text, text, jsonb, int, interval, text, bigint) IS
    'Finds the unfinished job with this definition or creates it, and takes its lease.';
