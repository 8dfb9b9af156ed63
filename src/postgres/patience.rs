//! A limit for waiting that can be told from a cancel.
//!
//! `lock_timeout` reaches its process by the very signal of a cancel, and of the two the server tells the timeout only. Who
//! then goes on waiting has lost the cancel. So the limit is a timeout of our own, which needs no signal; while it runs,
//! whoever sends one is noted.

use std::ffi::c_int;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering, compiler_fence};
use std::time::Duration;

#[cfg(not(feature = "pg18"))]
use pg_sys::pqsignal;
#[cfg(feature = "pg18")]
use pg_sys::pqsignal_be as pqsignal;
use pgrx::pg_sys;

/// `USER_TIMEOUT` of utils/timeout.h.
#[cfg(any(feature = "pg15", feature = "pg16"))]
const USER_TIMEOUT: c_int = 12;
#[cfg(any(feature = "pg17", feature = "pg18"))]
const USER_TIMEOUT: c_int = 13;
/// The same on every platform.
const SIGINT: c_int = 2;

// SAFETY: declared as in the server's headers; not bound by pgrx, or not in a form that a signal can take.
unsafe extern "C-unwind" {
    fn RegisterTimeout(id: c_int, handler: unsafe extern "C-unwind" fn()) -> c_int;
    fn enable_timeout_after(id: c_int, delay_milliseconds: c_int);
    fn disable_timeout(id: c_int, keep_indicator: bool);
    fn StatementCancelHandler(signal: c_int);
}

static TIMEOUT: OnceLock<c_int> = OnceLock::new();
static OVER: AtomicBool = AtomicBool::new(false);
static CANCELLED: AtomicBool = AtomicBool::new(false);

/// A limit that runs.
pub struct Limit {
    /// Whether signals come by here.
    listens: bool,
}

impl Limit {
    /// Starts it. When it is over, what waits is interrupted as by a cancel.
    pub fn start(limit: Duration) -> Self {
        let milliseconds = c_int::try_from(limit.as_millis()).unwrap_or(c_int::MAX).max(1);
        OVER.store(false, Ordering::Relaxed);
        CANCELLED.store(false, Ordering::Relaxed);
        // SAFETY: plain variables and functions of the server, none of which raises an error here; the timeout is
        // registered once in a process. A client's session takes cancels in the server's own way; of other processes it is
        // not known.
        unsafe {
            let listens = pg_sys::MyBackendType == pg_sys::BackendType::B_BACKEND;
            if listens {
                pqsignal(SIGINT, Some(on_signal));
            }
            let id = *TIMEOUT.get_or_init(|| RegisterTimeout(USER_TIMEOUT, on_timeout));
            enable_timeout_after(id, milliseconds);
            Limit { listens }
        }
    }

    /// Ends it; whether it was over, and nobody cancelled.
    pub fn stop(self) -> bool {
        // SAFETY: as above.
        unsafe {
            if let Some(id) = TIMEOUT.get() {
                disable_timeout(*id, false);
            }
            let over = OVER.load(Ordering::Relaxed) && take_back();
            // Last: who sends a signal until now is noted, and who does later is none of ours.
            if self.listens {
                pqsignal(SIGINT, Some(StatementCancelHandler));
            }
            over
        }
    }
}

/// Takes back the interrupt of a timeout, unless somebody cancels; so it is looked at before and after.
///
/// # Safety
/// Signals must be noted.
unsafe fn take_back() -> bool {
    let cancelled = || CANCELLED.load(Ordering::Relaxed);
    if cancelled() {
        return false;
    }
    // SAFETY: flags that signal handlers may set at any moment.
    unsafe {
        pg_sys::QueryCancelPending = 0;
        compiler_fence(Ordering::SeqCst);
        if cancelled() {
            pg_sys::QueryCancelPending = 1;
            pg_sys::InterruptPending = 1;
            return false;
        }
    }
    true
}

/// # Safety
/// Called by the server only, in a signal handler.
unsafe extern "C-unwind" fn on_timeout() {
    OVER.store(true, Ordering::Relaxed);
    // SAFETY: flags that signal handlers may set.
    unsafe {
        pg_sys::QueryCancelPending = 1;
        pg_sys::InterruptPending = 1;
    }
}

/// # Safety
/// Called by the server only, in a signal handler.
unsafe extern "C-unwind" fn on_signal(signal: c_int) {
    CANCELLED.store(true, Ordering::Relaxed);
    // SAFETY: the handler that was there before.
    unsafe { StatementCancelHandler(signal) }
}
