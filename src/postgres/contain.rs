//! Errors of our own work that must not become errors of the user's statement.

use std::panic::AssertUnwindSafe;

use pgrx::pg_sys::panic::CaughtError;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{PgLogLevel, PgSqlErrorCode, PgTryBuilder, pg_sys};

/// An error that was caught.
#[derive(Debug)]
pub struct Failure {
    /// Its SQLSTATE.
    pub code: PgSqlErrorCode,
    /// Its primary message.
    pub message: String,
}

impl Failure {
    /// Whether it is the statement that is wrong, and not what became of it here.
    pub fn is_of_the_statement(&self) -> bool {
        use PgSqlErrorCode::*;
        // The class of an SQLSTATE, as in `ERRCODE_TO_CATEGORY` of utils/elog.h.
        let class = self.code as i32 & 0xFFF;
        [
            ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION,
            ERRCODE_DATA_EXCEPTION,
            ERRCODE_FEATURE_NOT_SUPPORTED,
        ]
        .iter()
        .any(|code| *code as i32 == class)
    }

    /// Whether something is not there, or has no such column.
    pub fn is_about_a_name(&self) -> bool {
        matches!(
            self.code,
            PgSqlErrorCode::ERRCODE_UNDEFINED_COLUMN | PgSqlErrorCode::ERRCODE_UNDEFINED_TABLE
        )
    }
}

/// Raises a caught error again, with its code and message.
pub fn raise_again(failure: Failure) -> ! {
    ErrorReport::new(failure.code, failure.message, "").report(PgLogLevel::ERROR);
    unreachable!("an ERROR does not return")
}

/// Runs `f` and catches what it raises: an ERROR of the server or a Rust panic.
///
/// What `f` has taken from the server when it fails (a lock, a snapshot, a reference) stays until the transaction ends;
/// so `f` either takes nothing or its caller aborts the transaction. Raising an error resets the server's counts of held
/// interrupts; they are put back, since transaction callbacks run with interrupts held.
pub fn contained<R>(f: impl FnOnce() -> R) -> Result<R, Failure> {
    // SAFETY: plain counters of this process.
    let held = unsafe { (pg_sys::InterruptHoldoffCount, pg_sys::QueryCancelHoldoffCount) };
    PgTryBuilder::new(AssertUnwindSafe(|| Ok(f())))
        .catch_others(|error| {
            let report = match &error {
                CaughtError::PostgresError(report) | CaughtError::ErrorReport(report) => report,
                CaughtError::RustPanic { ereport, .. } => ereport,
            };
            // SAFETY: as above.
            unsafe { (pg_sys::InterruptHoldoffCount, pg_sys::QueryCancelHoldoffCount) = held };
            Err(Failure {
                code: report.sql_error_code(),
                message: report.message().to_owned(),
            })
        })
        .execute()
}
