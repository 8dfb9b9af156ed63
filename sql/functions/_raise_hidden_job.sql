CREATE FUNCTION interlock._raise_hidden_job(relation regclass) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'IL010',
        MESSAGE = format('a role whose privileges you do not have has an unfinished backfill of table "%s" with this definition',
                         interlock._relation_text(relation));
END
$$;

COMMENT ON FUNCTION interlock._raise_hidden_job(regclass) IS
    'Raises the error that somebody else has a job in the way, of which no more may be said.';
