//! What a statement really did: the locks this session holds, as pg_locks shows them, the storage of relations, and the
//! scans that were counted.

use std::collections::{BTreeMap, BTreeSet};

use pgrx::pg_sys;

use super::catalog::{self, Value};
use crate::model::lock_mode::LockMode;

/// The strongest lock that this session holds on each relation of its database.
///
/// Copies the cluster's table of locks, as pg_locks does: nothing to do for every statement of a busy server.
pub fn own_locks() -> BTreeMap<u32, LockMode> {
    let mut held = BTreeMap::new();
    // SAFETY: the server's copy of its lock table, in the current memory context.
    let locks = unsafe {
        let data = pg_sys::GetLockStatusData();
        std::slice::from_raw_parts((*data).locks, (*data).nelements as usize)
    };
    // SAFETY: variables of this process.
    let (pid, database) = unsafe { (pg_sys::MyProcPid, pg_sys::MyDatabaseId.to_u32()) };
    for lock in locks.iter().filter(|lock| {
        lock.pid == pid
            && lock.locktag.locktag_type == pg_sys::LockTagType::LOCKTAG_RELATION as u8
            && lock.locktag.locktag_field1 == database
    }) {
        let strongest = LockMode::ALL
            .into_iter()
            .rev()
            .find(|mode| lock.holdMask & (1 << *mode as i32) != 0);
        if let Some(mode) = strongest {
            let known = held.entry(lock.locktag.locktag_field2).or_insert(mode);
            *known = mode.max(*known);
        }
    }
    held
}

/// The file number of a relation; `None` if it is gone or has no storage.
pub fn storage(relation: u32) -> Option<u32> {
    catalog::row(&catalog::CLASS, relation)
        .map(|row| row.oid("relfilenode"))
        .filter(|file| *file != 0)
}

/// The files of a table's indexes; `None` where one has none of its own, or one that is kept elsewhere, as those of some
/// catalogs are.
pub fn index_files(table: u32) -> Option<BTreeSet<u32>> {
    let indexes = catalog::rows(&catalog::INDEXES_OF_TABLE, &[Value::Oid(table)]);
    indexes.iter().map(|row| storage(row.oid("indexrelid"))).collect()
}

/// Scans and row changes of a relation that were counted since its statistics were reset; 0 where none are kept.
fn activity(relation: u32) -> i64 {
    // SAFETY: an entry of the shared statistics, or null; copied at once.
    unsafe {
        let Some(entry) = pg_sys::pgstat_fetch_stat_tabentry(relation.into()).as_ref() else {
            return 0;
        };
        let fetched = entry.numscans + entry.tuples_fetched;
        fetched + entry.tuples_inserted + entry.tuples_updated + entry.tuples_deleted
    }
}

/// A relation that was read or changed so often since its statistics were reset is one that an application lives on.
const BUSY: i64 = 1000;

/// Whether an application lives on a relation.
pub fn is_busy(relation: u32) -> bool {
    activity(relation) >= BUSY
}

/// Sequential scans of a relation that this transaction has counted so far; `None` where the server does not count.
pub fn scans(relation: u32) -> Option<i64> {
    // SAFETY: this process's own counters; a null pointer means that nothing was counted yet.
    unsafe {
        if !pg_sys::pgstat_track_counts {
            return None;
        }
        let entry = pg_sys::find_tabstat_entry(relation.into()).as_ref();
        #[cfg(feature = "pg15")]
        return Some(entry.map_or(0, |entry| entry.t_counts.t_numscans));
        #[cfg(not(feature = "pg15"))]
        return Some(entry.map_or(0, |entry| entry.counts.numscans));
    }
}
