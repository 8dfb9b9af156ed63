//! The ends of transactions and subtransactions, told to one listener.
//!
//! The server calls back at the end of every transaction of every session: while nobody listens that costs one branch.
//! A callback must not raise, since the commit has happened: whatever the listener raises is caught.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use pgrx::pg_sys;

use super::contain::contained;

/// What ended, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The transaction is committed.
    Committed,
    /// The transaction is rolled back.
    RolledBack,
    /// The transaction is prepared: its end is up to COMMIT PREPARED or ROLLBACK PREPARED, perhaps of another session.
    Prepared,
    /// A subtransaction ended well: what it did is now its parent's.
    SubCommitted {
        /// The subtransaction.
        sub: u32,
        /// Its parent.
        parent: u32,
    },
    /// A subtransaction is rolled back.
    SubRolledBack {
        /// The subtransaction.
        sub: u32,
    },
}

static LISTENING: AtomicBool = AtomicBool::new(false);
static LISTENER: OnceLock<fn(End)> = OnceLock::new();

/// Registers the listener. To be called once, from `_PG_init`.
pub fn init(listener: fn(End)) {
    if LISTENER.set(listener).is_ok() {
        // SAFETY: callbacks of the right type; sessions inherit them from the postmaster.
        unsafe {
            pg_sys::RegisterXactCallback(Some(on_end), std::ptr::null_mut());
            pg_sys::RegisterSubXactCallback(Some(on_sub_end), std::ptr::null_mut());
        }
    }
}

/// Begins or ceases to tell the listener.
pub fn listen(on: bool) {
    LISTENING.store(on, Ordering::Relaxed);
}

/// The subtransaction that is open, 1 where there is none but the transaction itself.
pub fn current_subtransaction() -> u32 {
    // SAFETY: reads a variable.
    unsafe { pg_sys::GetCurrentSubTransactionId() }
}

// SAFETY: called by the server only, as the type of its callback says. Neither callback is wrapped in `pg_guard`: `tell`
// catches everything by itself, and where nobody listens the branch is all there is.
unsafe extern "C-unwind" fn on_end(event: pg_sys::XactEvent::Type, _argument: *mut std::ffi::c_void) {
    if LISTENING.load(Ordering::Relaxed) {
        tell(match event {
            pg_sys::XactEvent::XACT_EVENT_COMMIT => End::Committed,
            pg_sys::XactEvent::XACT_EVENT_ABORT => End::RolledBack,
            pg_sys::XactEvent::XACT_EVENT_PREPARE => End::Prepared,
            _ => return,
        });
    }
}

// SAFETY: as above.
unsafe extern "C-unwind" fn on_sub_end(
    event: pg_sys::SubXactEvent::Type,
    sub: pg_sys::SubTransactionId,
    parent: pg_sys::SubTransactionId,
    _argument: *mut std::ffi::c_void,
) {
    if LISTENING.load(Ordering::Relaxed) {
        tell(match event {
            pg_sys::SubXactEvent::SUBXACT_EVENT_COMMIT_SUB => End::SubCommitted { sub, parent },
            pg_sys::SubXactEvent::SUBXACT_EVENT_ABORT_SUB => End::SubRolledBack { sub },
            _ => return,
        });
    }
}

#[cold]
fn tell(end: End) {
    if let Some(listener) = LISTENER.get()
        && let Err(failure) = contained(|| listener(end))
    {
        let _ = contained(|| super::server_log::write(&format!("pg_interlock: {}", failure.message)));
    }
}
