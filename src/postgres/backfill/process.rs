//! The processes of backfills in the background: how they are started, connect, sleep, run transactions and leave.
//!
//! Three kinds. The *launcher*, one per server, is connected to no database; it has databases *visited* by a process that
//! lives for a moment, reads which jobs lack workers, and starts those. A *worker* runs one job: it is connected as the
//! role that asked, so that no code of a user's gets more rights than he had. What they do is the backfill room's
//! business ([`serve`]).

use std::ffi::{CStr, CString, c_char, c_int};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use pgrx::{pg_guard, pg_sys};

use super::order::{EXTRA, Order};
use super::summons::{self, now};
use super::transaction::{in_transaction, transaction};
use crate::postgres::contain::{Failure, contained};
use crate::postgres::server_log;
use crate::postgres::worker::{self, description};

const LAUNCHER: &CStr = c"pg_interlock backfill launcher";
const VISITOR: &CStr = c"pg_interlock backfill visitor";

/// A worker that failed comes back after so long, in microseconds.
const COMEBACK: i64 = 1_000_000;

// SAFETY: declared as in the server's headers; not bound by pgrx
// in a form that serves here.
unsafe extern "C-unwind" {
    // Bound, but as functions of Rust, whose addresses no signal can take.
    fn die(signal: c_int);
    fn SignalHandlerForConfigReload(signal: c_int);
}

/// What the processes do.
pub struct Bodies {
    /// The launcher's life.
    pub launch: fn(),
    /// A visit of the database this process is connected to.
    pub visit: fn(),
    /// A worker's life.
    pub work: fn(&Order),
}

static BODIES: OnceLock<Bodies> = OnceLock::new();

/// Registers the launcher and says what the processes do. To be called once, from `_PG_init`.
pub fn serve(bodies: Bodies) {
    // A second call can only come from a second _PG_init of the same library, and brings the same functions.
    let _ = BODIES.set(bodies);
    // SAFETY: plain flags of the server. Single-user mode has no workers, and pg_upgrade wants nothing to move.
    if unsafe {
        pg_sys::process_shared_preload_libraries_in_progress
            && pg_sys::IsPostmasterEnvironment
            && !pg_sys::IsBinaryUpgrade
    } {
        summons::request();
        let mut worker = description(LAUNCHER, LAUNCHER, c"pg_interlock_backfill_launcher");
        worker.bgw_restart_time = 5;
        // SAFETY: a complete description, copied by the callee, at the time for it.
        unsafe { pg_sys::RegisterBackgroundWorker(&mut worker) };
    }
}

/// Asks the postmaster for a worker. `false`: there is no free worker slot.
pub fn start_worker(order: Order) -> bool {
    let name = CString::new(format!(
        "pg_interlock backfill worker {} of job {}",
        order.slot, order.job
    ))
    .unwrap_or_default();
    let mut worker = description(&name, c"pg_interlock backfill", c"pg_interlock_backfill_worker");
    for (to, from) in worker.bgw_extra.iter_mut().zip(order.bytes()) {
        *to = from as c_char;
    }
    worker::start(worker)
}

/// What became of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visit {
    /// It has come to its end.
    Done,
    /// There is no free worker slot.
    NoSlot,
    /// It took too long and was told to end.
    Late,
}

/// Has a database visited and waits for the end of the visit, for at most so long.
pub fn visit(database: u32, limit: Duration) -> Visit {
    let mut worker = description(VISITOR, VISITOR, c"pg_interlock_backfill_visitor");
    worker.bgw_main_arg = pg_sys::Datum::from(database);
    // SAFETY: plain variables of this process, and a complete description. The handle is allocated in this process's
    // memory and freed.
    contained(|| unsafe {
        worker.bgw_notify_pid = pg_sys::MyProcPid;
        let mut handle = std::ptr::null_mut();
        if !pg_sys::RegisterDynamicBackgroundWorker(&mut worker, &mut handle) {
            return Visit::NoSlot;
        }
        let begun = Instant::now();
        let mut pid = 0;
        let visit = loop {
            let status = pg_sys::GetBackgroundWorkerPid(handle, &mut pid);
            if status == pg_sys::BgwHandleStatus::BGWH_STOPPED {
                break Visit::Done;
            }
            let Some(left) = limit.checked_sub(begun.elapsed()).filter(|left| !left.is_zero()) else {
                pg_sys::TerminateBackgroundWorker(handle);
                break Visit::Late;
            };
            sleep(left); // the postmaster sets the latch when the state changes
        };
        pg_sys::pfree(handle.cast());
        visit
    })
    .unwrap_or(Visit::NoSlot)
}

