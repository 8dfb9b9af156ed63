//! Floor 0, pure: the words every other room speaks.

#![forbid(unsafe_code)]

pub mod change;
pub mod decision;
pub mod facts;
pub mod lock_mode;
pub mod lock_profile;
pub mod partition;
pub mod relation;
pub mod rename;
pub mod report;
pub mod rule;
pub mod settings;
pub mod transaction;
