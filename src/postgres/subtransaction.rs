//! A place to read in that leaves nothing behind: an internal subtransaction, always rolled back.
//!
//! Its rollback releases every lock, relation reference, snapshot and scan taken inside, also after an error, and so
//! keeps the promise that judging a statement takes nothing away from anybody. No transaction id is assigned, because
//! nothing is written. Nothing is said either: what a user's function has to say while constants are folded is said again
//! when the statement runs. Mirrors how PL/pgSQL's `exec_stmt_block` runs a block with an EXCEPTION clause.

use pgrx::{PgLogLevel, PgSqlErrorCode, pg_sys};

use super::contain::{Failure, contained, raise_again};

/// Runs `read` in a subtransaction that is then rolled back.
///
/// # Errors
/// What `read` raised; save for a cancellation, which is raised again, since the user asked for it.
pub fn reading<T>(read: impl FnOnce() -> T) -> Result<T, Failure> {
    // SAFETY: the callers are in a transaction that is not aborted; context, owner and the two settings are put back
    // below, as every user of internal subtransactions does.
    let (context, owner, messages) = unsafe {
        let context = pg_sys::CurrentMemoryContext;
        let owner = pg_sys::CurrentResourceOwner;
        let messages = (pg_sys::client_min_messages, pg_sys::log_min_messages);
        pg_sys::BeginInternalSubTransaction(c"pg_interlock".as_ptr());
        pg_sys::MemoryContextSwitchTo(context);
        pg_sys::client_min_messages = PgLogLevel::ERROR as i32;
        pg_sys::log_min_messages = PgLogLevel::ERROR as i32;
        (context, owner, messages)
    };
    let result = contained(read);
    // SAFETY: ends the subtransaction begun above; by now an error has been caught and flushed. The settings come last: a
    // function that was folded may have changed them, and the rollback puts back what it found, which was ours.
    unsafe {
        pg_sys::RollbackAndReleaseCurrentSubTransaction();
        pg_sys::MemoryContextSwitchTo(context);
        pg_sys::CurrentResourceOwner = owner;
        (pg_sys::client_min_messages, pg_sys::log_min_messages) = messages;
    }
    match result {
        Err(failure) if failure.code == PgSqlErrorCode::ERRCODE_QUERY_CANCELED => raise_again(failure),
        other => other,
    }
}