/// The launcher's entry point.
#[pg_guard]
#[unsafe(no_mangle)]
pub extern "C-unwind" fn pg_interlock_backfill_launcher(_argument: pg_sys::Datum) {
    accept_signals();
    // SAFETY: once, at the start; no database, only the shared catalogs.
    unsafe { pg_sys::BackgroundWorkerInitializeConnection(std::ptr::null(), std::ptr::null(), 0) };
    if let Some(bodies) = BODIES.get() {
        (bodies.launch)();
    }
}

/// A visitor's entry point.
#[pg_guard]
#[unsafe(no_mangle)]
pub extern "C-unwind" fn pg_interlock_backfill_visitor(argument: pg_sys::Datum) {
    accept_signals();
    // SAFETY: once, at the start. It reads our own tables only, which nobody but their owner can put code at.
    unsafe {
        pg_sys::BackgroundWorkerInitializeConnectionByOid(
            pg_sys::Oid::from(argument.value() as u32),
            pg_sys::InvalidOid,
            0,
        );
    }
    configure();
    if let Some(bodies) = BODIES.get() {
        (bodies.visit)();
    }
}

/// A worker's entry point.
#[pg_guard]
#[unsafe(no_mangle)]
pub extern "C-unwind" fn pg_interlock_backfill_worker(_argument: pg_sys::Datum) {
    let mut bytes = [0; EXTRA];
    // SAFETY: the description of this process, which the server has set.
    for (to, from) in bytes.iter_mut().zip(unsafe { &(*pg_sys::MyBgworkerEntry).bgw_extra }) {
        *to = *from as u8;
    }
    let order = Order::from_bytes(bytes);
    accept_signals();
    // SAFETY: the callback takes the database's number. Registered before anything can fail.
    unsafe { pg_sys::before_shmem_exit(Some(on_worker_exit), pg_sys::Datum::from(order.database)) };
    // 17 and later let a worker be a role that may not log in; before, there is no such flag.
    #[cfg(any(feature = "pg17", feature = "pg18"))]
    let flags = pg_sys::BGWORKER_BYPASS_ROLELOGINCHECK;
    #[cfg(not(any(feature = "pg17", feature = "pg18")))]
    let flags = 0;
    // SAFETY: once, at the start.
    unsafe {
        pg_sys::BackgroundWorkerInitializeConnectionByOid(
            pg_sys::Oid::from(order.database),
            pg_sys::Oid::from(order.role),
            flags,
        );
    }
    configure();
    if let Some(bodies) = BODIES.get() {
        (bodies.work)(&order);
    }
}

/// A worker that does not leave by itself comes back. Its lease goes with it: outside of a transaction the server does not
/// see to that (`ShutdownPostgres` only releases advisory locks). Registered before the connection, this runs after
/// whatever transaction there was is rolled back.
///
/// # Safety
/// Called by the server only, as the type of its callback says.
#[pg_guard]
unsafe extern "C-unwind" fn on_worker_exit(code: c_int, argument: pg_sys::Datum) {
    // SAFETY: no transaction is left that could need a lock.
    unsafe { pg_sys::LockReleaseAll(pg_sys::DEFAULT_LOCKMETHOD as pg_sys::LOCKMETHODID, true) };
    if code != 0 {
        summons::summon(argument.value() as u32, now() + COMEBACK);
    }
}

/// SIGTERM ends the process at its next chance, as it does a session; SIGINT cancels what it does.
fn accept_signals() {
    // SAFETY: handlers of the server's, set before signals are let in.
    unsafe {
        pqsignal(SIGTERM, Some(die));
        pqsignal(SIGHUP, Some(SignalHandlerForConfigReload));
        pg_sys::BackgroundWorkerUnblockSignals();
    }
}

#[cfg(not(feature = "pg18"))]
use pg_sys::pqsignal;
#[cfg(feature = "pg18")]
use pg_sys::pqsignal_be as pqsignal;

/// The same on every platform.
const SIGHUP: c_int = 1;
const SIGTERM: c_int = 15;

/// Settings of the process that no ALTER DATABASE or ROLE … SET may change: those are made for applications.
fn configure() {
    let mut settings = vec![
        (c"role", c"none"),
        (c"lock_timeout", c"0"),
        (c"application_name", c"pg_interlock backfill"),
        (c"statement_timeout", c"0"),
        (c"idle_in_transaction_session_timeout", c"0"),
        (c"default_transaction_isolation", c"read committed"),
        (c"default_transaction_read_only", c"off"),
    ];
    if cfg!(any(feature = "pg17", feature = "pg18")) {
        settings.push((c"transaction_timeout", c"0"));
    }
    for (name, value) in settings {
        if let Err(failure) = set(name, value) {
            server_log::write(&format!("pg_interlock backfill: {}", failure.message));
        }
    }
}

