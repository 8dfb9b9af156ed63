//! What the backfill's SQL calls: arithmetic, the lease of a job, and what the parser knows about the user's clauses.
//!
//! Internal, hence the underscores; executable by everyone, because a backfill runs with its caller's rights.

use pgrx::prelude::*;

use crate::backfill as jobs;
use crate::batch::{duration, pace, progress, retry};
use crate::postgres::update_clauses::{self, Fault};
use crate::postgres::{commit_obstacle, lease};

#[pg_extern(name = "_first_batch_size", immutable, parallel_safe)]
fn first_batch_size() -> i32 {
    pace::FIRST
}

#[pg_extern(name = "_next_batch_size", immutable, parallel_safe)]
fn next_batch_size(current: i32, rows_per_second: Option<f64>, batches: i64) -> i32 {
    pace::next_batch_size(current, rows_per_second, batches, pace::TARGET_MS)
}

#[pg_extern(name = "_retry_delay", immutable, strict, parallel_safe)]
fn retry_delay(attempt: i32, sqlstate: &str) -> Option<f64> {
    retry::delay(attempt, sqlstate)
}

#[pg_extern(name = "_retry_size", immutable, strict, parallel_safe)]
fn retry_size(size: i32, sqlstate: &str) -> i32 {
    retry::size(size, sqlstate)
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

#[pg_extern(name = "_take_lease", volatile, strict, parallel_unsafe)]
fn take_lease(job_id: i64) -> bool {
    jobs::take_lease(job_id)
}

#[pg_extern(name = "_release_lease", volatile, strict, parallel_unsafe)]
fn release_lease(job_id: i64) -> bool {
    lease::release(job_id)
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
