//! Floor 4: backfill jobs.
