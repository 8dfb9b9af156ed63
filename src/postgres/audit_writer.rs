//! The process that writes decisions down: how it is started, connects, sleeps, runs a transaction and leaves.
//!
//! What it does in between is the audit room's business ([`serve`]). SIGTERM only sets a flag: the process empties the
//! queue and leaves. That cannot delay a shutdown, since no statement of it runs longer than `STATEMENT_LIMIT`, and none
//! waits longer for a lock than `LOCK_LIMIT`.

use std::cell::Cell;
use std::ffi::{CStr, c_int};
use std::sync::OnceLock;
use std::time::Duration;

use pgrx::bgworkers::{BackgroundWorker, SignalWakeFlags};
use pgrx::{PgSqlErrorCode, Spi, pg_guard, pg_sys};

use super::audit_queue::{self, Claim, WriterState};
use super::contain::{Failure, contained};

const LOCK_LIMIT: &CStr = c"500ms";
const STATEMENT_LIMIT_MILLISECONDS: c_int = 2000;

/// `STATEMENT_TIMEOUT` of utils/timeout.h.
const STATEMENT_TIMEOUT: c_int = 3;

// SAFETY: declared as in the server's headers; not bound by pgrx.
unsafe extern "C-unwind" {
    fn enable_timeout_after(id: c_int, delay_milliseconds: c_int);
    fn disable_timeout(id: c_int, keep_indicator: bool);
}

static BODY: OnceLock<fn(&Process)> = OnceLock::new();

/// Says what the process does once it is connected. To be called from `_PG_init`: the process inherits it.
pub fn serve(body: fn(&Process)) {
    // A second call can only come from a second _PG_init of the same library, and brings the same function.
    let _ = BODY.set(body);
}

/// The process's entry point.
#[pg_guard]
#[unsafe(no_mangle)]
pub extern "C-unwind" fn pg_interlock_audit_writer(argument: pg_sys::Datum) {
    let claim = Claim::from_number(argument.value() as u64);
    // SAFETY: plain variables of this process; the latch lives in shared memory.
    let (pid, latch) = unsafe { (pg_sys::MyProcPid, pg_sys::MyLatch as usize) };
    let Some(database) = audit_queue::take_up(claim, pid, latch) else {
        return;
    };
    // SAFETY: the callback takes the claim's number. Registered before anything can fail.
    unsafe { pg_sys::before_shmem_exit(Some(on_exit), argument) };
    BackgroundWorker::attach_signal_handlers(SignalWakeFlags::SIGHUP | SignalWakeFlags::SIGTERM);
    // SAFETY: once, at the start. Databases that allow no connections are not left out: a session that writes here is
    // connected to it already.
    unsafe {
        pg_sys::BackgroundWorkerInitializeConnectionByOid(
            pg_sys::Oid::from(database),
            pg_sys::InvalidOid,
            pg_sys::BGWORKER_BYPASS_ALLOWCONN,
        );
    }
    configure();
    let process = Process {
        claim,
        terminated: Cell::new(false),
        state: Cell::new(WriterState::Starting),
    };
    process.set_state(WriterState::Running);
    if let Some(body) = BODY.get() {
        body(&process);
    }
}

/// However the process ends, its place is free, and nothing stays behind in the queue.
///
/// # Safety
/// Called by the server only, as the type of its callback says.
#[pg_guard]
unsafe extern "C-unwind" fn on_exit(_code: c_int, argument: pg_sys::Datum) {
    audit_queue::abandon(Claim::from_number(argument.value() as u64));
}

