//! Floor 4: backfill jobs: who runs one, and how the processes in the background live.
//!
//! What a job does is SQL and PL/pgSQL under `sql/` (`interlock._step()` is the engine), because users' errors arrive there
//! with every field, and because the session of `CALL safe_backfill()` and a worker then run the very same.

mod launcher;
pub mod throttle;
mod visitor;
mod worker;

use pgrx::spi::{Spi, SpiResult};

use crate::postgres::backfill::process;
use crate::postgres::lease;

/// Registers the processes. To be called once, from `_PG_init`.
pub fn init() {
    process::serve(process::Bodies {
        launch: launcher::launch,
        visit: visitor::visit,
        work: worker::work,
    });
}

/// Takes a lease of a job for this session; false if another session has it, or if there is no job that the current
/// role may see: otherwise anybody could bar the way of everybody.
pub fn take_lease(job: i64, slot: i32) -> bool {
    (0..lease::SLOTS).contains(&slot) && matches!(is_visible(job), Ok(Some(true))) && lease::take(job, slot)
}

fn is_visible(job: i64) -> SpiResult<Option<bool>> {
    Spi::get_one_with_args(
        "SELECT EXISTS (SELECT FROM interlock.backfill_job AS j WHERE j.id OPERATOR(pg_catalog.=) $1)",
        &[job.into()],
    )
}
