//! Locks this session holds.

use pgrx::pg_sys;

use crate::model::lock_mode::LockMode;

/// The strongest lock this session holds on a relation of its database.
pub fn held_on(relation: u32) -> Option<LockMode> {
    let tag = pg_sys::LOCKTAG {
        // SAFETY: set once when the backend connects to its database.
        locktag_field1: unsafe { pg_sys::MyDatabaseId }.to_u32(),
        locktag_field2: relation,
        locktag_field3: 0,
        locktag_field4: 0,
        locktag_type: pg_sys::LockTagType::LOCKTAG_RELATION as u8,
        locktag_lockmethodid: pg_sys::DEFAULT_LOCKMETHOD as u8,
    };
    LockMode::ALL.into_iter().rev().find(|mode| is_held(&tag, *mode))
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
