//! What the backfill's SQL calls: arithmetic, the leases of a job, workers, and what the parser knows about the user's
//! clauses.
//!
//! Internal, hence the underscores; executable by everyone, because a backfill runs with its caller's rights.

use pgrx::JsonB;
use pgrx::prelude::*;

use crate::backfill::{self as jobs, throttle};
use crate::batch::fault::Fault as BatchFault;
use crate::batch::{duration, options, pace, progress, retry, state};
use crate::postgres::backfill::{settings, summons};
use crate::postgres::update_clauses::{self, Fault};
use crate::postgres::{commit_obstacle, lease, session, version};

#[pg_extern(name = "_first_batch_size", immutable, parallel_safe)]
fn first_batch_size() -> i32 {
    pace::FIRST
}

#[pg_extern(name = "_next_batch_size", immutable, parallel_safe)]
fn next_batch_size(
    current: i32,
    fixed: Option<i32>,
    rows_per_second: Option<f64>,
    batches: i64,
    target_ms: i64,
) -> i32 {
    pace::next_batch_size(current, fixed, rows_per_second, batches, target_ms as f64)
}

#[pg_extern(name = "_halved", immutable, strict, parallel_safe)]
fn halved(size: i32) -> i32 {
    retry::halved(size)
}

/// The kind of an error: lock, conflict, timeout, resource, data or lasting.
#[pg_extern(name = "_fault", immutable, strict, parallel_safe)]
fn fault(sqlstate: &str) -> &'static str {
    BatchFault::of(sqlstate).name()
}

#[pg_extern(name = "_retry_delay", immutable, strict, parallel_safe)]
fn retry_delay(attempt: i32, fault: &str) -> Option<f64> {
    retry::delay(attempt, BatchFault::named(fault)?)
}

#[pg_extern(name = "_next_state", immutable, strict, parallel_safe)]
fn next_state(state: &str, action: &str) -> Option<&'static str> {
    state::next(state, action)
}

#[pg_extern(name = "_options_fault", immutable, strict, parallel_safe)]
fn options_fault(options: JsonB) -> Option<String> {
    options::fault(&options.0)
}

/// The number that holds for an option: the job's, or else the setting's.
#[pg_extern(name = "_option", stable, strict, parallel_safe)]
fn option(options: JsonB, name: &str) -> Option<i64> {
    options::number(&options.0, name).or(settings::number(name))
}

/// Whether a job may run at this minute of the day.
#[pg_extern(name = "_window_is_open", immutable, strict, parallel_safe)]
fn window_is_open(window: &str, minute: i32) -> bool {
    options::window_is_open(window, minute)
}

/// The times of the day at which a job runs.
#[pg_extern(name = "_window", stable, strict, parallel_safe)]
fn window(options: JsonB) -> String {
    options.0["window"]
        .as_str()
        .map_or_else(settings::window, ToOwned::to_owned)
}

#[pg_extern(name = "_is_look_due", volatile, strict, parallel_unsafe)]
fn is_look_due(job_id: i64) -> bool {
    throttle::is_due(job_id)
}

/// The budget is in kilobytes per second; -1: there is none.
/// Notes which range of a job this process walks now; whether it is the same as before.
#[pg_extern(name = "_came_to", volatile, strict, parallel_unsafe)]
fn came_to(job_id: i64, pass: i32, range: i32) -> bool {
    throttle::came_to(job_id, pass, range)
}

#[pg_extern(name = "_note_look", volatile, strict, parallel_unsafe)]
fn note_look(job_id: i64) {
    throttle::note_look(job_id);
}

/// Notes that what follows is a batch, until [`throttle::came_to_batch`] asks.
#[pg_extern(name = "_note_batch", volatile, parallel_unsafe)]
fn note_batch() {
    throttle::note_batch();
}

#[pg_extern(name = "_wal_rest", volatile, strict, parallel_unsafe)]
fn wal_rest(written: i64, budget: i64) -> f64 {
    throttle::rest(written, budget.max(0) as f64 * 1024.0)
}

