//! The launcher: sees to it that databases with jobs that lack workers are visited.
//!
//! It begins with all of them, because it begins when the server does, after a crash, and when a standby is promoted;
//! jobs that were running then go on by themselves.

use std::time::Duration;

use crate::postgres::backfill::process::{self, Visit};
use crate::postgres::backfill::summons;

/// While no worker slot is free; in the server's microseconds, as the next one.
const RETRY: i64 = 1_000_000;
/// When a visit did not come to its end, or the list of databases could not be read.
const LATER: i64 = 60_000_000;
/// For how long a visit is waited for: it may wait for something itself, and other databases must not wait with it.
const PATIENCE: Duration = Duration::from_secs(30);
/// Nothing is due.
const IDLE: Duration = Duration::from_secs(3600);

/// The launcher's life; it ends with the server.
pub fn launch() {
    summons::be_launcher();
    summons::summon_all(summons::now());
    loop {
        if summons::take_all() {
            match process::databases() {
                Ok(databases) => databases.into_iter().for_each(visit),
                Err(_) => summons::summon_all(summons::now() + LATER),
            }
        }
        while let Some(database) = summons::take_due() {
            visit(database);
        }
        let wait = summons::next_due().and_then(|due| u64::try_from(due).ok());
        process::sleep(wait.map_or(IDLE, |due| Duration::from_millis(due).min(IDLE)));
    }
}

fn visit(database: u32) {
    let again = match process::visit(database, PATIENCE) {
        Visit::Done => None,
        Visit::NoSlot => Some(RETRY),
        Visit::Late => Some(LATER),
    };
    if let Some(after) = again {
        summons::summon(database, summons::now() + after);
    }
    process::attend();
}
