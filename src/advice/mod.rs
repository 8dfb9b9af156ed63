//! Floor 2, pure: every word a user reads, and the safe way to the same end.

#![forbid(unsafe_code)]

mod added_constraint;
pub mod alternative;
mod clauses;
mod column_constraint;
pub mod examples;
mod leftover;
pub mod lock_wait;
mod mass_change;
pub mod message;
pub mod names;
mod not_null;
mod partition;
mod rename;
pub mod rows;
pub mod rules;
mod sql;
mod tokens;
mod transaction;
mod words;
