//! Whether the code that called us may COMMIT, and if not, why.
//!
//! Mirrors the tests of `_SPI_commit` (spi.c), so that a procedure can refuse with a helpful message before it has done
//! anything, and words the reasons like `PreventInTransactionBlock` (xact.c).

use pgrx::pg_sys;

/// Why COMMIT would fail in the procedure that evaluates the calling expression; `None` where it would succeed.
pub fn commit_obstacle() -> Option<&'static str> {
    // SAFETY: the three only read the backend's own transaction and SPI state.
    let (may_commit, in_subtransaction, in_block) = unsafe {
        (
            pg_sys::SPI_inside_nonatomic_context(),
            pg_sys::IsSubTransaction(),
            pg_sys::IsTransactionBlock(),
        )
    };
    if may_commit {
        None
    } else if in_subtransaction {
        // First, because an EXCEPTION clause in a DO block counts as a transaction block too.
        Some("inside a subtransaction")
    } else if in_block {
        Some("inside a transaction block")
    } else {
        Some("from a function")
    }
}
