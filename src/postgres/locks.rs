//! Locks this session holds, and who is in the way of others.

use pgrx::pg_sys;

use crate::model::lock_mode::LockMode;

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
