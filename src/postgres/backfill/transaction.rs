//! Transactions of a process that no client drives, with a limit of time where one is wanted.

use std::ffi::c_int;
use std::time::{Duration, Instant};

use pgrx::spi::SpiResult;
use pgrx::{PgSqlErrorCode, pg_sys};

use crate::postgres::contain::{Failure, contained, raise_again};

/// `STATEMENT_TIMEOUT` of utils/timeout.h.
const STATEMENT_TIMEOUT: c_int = 3;

// SAFETY: declared as in the server's headers; not bound by pgrx.
unsafe extern "C-unwind" {
    fn enable_timeout_after(id: c_int, delay_milliseconds: c_int);
    fn disable_timeout(id: c_int, keep_indicator: bool);
}

/// What a transaction's failure was, and whether it was the timeout.
#[derive(Debug)]
pub struct Fall {
    /// The error.
    pub failure: Failure,
    /// Whether the time had run out.
    pub timed_out: bool,
}

impl From<Failure> for Fall {
    fn from(failure: Failure) -> Self {
        Self {
            failure,
            timed_out: false,
        }
    }
}

/// Runs `f` in a transaction with a snapshot, for at most `limit` (zero: without end); whatever it raises, no transaction
/// is left open.
///
/// # Errors
/// What `f` or the commit raised.
pub fn transaction<R>(limit: Duration, f: impl FnOnce() -> R) -> Result<R, Failure> {
    timed_transaction(limit, f).map_err(|fall| fall.failure)
}

/// As [`transaction`], telling a timeout from a cancel.
///
/// # Errors
/// What `f` or the commit raised.
pub fn timed_transaction<R>(limit: Duration, f: impl FnOnce() -> R) -> Result<R, Fall> {
    let begun = Instant::now();
    let milliseconds = c_int::try_from(limit.as_millis()).unwrap_or(c_int::MAX);
    // SAFETY: the frame of a worker's transaction, as in src/test/modules/worker_spi. The timeout handler was registered
    // when the process connected; outside a client's query nobody else arms it.
    let result = contained(|| unsafe {
        pg_sys::SetCurrentStatementStartTimestamp();
        pg_sys::StartTransactionCommand();
        if milliseconds > 0 {
            pg_sys::ffi::pg_guard_ffi_boundary(|| enable_timeout_after(STATEMENT_TIMEOUT, milliseconds));
        }
        pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot());
        let value = f();
        if pg_sys::ActiveSnapshotSet() {
            pg_sys::PopActiveSnapshot();
        }
        pg_sys::ffi::pg_guard_ffi_boundary(|| disable_timeout(STATEMENT_TIMEOUT, false));
        pg_sys::CommitTransactionCommand();
        value
    });
    // SAFETY: ends what is left open; harmless where nothing is.
    let _ = contained(|| unsafe {
        pg_sys::ffi::pg_guard_ffi_boundary(|| disable_timeout(STATEMENT_TIMEOUT, false));
        if result.is_err() {
            pg_sys::AbortCurrentTransaction();
        }
        pg_sys::pgstat_report_stat(false);
    });
    result.map_err(|failure| Fall {
        failure,
        timed_out: milliseconds > 0 && begun.elapsed() >= limit,
    })
}

/// Runs SPI work in a transaction; its errors, too, undo it.
///
/// # Errors
/// What was raised, in words of one kind.
pub fn work<R>(limit: Duration, f: impl FnOnce() -> SpiResult<R>) -> Result<R, Fall> {
    timed_transaction(limit, || match f() {
        Ok(value) => value,
        Err(error) => raise_again(Failure {
            code: PgSqlErrorCode::ERRCODE_INTERNAL_ERROR,
            message: error.to_string(),
        }),
    })
}

/// Runs in a transaction what may fail.
///
/// # Errors
/// Its failure, or the commit's.
pub(super) fn in_transaction(f: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
    transaction(Duration::ZERO, || {
        if let Err(failure) = f() {
            raise_again(failure);
        }
    })
}
