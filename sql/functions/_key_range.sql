CREATE FUNCTION interlock._key_range(key jsonb, above jsonb, upto jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    -- Literals rather than parameters: the planner sees how much of the table a batch is.
    SELECT concat_ws(' AND ',
                     CASE WHEN above IS NOT NULL
                          THEN format('(%s) OPERATOR(%I.>) (%s)', part.names, key ->> 'operators', part.low) END,
                     format('(%s) OPERATOR(%I.<=) (%s)', part.names, key ->> 'operators', part.high))
      FROM (SELECT string_agg(format('%I', value ->> 'name'), ', ' ORDER BY position) AS names,
                   string_agg(format('%L::%s', above ->> (position - 1)::int, value ->> 'type'), ', ' ORDER BY position) AS low,
                   string_agg(format('%L::%s', upto ->> (position - 1)::int, value ->> 'type'), ', ' ORDER BY position) AS high
              FROM jsonb_array_elements(key -> 'columns') WITH ORDINALITY AS part (value, position)) AS part
$$;

COMMENT ON FUNCTION interlock._key_range(jsonb, jsonb, jsonb) IS
    'The condition that a key lies above the first value (null: from the start) and not above the second.';
