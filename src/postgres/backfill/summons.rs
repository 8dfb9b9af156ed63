//! Which databases have backfill jobs without a worker: what sessions tell the launcher through shared memory.
//!
//! The lock is held around reads and writes of a few words only. Shared memory exists only where
//! shared_preload_libraries named the library; elsewhere nobody can be summoned, and [`available`] says so.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};

use pgrx::{PGRXSharedMemory, PgLwLock, pg_guard, pg_shmem_init, pg_sys};

/// So many databases can wait at once. Were it not enough, every database would be looked at.
const PLACES: usize = 64;

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
    /// Every database is to be looked at.
    all: bool,
    visits: [Visit; PLACES],
}

impl Default for Visits {
    fn default() -> Self {
        Self {
            latch: 0,
            all: false,
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
        None => table.all = true,
    }
    let latch = table.latch;
    drop(table);
    if latch != 0 {
        // SAFETY: the address of a PGPROC's latch: those live as long as shared memory, and setting one that meanwhile
        // belongs to another process only makes that process look around.
        unsafe { pg_sys::SetLatch(latch as *mut pg_sys::Latch) };
    }
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
    let ends = [
        pg_sys::XactEvent::XACT_EVENT_COMMIT,
        pg_sys::XactEvent::XACT_EVENT_ABORT,
        pg_sys::XactEvent::XACT_EVENT_PREPARE,
    ];
    if ends.contains(&event) && WANTED.replace(false) && event != pg_sys::XactEvent::XACT_EVENT_ABORT {
        // SAFETY: set once when the session begins.
        summon(unsafe { pg_sys::MyDatabaseId }.to_u32(), now());
    }
}

/// Makes this process the one that summons wake.
pub fn be_launcher() {
    // SAFETY: the latch of this process lies in shared memory.
    VISITS.exclusive().latch = unsafe { pg_sys::MyLatch as usize };
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

/// Whether every database is to be looked at; it is asked for once.
pub fn take_all() -> bool {
    std::mem::take(&mut VISITS.exclusive().all)
}

/// Milliseconds until the next visit is due.
pub fn next_due() -> Option<i64> {
    let now = now();
    let table = VISITS.share();
    let dues = table.visits.iter().filter(|visit| visit.database != 0);
    dues.map(|visit| ((visit.due - now) / 1000).max(0) + 1).min()
}
