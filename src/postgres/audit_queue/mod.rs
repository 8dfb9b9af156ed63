//! The way of a decision record from the session that decided to the process that writes it down.
//!
//! A session puts the record's text into shared memory and wakes, or starts, the writer of its database; who must know
//! that the row is there waits until the record has left the queue. The promise is that no record disappears silently:
//! what does not reach the table is one line in the server log, written by whoever finds that out: the session (no shared
//! memory, pool full, no writer), the writer when it fails or leaves, or at last the postmaster when it exits.

mod memory;
mod pool;
mod writers;

use std::time::{Duration, Instant};

use pgrx::{pg_guard, pg_sys};

pub use memory::{Counter, MAX_RECORD_BYTES, available, boot_id, count, counted, uncount};
pub use pool::{Place, Queued};
use writers::Summons;
pub use writers::{Claim, WriterState};

use super::{server_log, worker};

/// Prepares the queue. To be called once, from `_PG_init`.
pub fn init() {
    // SAFETY: plain flags of the server. Single-user mode has neither sessions nor workers: nothing to share.
    if unsafe { pg_sys::process_shared_preload_libraries_in_progress && pg_sys::IsPostmasterEnvironment } {
        memory::request();
    }
}

/// How a wait for the writer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// The record has left the queue: it is committed, or in the server log.
    Settled,
    /// Not yet, but a writer has it in hand: the row will come.
    Late,
}

/// How long a session believes that a writer that was asked for will come.
const START_PATIENCE: Duration = Duration::from_secs(3);

/// A queued record's receipt.
#[derive(Clone, Copy, Debug)]
pub struct Receipt {
    place: Place,
    database: u32,
}

/// The database of this session.
fn my_database() -> u32 {
    // SAFETY: set once when the session begins.
    unsafe { pg_sys::MyDatabaseId }.to_u32()
}

fn now() -> i64 {
    // SAFETY: reads a clock.
    unsafe { pg_sys::GetCurrentTimestamp() }
}

/// Writes the record to the server log instead, and counts why.
pub fn fall_back(cause: Counter, text: &str) {
    count(cause, 1);
    server_log::write(&format!("pg_interlock decision: {text}"));
}

/// As [`fall_back`], with the error that is the reason.
pub fn fall_back_after(error: &str, cause: Counter, text: &str) {
    server_log::write(&format!("pg_interlock could not write to the decision log: {error}"));
    fall_back(cause, text);
}

/// Queues a record of this session and sees to it that a writer comes. `None`: it is in the server log instead.
pub fn enqueue(text: &str) -> Option<Receipt> {
    let database = my_database();
    let now = now();
    let entered = memory::exclusively(|queue| {
        let place = queue.pool.push(database, text.as_bytes())?;
        Some((place, queue.writers.summon(database, now)))
    });
    match entered {
        None => fall_back(Counter::NoSharedMemory, text),
        Some(None) => fall_back(Counter::PoolFull, text),
        Some(Some((place, summons))) => {
            let receipt = Receipt { place, database };
            if answer(summons) {
                return Some(receipt);
            }
            if memory::exclusively(|queue| queue.pool.withdraw(place)) == Some(true) {
                fall_back(Counter::NoWriter, text);
            }
        }
    }
    None
}

/// Does what the table of writers asks for; whether a writer is there or will come.
fn answer(summons: Summons) -> bool {
    match summons {
        Summons::Wake(latch) => {
            set_latch(latch);
            true
        }
        Summons::Start(claim) => {
            let started = start_writer(claim);
            if !started {
                abandon(claim);
            }
            started
        }
        Summons::Full => false,
    }
}

/// Asks for a writer. `false`: there is no free worker slot.
fn start_writer(claim: Claim) -> bool {
    let mut writer = worker::description(
        c"pg_interlock audit writer",
        c"pg_interlock audit",
        c"pg_interlock_audit_writer",
    );
    writer.bgw_main_arg = pg_sys::Datum::from(claim.number());
    worker::start(writer)
}

fn set_latch(latch: usize) {
    if latch != 0 {
        // SAFETY: the address of a PGPROC's latch: those live as long as shared memory, and setting one that meanwhile
        // belongs to another process only makes that process look around.
        unsafe { pg_sys::SetLatch(latch as *mut pg_sys::Latch) };
    }
}

/// Wakes the writer of this session's database: what stood in its way may be gone.
pub fn nudge() {
    let database = my_database();
    if let Some(Some(latch)) = memory::sharing(|queue| queue.writers.of(database).map(|writer| writer.latch)) {
        set_latch(latch);
    }
}

