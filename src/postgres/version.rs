//! The running server's version.

use pgrx::pg_sys;

use super::node;

/// Its major: 18.
pub fn major() -> u32 {
    pg_sys::PG_VERSION_NUM / 10000
}

/// A change that came with minor releases to majors that were out by then: the first release of each that has it, as
/// `server_version_num` tells it. Majors that are not listed have it from the start.
pub type Backported = &'static [u32];

/// Whether the running server has it: minor releases change locks, and the library is built for all of a major.
pub fn has(change: Backported) -> bool {
    let number = number();
    change
        .iter()
        .find(|release| **release / 10_000 == number / 10_000)
        .is_none_or(|release| number >= *release)
}

fn number() -> u32 {
    // SAFETY: a setting that every server has; its text is copied.
    let text = node::text(unsafe { pg_sys::GetConfigOption(c"server_version_num".as_ptr(), true, false) });
    text.parse().unwrap_or(0)
}
