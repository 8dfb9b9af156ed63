//! The launcher: sees to it that databases with jobs that lack workers are visited.
//!
//! It begins with all of them, because it begins when the server does, after a crash, and when a standby is promoted;
//! jobs that were running then go on by themselves.

use std::time::Duration;

use crate::postgres::backfill::{process, summons};

/// While no worker slot is free; in the server's microseconds.
const RETRY: i64 = 1_000_000;
/// Nothing is due: look around now and then all the same.
const IDLE: Duration = Duration::from_secs(60);

/// The launcher's life; it ends with the server.
pub fn launch() {
    summons::be_launcher();
    let mut all = true;
    loop {
        if all || summons::take_all() {
            for database in process::databases() {
                visit(database);
            }
            all = false;
        }
        while let Some(database) = summons::take_due() {
            visit(database);
        }
        let wait = summons::next_due().and_then(|due| u64::try_from(due).ok());
        process::sleep(wait.map_or(IDLE, |due| Duration::from_millis(due).min(IDLE)));
    }
}

fn visit(database: u32) {
    if !process::visit(database) {
        summons::summon(database, summons::now() + RETRY);
    }
    process::attend();
}
