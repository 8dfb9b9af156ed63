CREATE FUNCTION interlock._place_bound(part oid, above jsonb, upper jsonb, rows int) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    -- Nothing tells the server where the nth row lies but reading on and sorting. So it looks at twice the blocks that so
    -- many rows should take, and no further.
    SELECT CASE WHEN bound < interlock._block(upper) THEN jsonb_build_array(format('(%s,65535)', bound)) ELSE upper END
      FROM (SELECT coalesce(interlock._block(above), -1) + 1
                   + ceil(2.0 * rows / CASE WHEN c.reltuples > 0 AND c.relpages > 0 THEN greatest(1, c.reltuples / c.relpages)
                                            ELSE 50 END)::bigint AS bound
              FROM pg_class AS c
             WHERE c.oid = part) AS reach
$$;

COMMENT ON FUNCTION interlock._place_bound(oid, jsonb, jsonb, int) IS
    'How far a batch of so many rows looks, in a table that is walked by place.';
