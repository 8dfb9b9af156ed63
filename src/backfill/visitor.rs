//! A visit to a database: starts the workers that its running jobs lack.

use std::time::Duration;

use pgrx::spi::Spi;

use crate::postgres::backfill::order::Order;
use crate::postgres::backfill::transaction::{self, Fall};
use crate::postgres::backfill::{process, settings, summons};
use crate::postgres::{server_log, session};

/// How many workers may be started beyond those that all databases have already.
const FREE_SEATS: &str = "
    SELECT $1 OPERATOR(pg_catalog.-) pg_catalog.count(*)::pg_catalog.int4
      FROM pg_catalog.pg_locks AS l
     WHERE l.locktype OPERATOR(pg_catalog.=) 'userlock' AND l.granted AND l.database OPERATOR(pg_catalog.=) 0
           AND l.classid::pg_catalog.int8 OPERATOR(pg_catalog.=) interlock._seat_class()";

/// The workers that are lacking: job, slot, the two roles, and for those that are not to be started now, in how many
/// microseconds.
const WANTED: &str = "
    SELECT w.job_id, w.slot, w.connect_as::pg_catalog.int8, w.then_role::pg_catalog.int8,
           (1000000 OPERATOR(pg_catalog.*) pg_catalog.date_part('epoch',
                w.due OPERATOR(pg_catalog.-) pg_catalog.clock_timestamp()))::pg_catalog.int8
      FROM interlock._wanted_workers($1) AS w";

const HAS_JOBS: &str = "
    SELECT EXISTS (SELECT FROM interlock.backfill_job AS j
                    WHERE j.state OPERATOR(pg_catalog.=) 'running' AND j.background
                          AND j.origin OPERATOR(pg_catalog.=) interlock._origin())";

/// Whatever a visit waits for, it does not wait for long.
const LIMIT: Duration = Duration::from_secs(20);
/// After an error, or while there is no free process for a worker; in the server's microseconds, as the next one.
const RETRY: i64 = 5_000_000;
/// While there are running jobs: a worker may be gone without a word.
const LOOK_AROUND: i64 = 20_000_000;

struct Wanted {
    order: Order,
    /// In so many microseconds, not now.
    later: Option<i64>,
}

/// The visit.
pub fn visit() {
    match transaction::transaction(LIMIT, session::extension_exists) {
        Ok(false) => return,
        Ok(true) => {}
        Err(failure) => return fail(&failure.message),
    }
    if let Err(fall) = start_workers() {
        fail(&fall.failure.message);
    }
}

fn fail(message: &str) {
    server_log::write(&format!("pg_interlock backfill visitor: {message}"));
    summons::summon(session::database(), summons::now() + RETRY);
}

fn start_workers() -> Result<(), Fall> {
    let seats = settings::max_workers();
    let free = transaction::work(LIMIT, || {
        Ok(Spi::get_one_with_args::<i32>(FREE_SEATS, &[seats.into()])?.unwrap_or_default())
    })?;
    for wanted in wanted(free.max(0))? {
        let later = match wanted.later {
            Some(later) => {
                if free <= 0 {
                    let reason = format!("all {seats} workers are busy (pg_interlock.backfill_max_workers)");
                    note_unstarted(&wanted.order, &reason)?;
                }
                Some(later.max(0))
            }
            None if process::start_worker(wanted.order) => None,
            None => {
                note_unstarted(
                    &wanted.order,
                    "the server has no free background worker (max_worker_processes)",
                )?;
                Some(RETRY)
            }
        };
        if let Some(later) = later {
            summons::summon(session::database(), summons::now() + later);
        }
    }
    let has_jobs = transaction::work(LIMIT, || Spi::get_one::<bool>(HAS_JOBS))?;
    if has_jobs == Some(true) {
        summons::summon(session::database(), summons::now() + LOOK_AROUND);
    }
    Ok(())
}

fn wanted(free: i32) -> Result<Vec<Wanted>, Fall> {
    transaction::work(LIMIT, || {
        Spi::connect_mut(|client| {
            let mut wanted = Vec::new();
            for row in client.update(WANTED, None, &[free.into()])? {
                let number = |column: usize| Ok::<i64, pgrx::spi::Error>(row.get::<i64>(column)?.unwrap_or_default());
                let role =
                    |column: usize| Ok::<u32, pgrx::spi::Error>(u32::try_from(number(column)?).unwrap_or_default());
                let slot = row.get::<i32>(2)?.unwrap_or_default();
                wanted.push(Wanted {
                    order: Order::here(number(1)?, slot, role(3)?, role(4)?),
                    later: row.get::<i64>(5)?,
                });
            }
            Ok(wanted)
        })
    })
}

fn note_unstarted(order: &Order, reason: &str) -> Result<(), Fall> {
    transaction::work(LIMIT, || {
        Spi::run_with_args(
            "SELECT interlock._note_unstarted($1, $2)",
            &[order.job.into(), reason.into()],
        )
    })
}
