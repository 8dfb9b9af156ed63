CREATE FUNCTION interlock._type_text(name text) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    -- What is written in a checkpoint its owner can change, and somebody else may go on with the job. So it is made sure
    -- that this is a type and nothing else. With a type modifier of -1, as NULL would make "character" of char(n): one letter.
    SELECT format_type(name::regtype, -1)
$$;

COMMENT ON FUNCTION interlock._type_text(text) IS 'The name of a type, checked.';