fn set(name: &CStr, value: &CStr) -> Result<(), Failure> {
    // SAFETY: both are valid strings; a name or a value that the server does not take raises an error.
    contained(|| unsafe {
        let now = pg_sys::GetConfigOption(name.as_ptr(), true, false);
        if now.is_null() || CStr::from_ptr(now) == value {
            return; // this major has no such setting; or it may not be set by everybody, even to what it is
        }
        pg_sys::SetConfigOption(
            name.as_ptr(),
            value.as_ptr(),
            pg_sys::GucContext::PGC_USERSET,
            pg_sys::GucSource::PGC_S_SESSION,
        );
    })
}

/// Takes a role that the role it is connected as is a member of.
///
/// # Errors
/// When it is not, or there is no such role.
pub fn take_role(role: u32) -> Result<(), Failure> {
    in_transaction(|| {
        // SAFETY: a look-up of the catalog in a transaction.
        let name = unsafe { pg_sys::GetUserNameFromId(pg_sys::Oid::from(role), false) };
        // SAFETY: the server's own copy of the name.
        set(c"role", unsafe { CStr::from_ptr(name) })
    })
}

/// Takes the settings of a job.
///
/// # Errors
/// When the role may not set one of them: the job would not mean what it meant where it was started.
pub fn take_settings(settings: &[(String, String)]) -> Result<(), Failure> {
    for (name, value) in settings {
        if let (Ok(name), Ok(value)) = (CString::new(name.as_str()), CString::new(value.as_str())) {
            // In a transaction: the search_path is looked up in the catalog.
            in_transaction(|| set(&name, &value))?;
        }
    }
    Ok(())
}

/// Sleeps outside of any transaction until somebody sets the latch, at most so long; serves the server's requests.
/// `false`: somebody cancelled.
pub fn sleep(limit: Duration) -> bool {
    let milliseconds = i64::try_from(limit.as_millis()).unwrap_or(i64::MAX);
    // SAFETY: the latch of this process. The process exits by itself when the postmaster is gone.
    unsafe {
        let events = pg_sys::WL_LATCH_SET | pg_sys::WL_TIMEOUT | pg_sys::WL_EXIT_ON_PM_DEATH;
        pg_sys::WaitLatch(
            pg_sys::MyLatch,
            events as c_int,
            milliseconds as _,
            pg_sys::PG_WAIT_EXTENSION,
        );
        pg_sys::ResetLatch(pg_sys::MyLatch);
    }
    attend()
}

/// Serves the server's requests: the end of the process, barriers, a reload. `false`: somebody cancelled.
pub fn attend() -> bool {
    let attended = contained(|| {
        pgrx::check_for_interrupts!();
    });
    // SAFETY: a flag of this process; outside a transaction, as in the main loops of the server.
    unsafe {
        if pg_sys::ConfigReloadPending != 0 {
            pg_sys::ConfigReloadPending = 0;
            let _ = contained(|| pg_sys::ProcessConfigFile(pg_sys::GucContext::PGC_SIGHUP));
        }
    }
    attended.is_ok()
}

/// Shows in pg_stat_activity what the process does.
pub fn report_activity(what: Option<&str>) {
    let text = what.and_then(|text| CString::new(text).ok());
    let (state, text) = match &text {
        Some(text) => (pg_sys::BackendState::STATE_RUNNING, text.as_ptr()),
        None => (pg_sys::BackendState::STATE_IDLE, std::ptr::null()),
    };
    // SAFETY: copies the text into this process's own slot.
    unsafe { pg_sys::pgstat_report_activity(state, text) };
}

/// The databases that can be connected to, by their OIDs.
///
/// # Errors
/// When the catalog cannot be read.
pub fn databases() -> Result<Vec<u32>, Failure> {
    // SAFETY: a scan of a shared catalog in a transaction; each tuple is read before the next one is fetched.
    transaction(Duration::ZERO, || unsafe {
        let relation = pg_sys::table_open(pg_sys::DatabaseRelationId, pg_sys::AccessShareLock as c_int);
        let scan = pg_sys::table_beginscan_catalog(relation, 0, std::ptr::null_mut());
        let mut databases = Vec::new();
        loop {
            let tuple = pg_sys::heap_getnext(scan, pg_sys::ScanDirection::ForwardScanDirection);
            if tuple.is_null() {
                break;
            }
            let form = pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_database>();
            if (*form).datallowconn && (*form).datconnlimit != -2 {
                databases.push((*form).oid.to_u32());
            }
        }
        pg_sys::heap_endscan(scan);
        pg_sys::table_close(relation, pg_sys::AccessShareLock as c_int);
        databases
    })
}
