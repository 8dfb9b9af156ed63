//! A visit to a database: starts the workers that its running jobs lack.

use crate::postgres::backfill::order::Order;
use crate::postgres::backfill::{process, summons, transaction};
use crate::postgres::{server_log, session};

/// The workers that are lacking: job, slot, the two roles, and for those that are not to be tried yet, in how many
/// microseconds.
const WANTED: &str = "
    SELECT w.job_id, w.slot, w.connect_as::pg_catalog.int8, w.then_role::pg_catalog.int8,
           (1000000 OPERATOR(pg_catalog.*) pg_catalog.date_part('epoch',
                w.due OPERATOR(pg_catalog.-) pg_catalog.clock_timestamp()))::pg_catalog.int8
      FROM interlock._wanted_workers() AS w";

/// While no worker slot is free; in the server's microseconds.
const RETRY: i64 = 1_000_000;

struct Wanted {
    order: Order,
    /// In so many microseconds, not now.
    later: Option<i64>,
}

/// The visit.
pub fn visit() {
    let wanted = match transaction::transaction(std::time::Duration::ZERO, session::extension_exists) {
        Ok(true) => read(),
        _ => return,
    };
    for wanted in wanted {
        let later = match wanted.later {
            Some(later) => Some(later.max(0)),
            None => (!process::start_worker(wanted.order)).then_some(RETRY),
        };
        if let Some(later) = later {
            summons::summon(wanted.order.database(), summons::now() + later);
        }
    }
}

fn read() -> Vec<Wanted> {
    let read = transaction::read(WANTED, |rows| {
        let mut wanted = Vec::new();
        for row in rows {
            let number = |column: usize| Ok::<i64, pgrx::spi::Error>(row.get::<i64>(column)?.unwrap_or_default());
            let role = |column: usize| Ok::<u32, pgrx::spi::Error>(u32::try_from(number(column)?).unwrap_or_default());
            let slot = row.get::<i32>(2)?.unwrap_or_default();
            wanted.push(Wanted {
                order: Order::here(number(1)?, slot, role(3)?, role(4)?),
                later: row.get::<i64>(5)?,
            });
        }
        Ok(wanted)
    });
    read.unwrap_or_else(|fall| {
        server_log::write(&format!("pg_interlock backfill visitor: {}", fall.failure.message));
        Vec::new()
    })
}