#[pg_extern(name = "_wal_age", volatile, strict, parallel_unsafe)]
fn wal_age(position: i64) -> f64 {
    throttle::age(position)
}

#[pg_extern(name = "_smoothed_rate", immutable, parallel_safe)]
fn smoothed_rate(previous: Option<f64>, rows: i64, elapsed_ms: f64) -> Option<f64> {
    pace::smoothed_rate(previous, rows, elapsed_ms)
}

#[pg_extern(name = "_percentage", immutable, strict, parallel_safe)]
fn percentage(done: i64, estimated: i64, finished: bool) -> f64 {
    progress::percentage(done, estimated, finished)
}

#[pg_extern(name = "_time_left", immutable, strict, parallel_safe)]
fn time_left(remaining: i64, rows_per_second: f64, batch_size: i32, pause_seconds: f64) -> Option<f64> {
    progress::time_left(remaining, rows_per_second, batch_size, pause_seconds)
}

#[pg_extern(name = "_duration", immutable, strict, parallel_safe)]
fn duration(seconds: f64) -> String {
    duration::text(seconds)
}

#[pg_extern(name = "_commit_obstacle", volatile, parallel_unsafe)]
fn commit_obstacle() -> Option<&'static str> {
    commit_obstacle::commit_obstacle()
}

#[pg_extern(name = "_lease_class", immutable, parallel_safe)]
fn lease_class() -> i64 {
    i64::from(lease::CLASS)
}

#[pg_extern(name = "_seat_class", immutable, parallel_safe)]
fn seat_class() -> i64 {
    i64::from(lease::SEAT_CLASS)
}

#[pg_extern(name = "_take_lease", volatile, strict, parallel_unsafe)]
fn take_lease(job_id: i64, slot: i32) -> bool {
    jobs::take_lease(job_id, slot)
}

#[pg_extern(name = "_release_lease", volatile, strict, parallel_unsafe)]
fn release_lease(job_id: i64, slot: i32) -> bool {
    lease::release(job_id, slot)
}

/// The role who asks for what is done now, as which a worker may connect.
#[pg_extern(name = "_asker", stable, parallel_restricted)]
fn asker() -> i64 {
    i64::from(session::asker())
}

#[pg_extern(name = "_origin", stable, parallel_safe)]
fn origin() -> String {
    session::origin()
}

#[pg_extern(name = "_server_major", immutable, parallel_safe)]
fn server_major() -> i32 {
    version::major() as i32
}

#[pg_extern(name = "_has_launcher", stable, parallel_safe)]
fn has_launcher() -> bool {
    summons::available()
}

/// Whether the launcher runs at the moment.
#[pg_extern(name = "_launcher_runs", volatile, parallel_unsafe)]
fn launcher_runs() -> bool {
    summons::has_launcher()
}

#[pg_extern(name = "_summon_workers", volatile, parallel_unsafe)]
fn summon_workers() {
    summons::summon_at_commit();
}

/// Null for text that the parser rejects.
#[pg_extern(name = "_assigned_columns", immutable, strict, parallel_safe)]
fn assigned_columns(assignments: &str) -> Option<Vec<String>> {
    unless_misshapen(update_clauses::assigned_columns(assignments))
}

/// Null for text that the parser rejects.
#[pg_extern(name = "_is_condition", immutable, strict, parallel_safe)]
fn is_condition(condition: &str) -> Option<bool> {
    unless_misshapen(update_clauses::check_condition(condition).map(|()| true))
}

fn unless_misshapen<T>(clause: Result<T, Fault>) -> Option<T> {
    match clause {
        Ok(value) => Some(value),
        Err(Fault::Syntax) => None,
        Err(Fault::Shape(message)) => {
            ereport!(ERROR, PgSqlErrorCode::ERRCODE_SYNTAX_ERROR, message);
        }
    }
}
