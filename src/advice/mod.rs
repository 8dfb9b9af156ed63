//! Floor 2, pure: every word a user reads, and the safe way to the same end.
#![forbid(unsafe_code)]
