//! The running server's version.

use pgrx::pg_sys;

/// Its major: 18.
pub fn major() -> u32 {
    pg_sys::PG_VERSION_NUM / 10000
}
