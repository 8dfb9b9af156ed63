CREATE FUNCTION interlock._last_place(part oid) RETURNS jsonb
LANGUAGE sql VOLATILE STRICT SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN blocks > 0 THEN jsonb_build_array(format('(%s,65535)', blocks - 1)) END
      FROM (SELECT pg_relation_size(part, 'main') / current_setting('block_size')::bigint) AS size (blocks)
$$;

COMMENT ON FUNCTION interlock._last_place(oid) IS 'Where the last row of a table could lie; null if it is empty.';
