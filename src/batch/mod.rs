//! Floor 2, pure: backfill arithmetic: how large the next batch is, how far a job has come, how long is left, what a
//! failure means, when to try again, how long to rest, which state follows.
#![forbid(unsafe_code)]

pub mod duration;
pub mod fault;
pub mod options;
pub mod pace;
pub mod progress;
pub mod retry;
pub mod state;
pub mod throttle;