/// Waits until the record has left the queue, for a limited time, or until its writer finds the log locked once more:
/// perhaps by this very session, which must not wait for itself. That the log was locked before says nothing. Raises the
/// error of a cancel or termination.
pub fn wait(receipt: Receipt, limit: Duration, text: &str) -> Waited {
    let Some(sleep) = memory::Sleep::new() else {
        return Waited::Settled;
    };
    let begun = Instant::now();
    let mut blocked_before = None;
    loop {
        let seen = memory::sharing(|queue| {
            let writer = queue.writers.of(receipt.database);
            let writer = writer.map(|writer| (writer.state, writer.blocked));
            (queue.pool.holds(receipt.place), writer)
        });
        match seen {
            None | Some((false, _)) => return Waited::Settled,
            Some((true, Some((WriterState::Blocked, blocked))))
                if *blocked_before.get_or_insert(blocked) != blocked =>
            {
                return Waited::Late;
            }
            // The writer left before it saw the record.
            Some((true, None)) => {
                let now = now();
                let summons = memory::exclusively(|queue| queue.writers.summon(receipt.database, now));
                if !summons.is_some_and(answer) {
                    break;
                }
            }
            Some((true, Some((_, blocked)))) => {
                blocked_before.get_or_insert(blocked);
            }
        }
        let left = limit.saturating_sub(begun.elapsed());
        if left.is_zero() {
            break;
        }
        sleep.sleep(i64::try_from(left.as_millis()).unwrap_or(i64::MAX));
    }
    // A writer that lives will write it, and so will one that has just been asked for. One that does not come after a
    // while will not: the record is taken back.
    let patient = begun.elapsed() < START_PATIENCE;
    let withdrawn = memory::exclusively(|queue| {
        let writer = queue.writers.of(receipt.database).map(|writer| writer.state);
        let alive = writer.is_some_and(|state| patient || state != WriterState::Starting);
        !alive && queue.pool.withdraw(receipt.place)
    });
    if withdrawn == Some(true) {
        fall_back(Counter::NoWriter, text);
        return Waited::Settled;
    }
    Waited::Late
}

/// The wait event under which sessions and writers sleep.
fn wait_event() -> u32 {
    #[cfg(any(feature = "pg17", feature = "pg18"))]
    {
        static EVENT: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
        // SAFETY: shared memory is there, or nobody would wait; no lock is held.
        *EVENT.get_or_init(|| unsafe { pg_sys::WaitEventExtensionNew(c"PgInterlockAudit".as_ptr()) })
    }
    #[cfg(not(any(feature = "pg17", feature = "pg18")))]
    {
        pg_sys::PG_WAIT_EXTENSION
    }
}

/// As [`wait_event`], for the writer's own process.
pub fn writer_wait_event() -> u32 {
    wait_event()
}

/// The writer's process takes up its claim: the database to write for, unless another took its place.
pub fn take_up(claim: Claim, pid: i32, latch: usize) -> Option<u32> {
    memory::exclusively(|queue| queue.writers.take_up(claim, pid, latch)).flatten()
}

/// The writer says what it is doing; sessions that wait learn of it.
pub fn set_state(claim: Claim, state: WriterState) {
    if memory::exclusively(|queue| queue.writers.set_state(claim, state)) == Some(true) {
        memory::announce();
    }
}

/// The oldest records of the writer's database, for about so many bytes.
pub fn peek(claim: Claim, bytes: usize) -> Vec<Queued> {
    memory::exclusively(|queue| {
        let database = queue.writers.database(claim);
        database.map(|database| queue.pool.peek(Some(database), bytes))
    })
    .flatten()
    .unwrap_or_default()
}

/// Removes records that are settled, and tells who waits for them.
pub fn settle(seqs: &[u64]) {
    memory::exclusively(|queue| queue.pool.remove(seqs));
    memory::announce();
}

/// The writer leaves, unless a record of its database is queued.
pub fn leave_if_idle(claim: Claim) -> bool {
    memory::exclusively(|queue| {
        let Some(database) = queue.writers.database(claim) else {
            return true;
        };
        let idle = !queue.pool.has(database);
        if idle {
            queue.writers.leave(claim);
        }
        idle
    })
    .unwrap_or(true)
}

/// Gives a claim up, whatever is queued: the records of its database go to the server log.
pub fn abandon(claim: Claim) {
    const BYTES: usize = 64 * 1024;
    loop {
        let left = memory::exclusively(|queue| {
            let database = queue.writers.database(claim)?;
            let records = queue.pool.peek(Some(database), BYTES);
            if records.is_empty() {
                queue.writers.leave(claim);
                return None;
            }
            let seqs: Vec<u64> = records.iter().map(|record| record.seq).collect();
            queue.pool.remove(&seqs);
            Some(records)
        });
        let Some(Some(records)) = left else { break };
        for record in records {
            fall_back(Counter::NoWriter, &String::from_utf8_lossy(&record.text));
        }
    }
    memory::announce();
}

/// The postmaster exits, or sets up shared memory anew after a crash: what is still queued goes to the server log.
///
/// # Safety
/// Called by the server only, as the type of its callback says.
#[pg_guard]
unsafe extern "C-unwind" fn on_postmaster_exit(_code: std::ffi::c_int, _argument: pg_sys::Datum) {
    // SAFETY: before_shmem_exit runs in the postmaster when its children are gone; the pool bears any content.
    let left = unsafe { memory::unlocked(|queue| queue.pool.peek(None, usize::MAX)) };
    for record in left.unwrap_or_default() {
        let text = String::from_utf8_lossy(&record.text);
        server_log::write(&format!("pg_interlock decision (database {}): {text}", record.database));
    }
}

/// What `interlock.status()` shows of the queue.
pub struct QueueStatus {
    /// Process id of the writer of this database.
    pub writer_pid: Option<i32>,
    /// What it is doing.
    pub writer_state: Option<WriterState>,
    /// Records in the queue, of all databases.
    pub queued: usize,
}

/// The state of the queue; `None` without shared memory.
pub fn status() -> Option<QueueStatus> {
    let database = my_database();
    memory::sharing(|queue| {
        let writer = queue.writers.of(database);
        QueueStatus {
            writer_pid: writer.map(|writer| writer.pid).filter(|pid| *pid != 0),
            writer_state: writer.map(|writer| writer.state),
            queued: queue.pool.len(),
        }
    })
}
