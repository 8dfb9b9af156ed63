-- The functions of the backfill that the library defines: src/api/backfill.rs.
COMMENT ON FUNCTION interlock._first_batch_size() IS 'Rows of the first batch of a backfill that chooses its batch size.';
COMMENT ON FUNCTION interlock._next_batch_size(int, float8, bigint) IS
    'Rows of the next batch, from those of the last one, the speed, and the number of batches done.';
COMMENT ON FUNCTION interlock._retry_delay(int, text) IS
    'Seconds to wait before a batch that failed this many times with this SQLSTATE is tried again; null if it is not.';
COMMENT ON FUNCTION interlock._retry_size(int, text) IS 'Rows of a batch that is tried again after it failed with this SQLSTATE.';
COMMENT ON FUNCTION interlock._smoothed_rate(float8, bigint, float8) IS
    'The moving average of rows per second after a batch of so many rows in so many milliseconds.';
COMMENT ON FUNCTION interlock._percentage(bigint, bigint, boolean) IS
    'Percent of the estimated rows that are done; 100 only when finished.';
COMMENT ON FUNCTION interlock._time_left(bigint, float8, int, float8) IS
    'Seconds for the remaining rows, from rows per second, batch size and the pause after each batch.';
COMMENT ON FUNCTION interlock._duration(float8) IS 'Seconds as a person reads them: 3 min 20 s.';
COMMENT ON FUNCTION interlock._commit_obstacle() IS
    'Why the procedure that asks cannot commit, as the end of a sentence; null if it can.';
COMMENT ON FUNCTION interlock._lease_class() IS 'The classid under which pg_locks shows the leases of backfill jobs.';
COMMENT ON FUNCTION interlock._take_lease(bigint) IS
    'Takes the lease of a backfill job for this session, until it is released or an error occurs; false if another session has it.';
COMMENT ON FUNCTION interlock._release_lease(bigint) IS 'Gives the lease of a backfill job back.';
COMMENT ON FUNCTION interlock._assigned_columns(text) IS
    'The columns that the SET list of an UPDATE assigns; null if the parser rejects it.';
COMMENT ON FUNCTION interlock._is_condition(text) IS 'True for an expression that can stand after WHERE; null if the parser rejects it.';
