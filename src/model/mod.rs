//! Floor 0, pure: the words every other room speaks.

#![forbid(unsafe_code)]

pub mod decision;
pub mod lock_mode;
pub mod relation;
pub mod settings;
