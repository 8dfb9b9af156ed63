//! A worker: runs one job, step by step, each step in a transaction of its own, and sleeps outside of transactions.
//!
//! The step decides everything (`interlock._step()`); what is left to the worker is what ends a transaction from outside:
//! a batch that takes too long, a cancel, an error of the bookkeeping itself.

use std::time::{Duration, Instant};

use pgrx::PgSqlErrorCode;
use pgrx::spi::Spi;

use super::throttle;
use crate::batch::{fault::Fault, options, retry};
use crate::postgres::backfill::order::Order;
use crate::postgres::backfill::transaction::{Fall, work as transact};
use crate::postgres::backfill::{process, settings, summons};
use crate::postgres::{lease, report, server_log};

const STEP: &str = "SELECT s.verdict, s.delay FROM interlock._step($1, $2, true) AS s";
/// A pause is slept through in pieces: it may be ended by others.
const PIECE: Duration = Duration::from_secs(1);
/// After so long somebody looks whether the job lacks a worker still; in the server's microseconds.
const COMEBACK: i64 = 1_000_000;

struct Job {
    /// As the server writes it.
    pause: String,
    /// Only a batch that is known to be longer than this is undone.
    batch_timeout: Duration,
    settings: Vec<(String, String)>,
}

/// The worker's life.
pub fn work(order: &Order) {
    if let Err(fall) = run(order) {
        server_log::write(&format!(
            "pg_interlock backfill worker {} of job {}: {}",
            order.slot, order.job, fall.failure.message
        ));
        come_back(order);
    }
}

fn come_back(order: &Order) {
    summons::summon(order.database(), summons::now() + COMEBACK);
}

fn run(order: &Order) -> Result<(), Fall> {
    process::report_activity(Some(&format!("backfill job {}", order.job)));
    if let Some(role) = order.then_role() {
        process::take_role(role).map_err(Fall::from)?;
    }
    let Some(mut job) = read_job(order)? else {
        return Ok(());
    };
    if !take_lease(order)? {
        return Ok(());
    }
    if let Err(failure) = process::take_settings(&job.settings) {
        return fail(order, &Fall::from(failure));
    }
    let mut failures = 0;
    let mut started = false;
    let mut read_at = Instant::now();
    while process::attend() || !pause(order)? {
        match step(order, job.batch_timeout) {
            Ok((verdict, _)) if verdict == "entered" => {}
            Ok((verdict, delay)) => {
                failures = 0;
                if !started {
                    call(order, "SELECT interlock._note_start($1)")?;
                    started = true;
                }
                if verdict != "on" {
                    return Ok(());
                }
                let rested = delay <= 0.0 || rest(order, Duration::from_secs_f64(delay.min(1e6)), &job.pause)?;
                if !rested && pause(order)? {
                    return Ok(());
                }
            }
            Err(fall) => {
                failures += 1;
                // An error releases every lock, the lease too. Somebody else may have it now.
                if !after(order, &fall, failures, &job.pause)? || !take_lease(order)? {
                    return Ok(());
                }
            }
        }
        if read_at.elapsed() >= PIECE
            && let Some(read) = read_job(order)?
        {
            job = read;
            read_at = Instant::now();
        }
    }
    Ok(())
}

fn step(order: &Order, limit: Duration) -> Result<(String, f64), Fall> {
    throttle::came_to_batch();
    transact(limit, || {
        let (verdict, delay) = Spi::get_two_with_args::<String, f64>(STEP, &[order.job.into(), order.slot.into()])?;
        Ok((verdict.unwrap_or_default(), delay.unwrap_or_default()))
    })
}

