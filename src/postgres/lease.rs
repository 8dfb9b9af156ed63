//! The leases of a backfill job: at most one process is its worker number 0, one its number 1 and so on.
//!
//! A session-level lock of the *standard* lock method, as CREATE INDEX CONCURRENTLY and VACUUM hold over their
//! transactions: it survives COMMIT, and any error, cancel or disconnect within a transaction releases it
//! (`ProcReleaseLocks`, proc.c); a process that may end outside of one must see to that itself.
//! A session-level advisory lock would stay behind after an error, in a session that no longer runs the job.
//!
//! pg_locks shows it as locktype `userlock`, a tag that the server reserves for extensions and does not use itself.

use pgrx::pg_sys;

use super::session;

/// `classid` of the lock of worker 0, to which the worker's number is added: the one place where the number is chosen
/// ("ILB\0" in ASCII).
pub const CLASS: u32 = 0x494C_4200;

/// `classid` of the seats that the workers of all jobs in all databases share.
pub const SEAT_CLASS: u32 = CLASS - 1;

/// A job has at most so many workers.
pub const SLOTS: i32 = 64;

/// Takes a lease of `job` for this session without waiting; false if another session has it.
pub fn take(job: i64, slot: i32) -> bool {
    acquire(&tag(job, slot))
}

/// Takes one of so many seats for this session without waiting; false if all are taken.
pub fn take_seat(seats: i32) -> bool {
    (0..seats).any(|seat| acquire(&seat_tag(seat)))
}

fn acquire(tag: &pg_sys::LOCKTAG) -> bool {
    // SAFETY: the tag is complete and lives for the call; without waiting, LockAcquire has no other precondition.
    let result = unsafe { pg_sys::LockAcquire(tag, pg_sys::ExclusiveLock as pg_sys::LOCKMODE, true, true) };
    result != pg_sys::LockAcquireResult::LOCKACQUIRE_NOT_AVAIL
}

/// Gives a lease of `job` back; false (and a WARNING of the server's) if this session did not have it.
pub fn release(job: i64, slot: i32) -> bool {
    let tag = tag(job, slot);
    // SAFETY: the tag is complete and lives for the call; releasing a lock that is not held only warns.
    unsafe { pg_sys::LockRelease(&tag, pg_sys::ExclusiveLock as pg_sys::LOCKMODE, true) }
}

/// Of no database.
fn seat_tag(seat: i32) -> pg_sys::LOCKTAG {
    pg_sys::LOCKTAG {
        locktag_field1: 0,
        locktag_field2: SEAT_CLASS,
        locktag_field3: seat as u32,
        locktag_field4: 0,
        locktag_type: pg_sys::LockTagType::LOCKTAG_USERLOCK as u8,
        locktag_lockmethodid: pg_sys::DEFAULT_LOCKMETHOD as u8,
    }
}

/// The job's number is spread over `objid` (its low 32 bits) and `objsubid` (the next 16).
fn tag(job: i64, slot: i32) -> pg_sys::LOCKTAG {
    pg_sys::LOCKTAG {
        locktag_field1: session::database(),
        locktag_field2: CLASS + slot.clamp(0, SLOTS - 1) as u32,
        locktag_field3: job as u32,
        locktag_field4: (job >> 32) as u16,
        locktag_type: pg_sys::LockTagType::LOCKTAG_USERLOCK as u8,
        locktag_lockmethodid: pg_sys::DEFAULT_LOCKMETHOD as u8,
    }
}
