//! Floor 4: backfill jobs.

use pgrx::spi::{Spi, SpiResult};

use crate::postgres::lease;

/// Takes the lease of a job for this session; false if another session has it, or if there is no job that the current
/// role may see: otherwise anybody could bar the way of everybody.
pub fn take_lease(job: i64) -> bool {
    matches!(is_visible(job), Ok(Some(true))) && lease::take(job)
}

fn is_visible(job: i64) -> SpiResult<Option<bool>> {
    Spi::get_one_with_args(
        "SELECT EXISTS (SELECT FROM interlock.backfill_job AS j WHERE j.id OPERATOR(pg_catalog.=) $1)",
        &[job.into()],
    )
}
