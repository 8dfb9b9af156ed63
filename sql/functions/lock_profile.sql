CREATE FUNCTION interlock.lock_profile(command text)
RETURNS jsonb
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'pg_interlock_lock_profile';

COMMENT ON FUNCTION interlock.lock_profile(text) IS
'What each statement of a command would lock, rewrite, scan and build, and what would be decided about it, as jsonb for programs. Runs nothing and leaves no lock.';
