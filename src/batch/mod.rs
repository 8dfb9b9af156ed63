//! Floor 2, pure: backfill arithmetic: how large the next batch is, how far a job has come, how long is left, when to
//! try again.
#![forbid(unsafe_code)]

pub mod duration;
pub mod pace;
pub mod progress;
pub mod retry;
