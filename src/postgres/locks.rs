//! Locks this session holds, and who is in the way of others.

use std::collections::BTreeMap;

use pgrx::pg_sys;

use crate::model::lock_mode::{Blocks, LockMode};
use crate::model::relation::FIRST_NORMAL_OBJECT_ID;

/// The strongest lock this session holds on a relation of its database.
pub fn held_on(relation: u32) -> Option<LockMode> {
    let tag = tag(relation);
    LockMode::ALL.into_iter().rev().find(|mode| is_held(&tag, *mode))
}

/// The other transactions that hold a lock on a relation of this database which conflicts with this one, as
/// `pg_locks.virtualtransaction` names them.
pub fn in_the_way(relation: u32, mode: LockMode) -> Vec<String> {
    let mut count = 0;
    // SAFETY: a complete tag; the answer has as many entries as are counted.
    let transactions = unsafe {
        let first = pg_sys::GetLockConflicts(&tag(relation), mode as i32, &mut count);
        std::slice::from_raw_parts(first, usize::try_from(count).unwrap_or_default())
    };
    let name = |transaction: &pg_sys::VirtualTransactionId| {
        #[cfg(any(feature = "pg15", feature = "pg16"))]
        let process = transaction.backendId;
        #[cfg(not(any(feature = "pg15", feature = "pg16")))]
        let process = transaction.procNumber;
        format!("{process}/{}", transaction.localTransactionId)
    };
    transactions.iter().map(name).collect()
}

/// Whether somebody waits for a row that this transaction has changed or locked: he waits for its id, or for that of the
/// subtransaction that did it.
pub fn is_waited_for() -> bool {
    let is_id = |lock: &pg_sys::LOCK| lock.tag.locktag_type == pg_sys::LockTagType::LOCKTAG_TRANSACTION as u8;
    any(|lock, _| is_id(lock) && lock.waitMask != 0)
}

fn tag(relation: u32) -> pg_sys::LOCKTAG {
    pg_sys::LOCKTAG {
        // SAFETY: set once when the backend connects to its database.
        locktag_field1: unsafe { pg_sys::MyDatabaseId }.to_u32(),
        locktag_field2: relation,
        locktag_field3: 0,
        locktag_field4: 0,
        locktag_type: pg_sys::LockTagType::LOCKTAG_RELATION as u8,
        locktag_lockmethodid: pg_sys::DEFAULT_LOCKMETHOD as u8,
    }
}

fn is_held(tag: &pg_sys::LOCKTAG, mode: LockMode) -> bool {
    // SAFETY: a complete tag; looks into the session's own table of locks.
    unsafe {
        #[cfg(any(feature = "pg15", feature = "pg16"))]
        return pg_sys::LockHeldByMe(tag, mode as i32);
        #[cfg(not(any(feature = "pg15", feature = "pg16")))]
        return pg_sys::LockHeldByMe(tag, mode as i32, false);
    }
}

/// The relations of its database that this session holds locked so that others cannot read or write them, each with its
/// strongest lock; the server's own left out. There may be very many: see [`blocking_on`].
pub fn blocking() -> BTreeMap<u32, LockMode> {
    let mut found = BTreeMap::new();
    any(|lock, held| {
        if let Some((relation, mode)) = blocks(&lock.tag, held) {
            let known = found.entry(relation).or_insert(mode);
            *known = mode.max(*known);
        }
        false
    });
    found
}

/// Whether there is one.
pub fn is_any_blocking() -> bool {
    any(|lock, held| blocks(&lock.tag, held).is_some())
}

/// The one on a relation.
pub fn blocking_on(relation: u32) -> Option<LockMode> {
    held_on(relation).filter(|mode| relation >= FIRST_NORMAL_OBJECT_ID && mode.blocks() >= Blocks::Writes)
}

#[cfg(feature = "pg15")]
type Link = pg_sys::SHM_QUEUE;
#[cfg(not(feature = "pg15"))]
type Link = pg_sys::dlist_node;

/// Whether this can be said of a lock that this process holds or waits for, with the modes that it holds.
///
/// Walks this process's own lists of locks, as `LockReleaseAll` of `storage/lmgr/lock.c` does, and not the cluster's table
/// of them all. Weak locks may stand elsewhere, on the fast path; one that blocks never does.
fn any(mut is_so: impl FnMut(&pg_sys::LOCK, pg_sys::LOCKMASK) -> bool) -> bool {
    (0..pg_sys::NUM_LOCK_PARTITIONS as usize).any(|partition| any_of_partition(partition, &mut is_so))
}

/// The same in one of the parts into which the server's table of locks is cut.
fn any_of_partition(partition: usize, mut is_so: impl FnMut(&pg_sys::LOCK, pg_sys::LOCKMASK) -> bool) -> bool {
    // SAFETY: a ring of the PROCLOCKs of this process, linked by their procLink; the head is no PROCLOCK. Others may link in
    // a weak lock of ours from the fast path, and hold the partition's lock then, so it is taken; where the ring looks empty
    // there is at most such a one. Nothing in between raises an error.
    unsafe {
        let lists = &raw mut (*pg_sys::MyProc).myProcLocks;
        let head: *mut Link = lists.cast::<Link>().add(partition);
        if (*head).next.is_null() || (*head).next == head {
            return false;
        }
        let offset = pg_sys::LOCK_MANAGER_LWLOCK_OFFSET as usize;
        let lock = &raw mut (*pg_sys::MainLWLockArray.add(offset + partition)).lock;
        pg_sys::LWLockAcquire(lock, pg_sys::LWLockMode::LW_SHARED);
        let (mut link, mut found) = ((*head).next, false);
        while link != head && !found {
            let held = link.byte_sub(std::mem::offset_of!(pg_sys::PROCLOCK, procLink));
            let held = held.cast::<pg_sys::PROCLOCK>();
            found = is_so(&*(*held).tag.myLock, (*held).holdMask);
            link = (*link).next;
        }
        pg_sys::LWLockRelease(lock);
        found
    }
}

fn blocks(tag: &pg_sys::LOCKTAG, held: pg_sys::LOCKMASK) -> Option<(u32, LockMode)> {
    // SAFETY: set once when the backend connects to its database.
    let database = unsafe { pg_sys::MyDatabaseId }.to_u32();
    let is_relation = tag.locktag_type == pg_sys::LockTagType::LOCKTAG_RELATION as u8
        && tag.locktag_lockmethodid == pg_sys::DEFAULT_LOCKMETHOD as u8
        && tag.locktag_field1 == database
        && tag.locktag_field2 >= FIRST_NORMAL_OBJECT_ID;
    let strongest = LockMode::ALL
        .into_iter()
        .rev()
        .find(|mode| held & (1 << *mode as i32) != 0)?;
    (is_relation && strongest.blocks() >= Blocks::Writes).then_some((tag.locktag_field2, strongest))
}
