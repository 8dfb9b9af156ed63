-- The functions of the backfill that the library defines: src/api/backfill.rs.
COMMENT ON FUNCTION interlock._first_batch_size() IS 'Rows of the first batch of a backfill that chooses its batch size.';
COMMENT ON FUNCTION interlock._next_batch_size(int, int, float8, bigint, bigint) IS
    'Rows of the next batch, from those of the last one, the size that is asked for if any, the speed, the number of batches done, and the time that a batch should take, in milliseconds.';
COMMENT ON FUNCTION interlock._halved(int) IS 'Half as many rows, at least one.';
COMMENT ON FUNCTION interlock._fault(text) IS
    'What kind of failure an SQLSTATE means for a batch: lock, conflict, timeout, resource, data or lasting.';
COMMENT ON FUNCTION interlock._retry_delay(int, text) IS
    'Seconds to wait before a batch that failed this many times in this way is tried again; null if it is not.';
COMMENT ON FUNCTION interlock._next_state(text, text) IS
    'The state of a job after an action: pause, resume, retry, cancel or change; null if it makes no sense.';
COMMENT ON FUNCTION interlock._options_fault(jsonb) IS 'What is wrong with the options of a job; null if nothing is.';
COMMENT ON FUNCTION interlock._option(jsonb, text) IS
    'The number that holds for an option of a job: its own, or else that of the setting pg_interlock.backfill_...';
COMMENT ON FUNCTION interlock._window(jsonb) IS 'The times of the day at which a job with these options runs.';
COMMENT ON FUNCTION interlock._window_is_open(text, int) IS 'Whether this minute of the day is in a window such as 22:00-06:00.';
COMMENT ON FUNCTION interlock._is_look_due(bigint) IS 'Whether this session has not looked at the load of the server for a while.';
COMMENT ON FUNCTION interlock._wal_rest(bigint, bigint) IS
    'Notes how many bytes of WAL the server has written, and returns how many seconds to rest, at a budget of so many kilobytes per second.';
COMMENT ON FUNCTION interlock._wal_age(bigint) IS
    'For how many seconds there has been WAL behind this position, as far as this session has noted.';
COMMENT ON FUNCTION interlock._asker() IS
    'The OID of the role who asks for what is done now: the session user, in a SECURITY DEFINER function its owner.';
COMMENT ON FUNCTION interlock._origin() IS 'Which database of which cluster this is; a copy of either is another one.';
COMMENT ON FUNCTION interlock._server_major() IS 'The major version of the server.';
COMMENT ON FUNCTION interlock._has_launcher() IS 'Whether there is a process that starts workers.';
COMMENT ON FUNCTION interlock._summon_workers() IS
    'Has the jobs of this database looked after when this transaction commits.';
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
COMMENT ON FUNCTION interlock._take_lease(bigint, int) IS
    'Takes the lease of a worker of a backfill job, counted from 0, for this session, until it is released or an error occurs; false if another session has it.';
COMMENT ON FUNCTION interlock._release_lease(bigint, int) IS 'Gives such a lease back.';
COMMENT ON FUNCTION interlock._assigned_columns(text) IS
    'The columns that the SET list of an UPDATE assigns; null if the parser rejects it.';
COMMENT ON FUNCTION interlock._is_condition(text) IS 'True for an expression that can stand after WHERE; null if the parser rejects it.';
COMMENT ON FUNCTION interlock._note_look(bigint) IS 'Notes that this session has looked at the load of the server for a job.';
COMMENT ON FUNCTION interlock._note_batch() IS 'Notes that what follows in this transaction is a batch: if it takes too long, its rows are to blame.';
COMMENT ON FUNCTION interlock._came_to(bigint, int, int) IS
    'Notes which range of which pass of a job this session walks now; whether it is the same as before.';
COMMENT ON FUNCTION interlock._launcher_runs() IS 'Whether the process that starts the workers of backfills runs at the moment.';
COMMENT ON FUNCTION interlock._seat_class() IS
    'The classid in pg_locks of the seats that all workers of backfills in the server share.';