/// Settings of the process, stronger than any ALTER DATABASE … SET: those are made for applications.
fn configure() {
    let mut settings = vec![
        (c"application_name", c"pg_interlock audit writer"),
        (c"search_path", c"pg_catalog, pg_temp"),
        (c"pg_interlock.mode", c"off"),
        // A synchronous standby that is away must not hold up everybody who was refused something.
        (c"synchronous_commit", c"local"),
        (c"lock_timeout", LOCK_LIMIT),
        (c"default_transaction_read_only", c"off"),
        (c"default_transaction_isolation", c"read committed"),
        (c"default_tablespace", c""),
        (c"session_replication_role", c"origin"),
        (c"jit", c"off"),
    ];
    if cfg!(any(feature = "pg17", feature = "pg18")) {
        settings.push((c"transaction_timeout", c"0"));
    }
    for (name, value) in settings {
        // SAFETY: both are valid strings, and the names are settings of every supported version.
        let set = contained(|| unsafe {
            pg_sys::SetConfigOption(
                name.as_ptr(),
                value.as_ptr(),
                pg_sys::GucContext::PGC_SUSET,
                pg_sys::GucSource::PGC_S_OVERRIDE,
            );
        });
        if let Err(failure) = set {
            super::server_log::write(&format!("pg_interlock audit writer: {}", failure.message));
        }
    }
}

/// The writer's process, as the audit room sees it.
pub struct Process {
    claim: Claim,
    terminated: Cell<bool>,
    state: Cell<WriterState>,
}

/// Why a transaction failed.
#[derive(Debug)]
pub enum WriteError {
    /// Something that passes: a lock, a cancel, a conflict.
    Passing,
    /// Anything else, in words.
    Lasting(String),
}

impl From<Failure> for WriteError {
    fn from(failure: Failure) -> Self {
        match failure.code {
            PgSqlErrorCode::ERRCODE_LOCK_NOT_AVAILABLE
            | PgSqlErrorCode::ERRCODE_QUERY_CANCELED
            | PgSqlErrorCode::ERRCODE_T_R_DEADLOCK_DETECTED
            | PgSqlErrorCode::ERRCODE_T_R_SERIALIZATION_FAILURE => Self::Passing,
            _ => Self::Lasting(failure.message),
        }
    }
}

impl Process {
    /// Whose place it holds.
    pub fn claim(&self) -> Claim {
        self.claim
    }

    /// Whether it was asked to leave.
    pub fn terminated(&self) -> bool {
        if BackgroundWorker::sigterm_received() {
            self.terminated.set(true);
        }
        self.terminated.get()
    }

    /// Says what it is doing.
    pub fn set_state(&self, state: WriterState) {
        // That the log is still locked is news to who has come since.
        if self.state.replace(state) != state || state == WriterState::Blocked {
            audit_queue::set_state(self.claim, state);
        }
    }

    /// Sleeps until somebody sets the latch, at most so long; serves the server's requests meanwhile.
    pub fn sleep(&self, limit: Duration) {
        let milliseconds = i64::try_from(limit.as_millis()).unwrap_or(i64::MAX);
        // SAFETY: the latch of this process. The process exits by itself when the postmaster is gone.
        unsafe {
            let events = pg_sys::WL_LATCH_SET | pg_sys::WL_TIMEOUT | pg_sys::WL_EXIT_ON_PM_DEATH;
            pg_sys::WaitLatch(
                pg_sys::MyLatch,
                events as c_int,
                milliseconds as _,
                audit_queue::writer_wait_event(),
            );
            pg_sys::ResetLatch(pg_sys::MyLatch);
        }
        // Barriers of the server, above all: DROP DATABASE waits for them. A cancel has nothing to cancel here.
        let _ = contained(|| {
            pgrx::check_for_interrupts!();
        });
        if BackgroundWorker::sighup_received() {
            // SAFETY: outside a transaction, as in the main loops of the server.
            let _ = contained(|| unsafe { pg_sys::ProcessConfigFile(pg_sys::GucContext::PGC_SIGHUP) });
        }
    }

    /// Whether somebody wants the database for himself: DROP DATABASE, CREATE DATABASE with it as template and the like
    /// hold a lock on it while they wait, five seconds at most, for its last session to leave.
    pub fn database_is_wanted(&self) -> bool {
        let free = transaction(|| {
            // SAFETY: asks for the lock that a new session takes on its database, without waiting; it goes with the
            // transaction. The tag is SET_LOCKTAG_OBJECT() of a shared object.
            unsafe {
                let tag = pg_sys::LOCKTAG {
                    locktag_field1: 0,
                    locktag_field2: pg_sys::DatabaseRelationId.to_u32(),
                    locktag_field3: pg_sys::MyDatabaseId.to_u32(),
                    locktag_field4: 0,
                    locktag_type: pg_sys::LockTagType::LOCKTAG_OBJECT as u8,
                    locktag_lockmethodid: pg_sys::DEFAULT_LOCKMETHOD as u8,
                };
                pg_sys::LockAcquire(&tag, pg_sys::RowExclusiveLock as c_int, false, true)
                    != pg_sys::LockAcquireResult::LOCKACQUIRE_NOT_AVAIL
            }
        });
        matches!(free, Ok(false))
    }

