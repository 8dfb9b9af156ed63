//! What `interlock.blockers` and `interlock.lock_tree` need to know about lock modes.

#![allow(clippy::result_large_err, reason = "the error of pgrx")]

use pgrx::prelude::*;

use crate::model::lock_mode::LockMode;
use crate::postgres::report::{Fault, invalid_parameter};

#[pg_extern(name = "_lock_modes_conflict", immutable, strict, parallel_safe)]
fn lock_modes_conflict(held: &str, wanted: &str) -> Result<bool, Fault> {
    let wanted = LockMode::from_name(wanted).ok_or_else(|| {
        invalid_parameter(
            format!("lock mode \"{wanted}\" does not exist"),
            "The modes are those that pg_locks shows, from AccessShareLock to AccessExclusiveLock.",
        )
    })?;
    // Serializable transactions show predicate locks among the others.
    Ok(LockMode::from_name(held).is_some_and(|held| held.conflicts_with(wanted)))
}

#[pg_extern(name = "_lock_mode_number", immutable, strict, parallel_safe)]
fn lock_mode_number(name: &str) -> Option<i32> {
    LockMode::from_name(name).map(|mode| mode as i32)
}
