//! A place to read in that leaves nothing behind: an internal subtransaction, always rolled back.
//!
//! Its rollback releases every lock, relation reference, snapshot and scan taken inside, also after an error, and so
//! keeps the promise that judging a statement takes nothing away from anybody. No transaction id is assigned, because
//! nothing is written. Mirrors how PL/pgSQL's `exec_stmt_block` runs a block with an EXCEPTION clause.

use std::panic::{AssertUnwindSafe, UnwindSafe};

use pgrx::pg_sys::panic::CaughtError;
use pgrx::{PgSqlErrorCode, PgTryBuilder, pg_sys};

/// Why reading failed.
#[derive(Clone, Debug)]
pub struct ReadError {
    /// The server's own words.
    pub message: String,
}

/// Runs `read` in a subtransaction that is then rolled back.
///
/// An error inside becomes the returned error, save for a cancellation, which is raised again: the user asked for it.
pub fn reading<T>(read: impl FnOnce() -> T) -> Result<T, ReadError> {
    // SAFETY: the callers are in a transaction that is not aborted; context and owner are put back below, as every
    // user of internal subtransactions does.
    let (context, owner) = unsafe {
        let saved = (pg_sys::CurrentMemoryContext, pg_sys::CurrentResourceOwner);
        pg_sys::BeginInternalSubTransaction(c"pg_interlock".as_ptr());
        pg_sys::MemoryContextSwitchTo(saved.0);
        saved
    };
    let result = catch(AssertUnwindSafe(read));
    // SAFETY: ends the subtransaction begun above; by now an error has been caught and flushed.
    unsafe {
        pg_sys::RollbackAndReleaseCurrentSubTransaction();
        pg_sys::MemoryContextSwitchTo(context);
        pg_sys::CurrentResourceOwner = owner;
    }
    match result {
        Ok(value) => Ok(value),
        Err(Caught::Cancelled(error)) => error.rethrow(),
        Err(Caught::Failed(error)) => Err(error),
    }
}

enum Caught {
    Cancelled(Box<CaughtError>),
    Failed(ReadError),
}

fn catch<T>(read: impl FnOnce() -> T + UnwindSafe) -> Result<T, Caught> {
    PgTryBuilder::new(AssertUnwindSafe(|| Ok(read())))
        .catch_others(|error| {
            let report = match &error {
                CaughtError::PostgresError(report)
                | CaughtError::ErrorReport(report)
                | CaughtError::RustPanic { ereport: report, .. } => report,
            };
            if report.sql_error_code() == PgSqlErrorCode::ERRCODE_QUERY_CANCELED {
                return Err(Caught::Cancelled(Box::new(error)));
            }
            Err(Caught::Failed(ReadError {
                message: report.message().to_owned(),
            }))
        })
        .execute()
}