/// What comes after an error that the step itself could not catch; whether the worker stays.
fn after(order: &Order, fall: &Fall, failures: i32, job_pause: &str) -> Result<bool, Fall> {
    if fall.failure.code == PgSqlErrorCode::ERRCODE_QUERY_CANCELED {
        if !fall.timed_out {
            return Ok(!pause(order)?);
        }
        if throttle::came_to_batch()
            && let Some((pass, range)) = throttle::range()
        {
            transact(Duration::ZERO, || {
                Spi::run_with_args(
                    "SELECT interlock._after_timeout($1, $2, $3, $4)",
                    &[order.job.into(), order.slot.into(), pass.into(), range.into()],
                )
            })?;
            return Ok(true);
        }
    }
    let kind = match Fault::of(&report::sqlstate_text(fall.failure.code as i32)) {
        Fault::Data => Fault::Conflict, // of no row: our own bookkeeping met it
        fault => fault,
    };
    match retry::delay(failures, kind) {
        Some(delay) => rest(order, Duration::from_secs_f64(delay), job_pause),
        None => fail(order, fall).map(|()| false),
    }
}

fn fail(order: &Order, fall: &Fall) -> Result<(), Fall> {
    let code = report::sqlstate_text(fall.failure.code as i32);
    let message = if fall.timed_out {
        "the hold query, or the search for the next rows, took longer than batch_timeout"
    } else {
        fall.failure.message.as_str()
    };
    transact(Duration::ZERO, || {
        Spi::run_with_args(
            "SELECT interlock._fail_backfill($1, $2, $3, NULL)",
            &[order.job.into(), code.as_str().into(), message.into()],
        )
    })
}

/// Somebody cancelled what this process does: that pauses the job, as Ctrl-C does in psql. Whether it is paused.
fn pause(order: &Order) -> Result<bool, Fall> {
    call(order, "SELECT interlock._pause_running($1)")?;
    Ok(true)
}

fn call(order: &Order, sql: &str) -> Result<(), Fall> {
    transact(Duration::ZERO, || Spi::run_with_args(sql, &[order.job.into()]))
}

/// Sleeps, but not longer than the job runs with the pause that it had before the step. `false`: somebody cancelled.
fn rest(order: &Order, mut time: Duration, pause: &str) -> Result<bool, Fall> {
    process::report_activity(None);
    while !time.is_zero() {
        let piece = time.min(PIECE);
        if !process::sleep(piece) {
            return Ok(false);
        }
        time -= piece;
        if !time.is_zero() && read_job(order)?.is_none_or(|job| job.pause != pause) {
            break;
        }
    }
    process::report_activity(Some(&format!("backfill job {}", order.job)));
    Ok(true)
}

/// The lease, and a seat among the workers of all jobs. An error in a transaction takes both away.
fn take_lease(order: &Order) -> Result<bool, Fall> {
    let taken = transact(Duration::ZERO, || {
        Ok(lease::take_seat(settings::max_workers()) && lease::take(order.job, order.slot))
    })?;
    if !taken {
        come_back(order); // Who has it may be on the point of leaving.
    }
    Ok(taken)
}

/// The job as far as the worker cares, if it runs.
fn read_job(order: &Order) -> Result<Option<Job>, Fall> {
    transact(Duration::ZERO, || {
        let (options, captured, pause) = Spi::get_three_with_args::<pgrx::JsonB, pgrx::JsonB, String>(
            "SELECT j.options, j.settings, j.pause::pg_catalog.text FROM interlock.backfill_job AS j
              WHERE j.id OPERATOR(pg_catalog.=) $1 AND j.state OPERATOR(pg_catalog.=) 'running'
              UNION ALL SELECT NULL, NULL, NULL LIMIT 1",
            &[order.job.into()],
        )?;
        let (Some(options), Some(captured), Some(pause)) = (options, captured, pause) else {
            return Ok(None);
        };
        let timeout = options::number(&options.0, "batch_timeout").or(settings::number("batch_timeout"));
        let captured = captured.0.as_object().into_iter().flatten();
        Ok(Some(Job {
            pause,
            batch_timeout: Duration::from_millis(timeout.and_then(|ms| u64::try_from(ms).ok()).unwrap_or_default()),
            settings: captured
                .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
                .collect(),
        }))
    })
}
