CREATE FUNCTION interlock._key_range(key jsonb, above jsonb, upto jsonb) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    -- Literals rather than parameters, so that the planner sees how little of the table a batch is. It estimates a row
    -- comparison by its first columns alone and takes the two ends for independent: with few values in the first column
    -- it would read the whole table for each batch. So columns that are the same at both ends become equalities, and the
    -- first one after them gets bounds of its own.
    WITH part AS (
        SELECT position,
               format('%I', value ->> 'name') AS name,
               format('%L::%s', above ->> (position - 1)::int, interlock._type_text(value ->> 'type')) AS low,
               format('%L::%s', upto ->> (position - 1)::int, interlock._type_text(value ->> 'type')) AS high,
               (position < count(*) OVER () OR above = upto)
               AND coalesce(bool_and(above ->> (position - 1)::int = upto ->> (position - 1)::int) OVER (ORDER BY position),
                            false) AS fixed
          FROM jsonb_array_elements(key -> 'columns') WITH ORDINALITY AS part (value, position)
    ), term AS (
        SELECT format('OPERATOR(%I.', key ->> 'operators') AS op,
               array_agg(part.name ORDER BY position) FILTER (WHERE NOT fixed) AS names,
               array_agg(part.low ORDER BY position) FILTER (WHERE NOT fixed) AS lows,
               array_agg(part.high ORDER BY position) FILTER (WHERE NOT fixed) AS highs,
               string_agg(format('%s OPERATOR(%I.=) %s', part.name, key ->> 'operators', part.high), ' AND ' ORDER BY position)
                   FILTER (WHERE fixed) AS equalities
          FROM part
    )
    SELECT concat_ws(' AND ',
                     equalities,
                     CASE WHEN above IS NOT NULL AND cardinality(names) > 1 THEN
                          format('%1$s %2$s>=) %3$s AND %1$s %2$s<=) %4$s', names[1], op, lows[1], highs[1]) END,
                     CASE WHEN above IS NOT NULL AND names IS NOT NULL THEN
                          format('(%s) %s>) (%s)', array_to_string(names, ', '), op, array_to_string(lows, ', ')) END,
                     CASE WHEN names IS NOT NULL THEN
                          format('(%s) %s<=) (%s)', array_to_string(names, ', '), op, array_to_string(highs, ', ')) END)
      FROM term
$$;

COMMENT ON FUNCTION interlock._key_range(jsonb, jsonb, jsonb) IS
    'The condition that a key lies above the first value (null: from the start) and not above the second; that it is this very key if they are the same.';
