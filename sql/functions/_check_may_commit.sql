CREATE FUNCTION interlock._check_may_commit(procedure text, obstacle text) RETURNS void
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    IF obstacle IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'active_sql_transaction',
            MESSAGE = pg_catalog.format('%s cannot run %s', procedure, obstacle),
            DETAIL = 'It commits again and again, which is not possible there.',
            HINT = 'Send CALL as a statement of its own, outside BEGIN ... COMMIT and with autocommit on.  In a migration tool, turn off the transaction around this migration, or use interlock.start_backfill().';
    END IF;
END
$$;

COMMENT ON FUNCTION interlock._check_may_commit(text, text) IS 'Raises an error where a procedure cannot commit.';
