//! Floor 2, pure: from a lock profile and the settings to a decision.
#![forbid(unsafe_code)]
