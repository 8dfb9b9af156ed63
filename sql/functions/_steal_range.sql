-- No SET clause: it reads the table, as the caller would.
CREATE FUNCTION interlock._steal_range(job interlock.backfill_job, slot int) RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
    victim interlock.backfill_checkpoint := interlock._largest_range(job, slot);
    here interlock.backfill_checkpoint;
    middle jsonb;
BEGIN
    IF victim.job_id IS NULL THEN
        RETURN false;
    ELSIF NOT EXISTS (SELECT FROM interlock._leases AS l WHERE l.job_id OPERATOR(pg_catalog.=) job.id
                                                              AND l.slot OPERATOR(pg_catalog.=) victim.holder) THEN
        here := interlock._lock_range(job, victim);
        IF here.job_id IS NOT NULL THEN
            PERFORM interlock._split_range(here, slot, NULL, 0);    -- its worker is gone
        END IF;
        RETURN here.job_id IS NOT NULL;
    END IF;
    -- Where to cut is found while the other one goes on.
    middle := interlock._middle(job, victim);
    IF middle IS NULL OR middle OPERATOR(pg_catalog.=) victim.upper_key THEN
        RETURN false;
    END IF;
    here := interlock._lock_range(job, victim);
    IF here.job_id IS NULL OR NOT interlock._is_ahead(job, here, middle) THEN
        RETURN false;
    END IF;
    PERFORM interlock._split_range(here, slot, middle, (here.estimated_rows OPERATOR(pg_catalog.-) here.rows_scanned) OPERATOR(pg_catalog./) 2);
    RETURN true;
END
$$;

COMMENT ON FUNCTION interlock._steal_range(interlock.backfill_job, int) IS
    'Takes the second part of what another worker has left, or all of it if that is gone; whether there was enough.';
