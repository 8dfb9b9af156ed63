//! Floor 1, pure: from facts about a statement to its lock profile, one file per statement family.
#![forbid(unsafe_code)]
