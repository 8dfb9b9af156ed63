CREATE FUNCTION interlock._middle_place(here interlock.backfill_checkpoint) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN upper - above > 64 THEN jsonb_build_array(format('(%s,65535)', (above + upper) / 2)) END
      FROM (SELECT coalesce(interlock._block(coalesce(here.last_key, here.above_key)), 0) AS above,
                   interlock._block(here.upper_key) AS upper) AS blocks
$$;

COMMENT ON FUNCTION interlock._middle_place(interlock.backfill_checkpoint) IS
    'The middle of what is left of a range, in a table that is walked by place; null if that is little.';
