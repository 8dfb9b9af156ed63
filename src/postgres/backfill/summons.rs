//! Which databases have backfill jobs without a worker: what sessions tell the launcher through shared memory.
//!
//! The lock is held around reads and writes of a few words only. Shared memory exists only where
//! shared_preload_libraries named the library; elsewhere nobody can be summoned, and [`available`] says so.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};

use pgrx::{PGRXSharedMemory, PgLwLock, PgSqlErrorCode, ereport, pg_guard, pg_shmem_init, pg_sys};

use crate::postgres::session;

/// So many databases can wait at once. Were it not enough, every database would be looked at.
const PLACES: usize = 64;
const NEVER: i64 = i64::MAX;

/// A database that is to be looked at, and when at the earliest, in the server's microseconds. Database 0: a free place.
#[derive(Clone, Copy, Default)]
#[repr(C)]
struct Visit {
    database: u32,
    due: i64,
}

#[derive(Clone, Copy)]
#[repr(C)]
struct Visits {
    /// The address of the launcher's latch; 0 while there is none.
    latch: usize,
    /// When every database is to be looked at, in the server's microseconds; [`NEVER`] if they are not.
    all: i64,
    visits: [Visit; PLACES],
}

impl Default for Visits {
    fn default() -> Self {
        Self {
            latch: 0,
            all: NEVER,
            visits: [Visit::default(); PLACES],
        }
    }
}

// SAFETY: plain numbers.
unsafe impl PGRXSharedMemory for Visits {}

// SAFETY: the name is the extension's own.
static VISITS: PgLwLock<Visits> = unsafe { PgLwLock::new(c"pg_interlock backfill") };
static AVAILABLE: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// Whether the transaction that is under way wants a visit when it commits.
    static WANTED: Cell<bool> = const { Cell::new(false) };
    static LISTENING: Cell<bool> = const { Cell::new(false) };
}

/// Asks for shared memory. To be called once, from `_PG_init`, while the postmaster loads shared_preload_libraries.
#[allow(unexpected_cfgs)] // the macro knows majors that we do not
pub fn request() {
    pg_shmem_init!(VISITS);
    AVAILABLE.store(true, Ordering::Relaxed);
}

/// Whether there is shared memory, and hence a launcher.
pub fn available() -> bool {
    AVAILABLE.load(Ordering::Relaxed)
}

/// The server's clock, in its microseconds.
pub fn now() -> i64 {
    // SAFETY: reads a clock.
    unsafe { pg_sys::GetCurrentTimestamp() }
}

/// Has the launcher look at a database, not before `due`.
pub fn summon(database: u32, due: i64) {
    if !available() {
        return;
    }
    let mut table = VISITS.exclusive();
    let place = match table.visits.iter().position(|visit| visit.database == database) {
        Some(place) => Some(place),
        None => table.visits.iter().position(|visit| visit.database == 0),
    };
    match place {
        Some(place) => {
            let visit = &mut table.visits[place];
            visit.due = if visit.database == database {
                visit.due.min(due)
            } else {
                due
            };
            visit.database = database;
        }
        None => table.all = table.all.min(due),
    }
    let latch = table.latch;
    drop(table);
    if latch != 0 {
        // SAFETY: the address of a PGPROC's latch: those live as long as shared memory, and setting one that meanwhile
        // belongs to another process only makes that process look around.
        unsafe { pg_sys::SetLatch(latch as *mut pg_sys::Latch) };
    }
}

/// Has the launcher look at every database, not before `due`.
pub fn summon_all(due: i64) {
    let mut table = VISITS.exclusive();
    table.all = table.all.min(due);
}

/// Has the launcher look at this database when the transaction that is under way commits.
pub fn summon_at_commit() {
    if !LISTENING.replace(true) {
        // SAFETY: a callback of the right type, once in a session's life.
        unsafe { pg_sys::RegisterXactCallback(Some(on_end), std::ptr::null_mut()) };
    }
    WANTED.set(true);
}

/// # Safety
/// Called by the server only, as the type of its callback says.
#[pg_guard]
unsafe extern "C-unwind" fn on_end(event: pg_sys::XactEvent::Type, _argument: *mut std::ffi::c_void) {
    use pg_sys::XactEvent::{XACT_EVENT_ABORT, XACT_EVENT_COMMIT, XACT_EVENT_PRE_PREPARE};
    match event {
        XACT_EVENT_COMMIT if WANTED.take() => summon(session::database(), now()),
        XACT_EVENT_ABORT => WANTED.set(false),
        // Whoever commits it then, in whatever session, would have to tell the launcher.
        XACT_EVENT_PRE_PREPARE if WANTED.get() => {
            ereport!(
                ERROR,
                PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED,
                "cannot PREPARE a transaction that has a backfill run in the background"
            );
        }
        _ => {}
    }
}

/// Makes this process the one that summons wake.
pub fn be_launcher() {
    // SAFETY: the latch of this process lies in shared memory.
    VISITS.exclusive().latch = unsafe { pg_sys::MyLatch as usize };
    // SAFETY: the callback takes no argument.
    unsafe { pg_sys::before_shmem_exit(Some(on_launcher_exit), pg_sys::Datum::null()) };
}

/// # Safety
/// Called by the server only, as the type of its callback says.
#[pg_guard]
unsafe extern "C-unwind" fn on_launcher_exit(_code: std::ffi::c_int, _argument: pg_sys::Datum) {
    VISITS.exclusive().latch = 0;
}

/// Whether there is a process that summons wake.
pub fn has_launcher() -> bool {
    available() && VISITS.share().latch != 0
}

/// Takes a database out whose time has come.
pub fn take_due() -> Option<u32> {
    let now = now();
    let mut table = VISITS.exclusive();
    let visit = table
        .visits
        .iter_mut()
        .find(|visit| visit.database != 0 && visit.due <= now)?;
    let database = visit.database;
    *visit = Visit::default();
    Some(database)
}

/// Whether every database is to be looked at now; it is asked for once.
pub fn take_all() -> bool {
    let now = now();
    let mut table = VISITS.exclusive();
    let due = table.all <= now;
    if due {
        table.all = NEVER;
    }
    due
}

/// Milliseconds until the next visit is due.
pub fn next_due() -> Option<i64> {
    let now = now();
    let table = VISITS.share();
    let visits = table.visits.iter().filter(|visit| visit.database != 0);
    let all = Some(table.all).filter(|&due| due != NEVER);
    let dues = visits.map(|visit| visit.due).chain(all);
    dues.map(|due| ((due - now) / 1000).max(0) + 1).min()
}
