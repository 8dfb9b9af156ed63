//! The options of a job, given as JSON: which there are, and how their values are read.
//!
//! A number is in the option's unit; a text may name another one: `10000`, `"10s"`, `"1GB"`. Each has the meaning and the
//! unit of the setting `pg_interlock.backfill_…` of its name, which holds where a job says nothing.

use serde_json::Value;

/// What an option is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Milliseconds.
    Time,
    /// Kilobytes.
    Size,
    /// A number.
    Count,
    /// Times of the day: `22:00-06:00`.
    Window,
}

/// The options with their kinds and lowest values.
const OPTIONS: [(&str, Kind, i64); 14] = [
    ("batch_time", Kind::Time, 1),
    ("batch_timeout", Kind::Time, 0),
    ("lock_timeout", Kind::Time, 1),
    ("max_errors", Kind::Count, -1),
    ("nice", Kind::Count, 0),
    ("max_replication_lag", Kind::Time, -1),
    ("max_slot_wal", Kind::Size, -1),
    ("max_archive_backlog", Kind::Count, -1),
    ("max_wal_rate", Kind::Size, -1),
    ("max_active_backends", Kind::Count, -1),
    ("max_lock_waiters", Kind::Count, -1),
    ("max_dead_rows", Kind::Count, -1),
    ("yield_to_wraparound", Kind::Count, 0),
    ("window", Kind::Window, 0),
];

const TIMES: [(&str, i64); 5] = [
    ("ms", 1),
    ("s", 1000),
    ("min", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];
const SIZES: [(&str, i64); 4] = [("kB", 1), ("MB", 1024), ("GB", 1 << 20), ("TB", 1 << 30)];

/// What is wrong with options, in words; `None` if nothing is.
pub fn fault(options: &Value) -> Option<String> {
    let Value::Object(options) = options else {
        return Some("options must be a JSON object".to_owned());
    };
    options.iter().find_map(|(name, value)| {
        let Some((_, kind, lowest)) = OPTIONS.iter().find(|(known, ..)| known == name) else {
            return Some(format!("unrecognized option \"{name}\""));
        };
        let right = match (kind, value) {
            (_, Value::Null) => true,
            (Kind::Window, Value::String(text)) => window(text).is_some(),
            (Kind::Window, _) => false,
            _ => number_of(*kind, value).is_some_and(|number| (*lowest..=i64::from(i32::MAX)).contains(&number)),
        };
        (!right).then(|| format!("invalid value for option \"{name}\": {value}"))
    })
}

/// The number that a job gives for an option, in the option's unit.
pub fn number(options: &Value, name: &str) -> Option<i64> {
    let (_, kind, _) = OPTIONS.iter().find(|(known, ..)| *known == name)?;
    number_of(*kind, options.get(name)?)
}

fn number_of(kind: Kind, value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => {
            let text = text.trim();
            let end = text
                .find(|c: char| !c.is_ascii_digit() && c != '-')
                .unwrap_or(text.len());
            let (number, unit) = (text[..end].parse::<i64>().ok()?, text[end..].trim());
            let units: &[(&str, i64)] = match kind {
                Kind::Time => &TIMES,
                Kind::Size => &SIZES,
                _ => &[],
            };
            if unit.is_empty() {
                return Some(number);
            }
            let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
            number.checked_mul(*factor)
        }
        Value::Bool(on) if kind == Kind::Count => Some(i64::from(*on)),
        _ => None,
    }
}

/// Minutes of the day from which and up to which: `22:00-06:00`. It may lead over midnight.
fn window(text: &str) -> Option<(u32, u32)> {
    let (from, to) = text.split_once('-')?;
    Some((minute(from)?, minute(to)?))
}

/// Whether a text is a window.
pub fn is_window(text: &str) -> bool {
    window(text).is_some()
}

/// Whether a window, which may lead over midnight, contains a minute of the day. What is no window closes nothing.
pub fn window_is_open(text: &str, minute: i32) -> bool {
    let Some((from, to)) = window(text) else { return true };
    let minute = u32::try_from(minute).unwrap_or_default();
    if from <= to {
        (from..to).contains(&minute)
    } else {
        minute >= from || minute < to
    }
}

fn minute(text: &str) -> Option<u32> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60 || hours == 24 && minutes == 0).then_some(hours * 60 + minutes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_may_have_units() {
        for (value, expected) in [
            (json!(1500), Some(1500)),
            (json!("1500"), Some(1500)),
            (json!("10s"), Some(10_000)),
            (json!(" 2 min "), Some(120_000)),
            (json!("-1"), Some(-1)),
            (json!("2 GB"), None),
            (json!("s"), None),
            (json!(1.5), None),
            (json!(true), None),
        ] {
            assert_eq!(
                number(&json!({"max_replication_lag": value}), "max_replication_lag"),
                expected,
                "{value}"
            );
        }
        assert_eq!(number(&json!({"max_wal_rate": "2 GB"}), "max_wal_rate"), Some(2 << 20));
        assert_eq!(
            number(&json!({"yield_to_wraparound": false}), "yield_to_wraparound"),
            Some(0)
        );
        assert_eq!(number(&json!({}), "max_wal_rate"), None);
    }

    #[test]
    fn faults_are_named() {
        assert_eq!(
            fault(&json!({"max_wal_rate": "10MB", "window": "22:00-06:00", "batch_time": null})),
            None
        );
        assert_eq!(fault(&json!([])).as_deref(), Some("options must be a JSON object"));
        assert_eq!(
            fault(&json!({"max_lag": 1})).as_deref(),
            Some("unrecognized option \"max_lag\"")
        );
        assert_eq!(
            fault(&json!({"batch_time": 0})).as_deref(),
            Some("invalid value for option \"batch_time\": 0")
        );
        for far in [json!(2_147_483_648_i64), json!("2048TB"), json!(-2)] {
            assert!(fault(&json!({"max_wal_rate": far})).is_some(), "{far}");
        }
        assert_eq!(
            fault(&json!({"window": "25:00-6"})).as_deref(),
            Some("invalid value for option \"window\": \"25:00-6\"")
        );
    }

    #[test]
    fn windows_are_minutes_of_the_day() {
        assert_eq!(window("22:00-06:30"), Some((1320, 390)));
        assert_eq!(window("00:00-24:00"), Some((0, 1440)));
        assert_eq!(window("24:01-1:00"), None);
        assert_eq!(window("x"), None);
    }

    #[test]
    fn a_window_may_lead_over_midnight() {
        for (window, minute, open) in [
            ("22:00-06:00", 1320, true),
            ("22:00-06:00", 0, true),
            ("22:00-06:00", 360, false),
            ("09:00-17:00", 539, false),
            ("09:00-17:00", 540, true),
            ("09:00-17:00", 1020, false),
            ("09:00-09:00", 540, false),
            ("00:00-24:00", 1439, true),
            ("", 1, true),
        ] {
            assert_eq!(window_is_open(window, minute), open, "{window} at {minute}");
        }
    }
}