    /// Runs one statement in a transaction of its own, as the owner of the table it writes to: triggers that the owner
    /// put there get his rights and no more.
    ///
    /// # Errors
    /// Whatever the statement or its commit raises.
    pub fn write(&self, table: (&CStr, &CStr), sql: &str, boot_id: &str, rows: &str) -> Result<(), WriteError> {
        report_activity(Some(c"writing to the decision log"));
        let done = transaction(|| {
            let before = lock_as_owner(table);
            let result =
                Spi::connect_mut(|client| client.update(sql, None, &[boot_id.into(), rows.into()]).map(|_| ()));
            if let Some((user, context)) = before {
                // SAFETY: what GetUserIdAndSecContext gave.
                unsafe { pg_sys::SetUserIdAndSecContext(user, context) };
            }
            result
        });
        report_activity(None);
        match done {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(WriteError::Lasting(error.to_string())),
            Err(failure) => Err(failure.into()),
        }
    }
}

/// Locks the table and takes its owner's rights; what to go back to. `None` when there is no such table: the statement
/// will say so. The lock comes first so that no transaction id is used up while it is not to be had.
fn lock_as_owner((schema, table): (&CStr, &CStr)) -> Option<(pg_sys::Oid, c_int)> {
    // SAFETY: catalog look-ups inside a transaction. An error later restores the user when the transaction is aborted.
    unsafe {
        let schema = pg_sys::get_namespace_oid(schema.as_ptr(), true);
        let relation = pg_sys::get_relname_relid(table.as_ptr(), schema);
        if relation == pg_sys::InvalidOid {
            return None;
        }
        pg_sys::LockRelationOid(relation, pg_sys::RowExclusiveLock as c_int);
        let tuple = pg_sys::SearchSysCache1(
            pg_sys::SysCacheIdentifier::RELOID as c_int,
            pg_sys::Datum::from(relation),
        );
        if tuple.is_null() {
            return None;
        }
        let form = pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_class>();
        let owner = (*form).relowner;
        pg_sys::ReleaseSysCache(tuple);
        let mut before = (pg_sys::InvalidOid, 0);
        pg_sys::GetUserIdAndSecContext(&mut before.0, &mut before.1);
        let restricted = pg_sys::SECURITY_LOCAL_USERID_CHANGE | pg_sys::SECURITY_RESTRICTED_OPERATION;
        pg_sys::SetUserIdAndSecContext(owner, before.1 | restricted as c_int);
        Some(before)
    }
}

/// Runs `f` in a transaction with a snapshot; whatever it raises, no transaction is left open.
fn transaction<R>(f: impl FnOnce() -> R) -> Result<R, Failure> {
    // SAFETY: the frame of a worker's transaction, as in src/test/modules/worker_spi. The timeout handler was registered
    // when the process connected; outside a client's query nobody else arms it.
    let result = contained(|| unsafe {
        pg_sys::SetCurrentStatementStartTimestamp();
        pg_sys::StartTransactionCommand();
        pg_sys::ffi::pg_guard_ffi_boundary(|| enable_timeout_after(STATEMENT_TIMEOUT, STATEMENT_LIMIT_MILLISECONDS));
        pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot());
        let value = f();
        pg_sys::PopActiveSnapshot();
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
    result
}

fn report_activity(what: Option<&CStr>) {
    let (state, text) = match what {
        Some(text) => (pg_sys::BackendState::STATE_RUNNING, text.as_ptr()),
        None => (pg_sys::BackendState::STATE_IDLE, std::ptr::null()),
    };
    // SAFETY: copies the text into this process's own slot.
    unsafe { pg_sys::pgstat_report_activity(state, text) };
}
