CREATE FUNCTION interlock._pass_is_done(here interlock.backfill_checkpoint) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT here.last_key IS NOT DISTINCT FROM here.upper_key    -- both are null for an empty table
$$;

COMMENT ON FUNCTION interlock._pass_is_done(interlock.backfill_checkpoint) IS 'Whether a pass has come to its upper key.';
