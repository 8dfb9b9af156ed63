//! The running server's version.

use pgrx::pg_sys;

use super::node;

/// Its major: 18.
pub fn major() -> u32 {
    pg_sys::PG_VERSION_NUM / 10000
}

/// The version the running server tells, `server_version_num`: minor releases change locks, and the library is built for all
/// of a major.
pub fn number() -> u32 {
    // SAFETY: a setting that every server has; its text is copied.
    let text = node::text(unsafe { pg_sys::GetConfigOption(c"server_version_num".as_ptr(), true, false) });
    text.parse().unwrap_or(0)
}
