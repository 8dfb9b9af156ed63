//! The shared memory of the audit: the queue, its lock, a condition variable and counters.
//!
//! The lock is held around copies of memory only: nothing that could raise an error, wait or call the server runs under
//! it. Shared memory exists only where shared_preload_libraries named the library; elsewhere every function here says so
//! by `None`, and the counters are those of the session.

use std::cell::UnsafeCell;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

use pgrx::{pg_guard, pg_sys};

use super::pool::Pool;
use super::writers::Writers;

/// 2 kB: a record of a plain statement takes one or two (the columns 0.6 kB, the statement 0.2 kB, its profile 1 kB).
const CHUNK_BYTES: usize = 2048;
/// 8 MB: 2000 to 4000 plain records. A session that waits has one record here; what fills the pool is one transaction
/// with thousands of schema changes, whose records all come at its commit, while the writer takes some ten thousand a
/// second.
const CHUNKS: usize = 4096;
/// The longest record that is taken. A few long ones must not crowd out all others.
pub const MAX_RECORD_BYTES: usize = 128 * CHUNK_BYTES;

const NAME: &std::ffi::CStr = c"pg_interlock audit";

/// What the lock protects.
#[repr(C)]
pub struct Queue {
    pub pool: Pool<CHUNKS, CHUNK_BYTES>,
    pub writers: Writers,
}

#[repr(C)]
struct Shared {
    lock: *mut pg_sys::LWLock,
    /// Broadcast when records left the queue, or a writer changed its state.
    changed: pg_sys::ConditionVariable,
    boot_id: [u8; 16],
    counters: Counters,
    queue: UnsafeCell<Queue>,
}

/// What is counted, since the server was started, or in a session without shared memory since it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// Rejections.
    Rejected,
    /// Statements that ran with a warning.
    Warned,
    /// Statements that ran.
    Allowed,
    /// Rewrites and index builds that no profile foresaw.
    Unpredicted,
    /// Rows that reached the decision log.
    Written,
    /// Rejections that the client learnt of before their row was committed.
    Late,
    /// Records in the server log instead, since there was no shared memory;
    NoSharedMemory,
    /// … since the pool was full;
    PoolFull,
    /// … since no writer could be started;
    NoWriter,
    /// … since the row could not be written;
    WriteFailed,
    /// … since our own code failed.
    Internal,
}

const COUNTERS: usize = Counter::Internal as usize + 1;
type Counters = [AtomicU64; COUNTERS];

static SHARED: AtomicPtr<Shared> = AtomicPtr::new(ptr::null_mut());
static OF_SESSION: Counters = [const { AtomicU64::new(0) }; COUNTERS];

static mut PREVIOUS_REQUEST_HOOK: pg_sys::shmem_request_hook_type = None;
static mut PREVIOUS_STARTUP_HOOK: pg_sys::shmem_startup_hook_type = None;

/// Asks for shared memory. To be called from `_PG_init` while the postmaster loads shared_preload_libraries.
pub fn request() {
    // SAFETY: the postmaster has one thread, and the hooks are plain pointers that are only written here.
    unsafe {
        PREVIOUS_REQUEST_HOOK = pg_sys::shmem_request_hook;
        pg_sys::shmem_request_hook = Some(on_request);
        PREVIOUS_STARTUP_HOOK = pg_sys::shmem_startup_hook;
        pg_sys::shmem_startup_hook = Some(on_startup);
    }
}

/// # Safety
/// Called by the server only, as the type of its hook says.
#[pg_guard]
unsafe extern "C-unwind" fn on_request() {
    // SAFETY: called by the server at the one time when shared memory may be asked for.
    unsafe {
        if let Some(previous) = PREVIOUS_REQUEST_HOOK {
            pg_sys::ffi::pg_guard_ffi_boundary(|| previous());
        }
        pg_sys::RequestAddinShmemSpace(size_of::<Shared>());
        pg_sys::RequestNamedLWLockTranche(NAME.as_ptr(), 1);
    }
}

/// # Safety
/// Called by the server only, as the type of its hook says.
#[pg_guard]
unsafe extern "C-unwind" fn on_startup() {
    // SAFETY: called by the server once shared memory is there. The structure is built under AddinShmemInitLock (number
    // 21 of the individual LWLocks in every major) by the first process that comes; all zero bytes are valid for each of
    // its fields but the lock and the condition variable, which are set before the pointer is published.
    unsafe {
        if let Some(previous) = PREVIOUS_STARTUP_HOOK {
            pg_sys::ffi::pg_guard_ffi_boundary(|| previous());
        }
        let init_lock = &raw mut (*pg_sys::MainLWLockArray.add(21)).lock;
        pg_sys::LWLockAcquire(init_lock, pg_sys::LWLockMode::LW_EXCLUSIVE);
        let mut found = false;
        let shared = pg_sys::ShmemInitStruct(NAME.as_ptr(), size_of::<Shared>(), &mut found).cast::<Shared>();
        if !found {
            ptr::write_bytes(shared, 0, 1);
            (*shared).lock = &raw mut (*pg_sys::GetNamedLWLockTranche(NAME.as_ptr())).lock;
            pg_sys::ConditionVariableInit(&raw mut (*shared).changed);
            // Without randomness a clock tells one start from the next.
            let mut boot_id = [0; 16];
            if !pg_sys::pg_strong_random(boot_id.as_mut_ptr().cast(), boot_id.len()) {
                boot_id = i128::from(pg_sys::GetCurrentTimestamp()).to_be_bytes();
            }
            (*shared).boot_id = boot_id;
        }
        SHARED.store(shared, Ordering::Release);
        pg_sys::LWLockRelease(init_lock);
        // In the postmaster only, and again after each crash: its exit empties the list of callbacks.
        if !pg_sys::IsUnderPostmaster {
            pg_sys::before_shmem_exit(Some(super::on_postmaster_exit), pg_sys::Datum::from(0));
        }
    }
}

