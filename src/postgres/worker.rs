//! A background worker, as the postmaster is asked for it.

use std::ffi::{CStr, c_char, c_int};

use pgrx::pg_sys;

use super::contain::contained;

/// One that may connect to a database and does not come back by itself: `name` is what `ps` shows, `kind` the
/// `backend_type` of `pg_stat_activity`, `function` what it runs.
pub fn description(name: &CStr, kind: &CStr, function: &CStr) -> pg_sys::BackgroundWorker {
    let mut worker = pg_sys::BackgroundWorker {
        bgw_flags: (pg_sys::BGWORKER_SHMEM_ACCESS | pg_sys::BGWORKER_BACKEND_DATABASE_CONNECTION) as c_int,
        bgw_start_time: pg_sys::BgWorkerStartTime::BgWorkerStart_RecoveryFinished,
        bgw_restart_time: pg_sys::BGW_NEVER_RESTART,
        ..Default::default()
    };
    copy(name, &mut worker.bgw_name);
    copy(kind, &mut worker.bgw_type);
    copy(c"pg_interlock", &mut worker.bgw_library_name);
    copy(function, &mut worker.bgw_function_name);
    worker
}

fn copy(text: &CStr, to: &mut [c_char]) {
    for (to, from) in to.iter_mut().zip(text.to_bytes()) {
        *to = *from as c_char;
    }
}

/// Asks the postmaster for it. `false`: there is no free worker slot.
pub fn start(mut worker: pg_sys::BackgroundWorker) -> bool {
    // SAFETY: a complete description, copied by the callee; no handle is asked for. Allowed in transaction callbacks and
    // while the session exits: it takes one LWLock of the server.
    contained(|| unsafe { pg_sys::RegisterDynamicBackgroundWorker(&mut worker, std::ptr::null_mut()) }).unwrap_or(false)
}
