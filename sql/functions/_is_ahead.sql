-- No SET clause: it reads the table, as the caller would.
CREATE FUNCTION interlock._is_ahead(job interlock.backfill_job, here interlock.backfill_checkpoint, middle jsonb) RETURNS boolean
LANGUAGE plpgsql
AS $$
BEGIN
    IF interlock._by_place(here.key) THEN
        RETURN coalesce(interlock._block(coalesce(here.last_key, here.above_key)) OPERATOR(pg_catalog.<) interlock._block(middle), true);
    ELSIF coalesce(here.last_key, here.above_key) OPERATOR(pg_catalog.=) middle THEN
        RETURN false;    -- From a key up to itself is that very key.
    END IF;
    RETURN interlock._read_key(interlock._target(job.relation, here.part, interlock._changed_columns(job)), here.key,
        interlock._key_range(here.key, coalesce(here.last_key, here.above_key), middle), 'ASC', 1) IS NOT NULL;
END
$$;

COMMENT ON FUNCTION interlock._is_ahead(interlock.backfill_job, interlock.backfill_checkpoint, jsonb) IS
    'Whether a range has not come as far as this key yet.';