fn shared() -> Option<&'static Shared> {
    // SAFETY: the pointer is null or to shared memory that lives as long as this process; the fields that other
    // processes write are atomics, a condition variable, and the queue, which only `Guard` hands out.
    unsafe { SHARED.load(Ordering::Acquire).as_ref() }
}

/// Whether there is shared memory.
pub fn available() -> bool {
    shared().is_some()
}

/// Identifies this life of shared memory, hence the numbers of its records.
pub fn boot_id() -> Option<String> {
    let hex: String = shared()?.boot_id.iter().map(|byte| format!("{byte:02x}")).collect();
    let part = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default();
    Some(format!(
        "{}-{}-{}-{}-{}",
        part(0..8),
        part(8..12),
        part(12..16),
        part(16..20),
        part(20..32)
    ))
}

fn counters() -> &'static Counters {
    shared().map_or(&OF_SESSION, |shared| &shared.counters)
}

/// Counts.
pub fn count(counter: Counter, by: u64) {
    if let Some(value) = counters().get(counter as usize) {
        value.fetch_add(by, Ordering::Relaxed);
    }
}

/// Takes one back.
pub fn uncount(counter: Counter) {
    if let Some(value) = counters().get(counter as usize) {
        value.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The value of a counter.
pub fn counted(counter: Counter) -> u64 {
    counters()
        .get(counter as usize)
        .map_or(0, |value| value.load(Ordering::Relaxed))
}

/// Releases the lock when dropped, also while a Rust panic unwinds. (An ERROR of the server cannot pass here: nothing
/// that raises one runs under the lock.)
struct Guard(*mut pg_sys::LWLock);

impl Guard {
    fn acquire(lock: *mut pg_sys::LWLock, mode: pg_sys::LWLockMode::Type) -> Self {
        // SAFETY: the lock of our tranche, in a process that has a PGPROC.
        unsafe { pg_sys::LWLockAcquire(lock, mode) };
        Self(lock)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // SAFETY: acquired in `acquire`, and released nowhere else.
        unsafe { pg_sys::LWLockRelease(self.0) }
    }
}

/// Reads or changes the queue under the exclusive lock. `f` must not call the server.
pub fn exclusively<R>(f: impl FnOnce(&mut Queue) -> R) -> Option<R> {
    let shared = shared()?;
    let _guard = Guard::acquire(shared.lock, pg_sys::LWLockMode::LW_EXCLUSIVE);
    // SAFETY: the exclusive lock is held: nobody else reads or writes the queue.
    Some(f(unsafe { &mut *shared.queue.get() }))
}

/// Reads the queue under the shared lock. `f` must not call the server.
pub fn sharing<R>(f: impl FnOnce(&Queue) -> R) -> Option<R> {
    let shared = shared()?;
    let _guard = Guard::acquire(shared.lock, pg_sys::LWLockMode::LW_SHARED);
    // SAFETY: the lock is held in shared mode: nobody writes the queue.
    Some(f(unsafe { &*shared.queue.get() }))
}

/// Reads the queue without the lock.
///
/// # Safety
/// Only in the postmaster, when no child lives that uses shared memory.
pub unsafe fn unlocked<R>(f: impl FnOnce(&Queue) -> R) -> Option<R> {
    // SAFETY: the caller's promise.
    Some(f(unsafe { &*shared()?.queue.get() }))
}

/// Wakes everybody who sleeps in [`Sleep`].
pub fn announce() {
    if let Some(shared) = shared() {
        // SAFETY: an initialised condition variable in shared memory.
        unsafe { pg_sys::ConditionVariableBroadcast((&raw const shared.changed).cast_mut()) };
    }
}

/// A sleeper that `announce` wakes. Made before the condition is looked at, so that no announcement is missed.
pub struct Sleep(*mut pg_sys::ConditionVariable);

impl Sleep {
    /// Begins to listen.
    pub fn new() -> Option<Self> {
        let changed = (&raw const shared()?.changed).cast_mut();
        // SAFETY: an initialised condition variable in shared memory.
        unsafe { pg_sys::ConditionVariablePrepareToSleep(changed) };
        Some(Self(changed))
    }

    /// Sleeps until the next announcement or for so many milliseconds. Raises the error of a cancel or termination.
    pub fn sleep(&self, milliseconds: i64) {
        // SAFETY: as above; no lock of ours is held.
        unsafe {
            pg_sys::ConditionVariableTimedSleep(self.0, milliseconds.max(1) as _, super::wait_event());
        }
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        // SAFETY: allowed at any time.
        unsafe {
            pg_sys::ConditionVariableCancelSleep();
        }
    }
}
