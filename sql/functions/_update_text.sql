CREATE FUNCTION interlock._update_text(relation text, assignments text, condition text, key_range text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    -- A line break after each text of the user's ends a comment that it may end with. With a condition, the statement
    -- also counts the rows that match it still when they are changed.
    SELECT CASE WHEN condition IS NULL
           THEN format(E'UPDATE %s SET %s\n WHERE %s', relation, assignments, key_range)
           ELSE format(E'WITH changed AS (UPDATE %1$s SET %2$s\n WHERE %3$s AND (%4$s\n) RETURNING (%4$s\n) AS still)'
                       ' SELECT pg_catalog.count(*), pg_catalog.count(*) FILTER (WHERE still) FROM changed',
                       relation, assignments, key_range, condition)
           END
$$;

COMMENT ON FUNCTION interlock._update_text(text, text, text, text) IS 'The statement that changes one key range.';
