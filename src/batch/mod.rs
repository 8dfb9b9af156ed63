//! Floor 2, pure: backfill arithmetic.
#![forbid(unsafe_code)]
