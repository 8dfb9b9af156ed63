//! The settings `pg_interlock.backfill_…`: what holds for jobs that say nothing themselves.
//!
//! As all settings of pg_interlock they belong to superusers and those who were granted SET on them.

use std::ffi::{CStr, CString, c_char, c_void};

use pgrx::{GucContext, GucFlags, GucRegistry, GucSetting, pg_sys};

use crate::batch::options;
use crate::postgres::node;

/// A number, its unit, and its words.
struct Number {
    option: &'static str,
    name: &'static CStr,
    short: &'static CStr,
    long: &'static CStr,
    lowest: i32,
    unit: Unit,
    value: GucSetting<i32>,
}

enum Unit {
    None,
    Milliseconds,
    Kilobytes,
}

macro_rules! number {
    ($option:literal, $name:literal, $default:expr, $lowest:expr, $unit:ident, $short:literal, $long:literal) => {
        Number {
            option: $option,
            name: $name,
            short: $short,
            long: $long,
            lowest: $lowest,
            unit: Unit::$unit,
            value: GucSetting::<i32>::new($default),
        }
    };
}

static NUMBERS: [Number; 13] = [
    number!(
        "batch_time", c"pg_interlock.backfill_batch_time", 500, 1, Milliseconds,
        c"Sets the time that a batch of a backfill should take.",
        c"Batches grow or shrink towards it, unless the job fixes their size."
    ),
    number!(
        "batch_timeout", c"pg_interlock.backfill_batch_timeout", 60_000, 0, Milliseconds,
        c"Sets the time after which a batch of a backfill in the background is undone and tried again with half the rows.",
        c"0 turns the timeout off."
    ),
    number!(
        "lock_timeout", c"pg_interlock.backfill_lock_timeout", 1000, 1, Milliseconds,
        c"Sets how long a batch of a backfill waits for a lock.",
        c"Then it is undone, and the rows that are locked are tried again later. A lock_timeout of the session itself comes first."
    ),
    number!(
        "max_errors", c"pg_interlock.backfill_max_errors", 1000, -1, None,
        c"Sets how many rows a backfill may skip before it fails.",
        c"-1 sets no limit."
    ),
    number!(
        "nice", c"pg_interlock.backfill_nice", 0, 0, None,
        c"Sets how long a backfill rests after each batch, in percent of the time that the batch took.",
        c"The pause of a job comes on top."
    ),
    number!(
        "max_replication_lag", c"pg_interlock.backfill_max_replication_lag", 10_000, -1, Milliseconds,
        c"Sets the replay lag of a standby at which backfills wait.",
        c"-1 turns the check off."
    ),
    number!(
        "max_slot_wal", c"pg_interlock.backfill_max_slot_wal", 10 * 1024 * 1024, -1, Kilobytes,
        c"Sets the amount of WAL retained by a replication slot at which backfills wait.",
        c"-1 turns the check off."
    ),
    number!(
        "max_archive_backlog", c"pg_interlock.backfill_max_archive_backlog", 64, -1, None,
        c"Sets the number of WAL files that wait for archiving at which backfills wait.",
        c"-1 turns the check off."
    ),
    number!(
        "max_wal_rate", c"pg_interlock.backfill_max_wal_rate", -1, -1, Kilobytes,
        c"Sets the amount of WAL that the server may write per second while a backfill runs.",
        c"-1 turns the check off."
    ),
    number!(
        "max_active_backends", c"pg_interlock.backfill_max_active_backends", -1, -1, None,
        c"Sets the number of active client sessions above which backfills wait.",
        c"-1 turns the check off."
    ),
    number!(
        "max_lock_waiters", c"pg_interlock.backfill_max_lock_waiters", 0, -1, None,
        c"Sets the number of sessions waiting for a lock on the table or of the backfill above which it waits.",
        c"-1 turns the check off."
    ),
    number!(
        "max_dead_rows", c"pg_interlock.backfill_max_dead_rows", -1, -1, None,
        c"Sets the percentage of dead rows in the table above which a backfill waits for vacuum.",
        c"-1 turns the check off."
    ),
    number!(
        "yield_to_wraparound", c"pg_interlock.backfill_yield_to_wraparound", 1, 0, None,
        c"Sets whether a backfill waits while the table is vacuumed to prevent wraparound.",
        c"0 turns the check off."
    ),
];

static MAX_WORKERS: GucSetting<i32> = GucSetting::<i32>::new(4);
static WINDOW: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(Some(c""));

/// Defines the settings. To be called once, before the prefix is reserved.
pub fn define() {
    for number in &NUMBERS {
        GucRegistry::define_int_guc(
            number.name,
            number.short,
            number.long,
            &number.value,
            number.lowest,
            i32::MAX,
            GucContext::Suset,
            match number.unit {
                Unit::None => GucFlags::default(),
                Unit::Milliseconds => GucFlags::UNIT_MS,
                Unit::Kilobytes => GucFlags::UNIT_KB,
            },
        );
    }
    GucRegistry::define_int_guc(
        c"pg_interlock.backfill_max_workers",
        c"Sets how many background workers all backfills of the server may have together.",
        c"They are taken from max_worker_processes, as are the workers of parallel queries.",
        &MAX_WORKERS,
        0,
        1024,
        GucContext::Sighup,
        GucFlags::default(),
    );
    // SAFETY: the hook is guarded and has the signature of a check hook.
    unsafe {
        GucRegistry::define_string_guc_with_hooks(
            c"pg_interlock.backfill_window",
            c"Sets the times of the day between which backfills run.",
            c"For instance 22:00-06:00, in the session's time zone. Empty: at any time.",
            &WINDOW,
            GucContext::Suset,
            GucFlags::default(),
            Some(check_window),
            None,
            None,
        );
    }
}

/// # Safety
/// Called by the server with the value to be set.
#[pgrx::pg_guard]
unsafe extern "C-unwind" fn check_window(
    value: *mut *mut c_char,
    _extra: *mut *mut c_void,
    _source: pg_sys::GucSource::Type,
) -> bool {
    // SAFETY: the server passes a pointer to its string.
    let value = node::text(unsafe { *value });
    value.is_empty() || options::is_window(&value)
}

/// `pg_interlock.backfill_max_workers`
pub fn max_workers() -> i32 {
    MAX_WORKERS.get()
}

/// The number that holds for an option where a job gives none.
pub fn number(option: &str) -> Option<i64> {
    let number = NUMBERS.iter().find(|number| number.option == option)?;
    Some(i64::from(number.value.get()))
}

/// `pg_interlock.backfill_window`
pub fn window() -> String {
    WINDOW
        .get()
        .map(|text| text.to_string_lossy().into_owned())
        .unwrap_or_default()
}
