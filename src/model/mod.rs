//! Floor 0, pure: the words every other room speaks.
#![forbid(unsafe_code)]

pub mod settings;
