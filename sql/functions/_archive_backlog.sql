-- SECURITY DEFINER, as in _wraparound_vacuum().
CREATE FUNCTION interlock._archive_backlog(most bigint) RETURNS text
LANGUAGE sql VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('WAL files waiting for archiving: %s (limit %s)', count(*), most)
      FROM pg_ls_archive_statusdir() AS file
     WHERE current_setting('archive_mode') <> 'off' AND file.name LIKE '%.ready'
    HAVING count(*) > most
$$;

COMMENT ON FUNCTION interlock._archive_backlog(bigint) IS
    'Why a backfill has to wait, if more WAL files than this wait for archiving.';
