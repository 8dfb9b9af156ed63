//! A row of the decision log as one JSON text: what waits in shared memory, and what the server log gets instead.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use super::redact::redact;
use crate::model::decision::DecisionRecord;
use crate::postgres::audit_queue::{Counter, MAX_RECORD_BYTES};
use crate::postgres::session::Session;

/// Longer statements are cut: a migration that carries its data in its text is not what a log is for.
const MAX_STATEMENT_BYTES: usize = 64 * 1024;
/// What is left of a text when the whole row is too long.
const SHORT_BYTES: usize = 4 * 1024;

/// A decision with what belongs to its session, taken when it was made.
pub struct Entry {
    record: DecisionRecord,
    session: Session,
    decided_at: i64,
    /// Of the transaction, as soon as one is known.
    pub transaction_id: Option<u64>,
}

#[derive(Serialize)]
struct Row<'a> {
    decided_at: String,
    #[serde(flatten)]
    record: &'a DecisionRecord,
    session_user_name: Option<&'a str>,
    current_user_name: Option<&'a str>,
    application_name: &'a str,
    client_addr: Option<String>,
    pid: i32,
    backend_start: String,
    transaction_id: Option<String>,
    outcome: &'static str,
    duration_ms: f64,
}

impl Entry {
    /// Takes the secrets out, and remembers who decided when.
    pub fn new(mut record: DecisionRecord, session: Session, decided_at: i64, standard_strings: bool) -> Self {
        record.statement = cut(&redact(&record.statement, standard_strings), MAX_STATEMENT_BYTES);
        record.reason = record.reason.map(|reason| redact(&reason, standard_strings));
        redact_value(&mut record.profile, standard_strings);
        redact_value(&mut record.blockers, standard_strings);
        Self {
            record,
            session,
            decided_at,
            transaction_id: None,
        }
    }

    /// The counter it counts under.
    pub fn counter(&self) -> Counter {
        match self.record.decision {
            "reject" => Counter::Rejected,
            "warn" => Counter::Warned,
            _ => Counter::Allowed,
        }
    }

    /// What the statement's profile got wrong.
    pub fn found_wrong(&mut self, mismatches: Vec<String>) {
        self.record.mismatches = mismatches;
    }

    /// The row, not longer than the queue takes.
    pub fn into_json(mut self, outcome: &'static str, took: Duration) -> String {
        let text = self.serialize(outcome, took);
        if text.len() <= MAX_RECORD_BYTES {
            return text;
        }
        let bytes = self.record.profile.to_string().len();
        self.record.profile = json!({ "omitted": "the profile is too long for the log", "bytes": bytes });
        let text = self.serialize(outcome, took);
        if text.len() <= MAX_RECORD_BYTES {
            return text;
        }
        self.record.statement = cut(&self.record.statement, SHORT_BYTES);
        self.record.reason = self.record.reason.as_deref().map(|reason| cut(reason, SHORT_BYTES));
        self.serialize(outcome, took)
    }

    fn serialize(&self, outcome: &'static str, took: Duration) -> String {
        let row = Row {
            decided_at: timestamp(self.decided_at),
            record: &self.record,
            session_user_name: self.session.session_user.as_deref(),
            current_user_name: self.session.current_user.as_deref(),
            application_name: &self.session.application_name,
            client_addr: self.session.client_address.map(|address| address.to_string()),
            pid: self.session.pid,
            backend_start: timestamp(self.session.started_at),
            transaction_id: self.transaction_id.map(|id| id.to_string()),
            outcome,
            duration_ms: took.as_micros() as f64 / 1000.0,
        };
        // A structure of strings and numbers always serializes; were it not so, the line would say what is missing.
        serde_json::to_string(&row).unwrap_or_else(|error| json!({ "error": error.to_string() }).to_string())
    }
}

fn redact_value(value: &mut Value, standard_strings: bool) {
    match value {
        Value::String(text) => {
            let redacted = redact(text, standard_strings);
            if redacted != *text {
                *text = redacted;
            }
        }
        Value::Array(values) => values
            .iter_mut()
            .for_each(|value| redact_value(value, standard_strings)),
        Value::Object(fields) => fields
            .values_mut()
            .for_each(|value| redact_value(value, standard_strings)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The first bytes of a text, with a mark where it was cut.
fn cut(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    let end = (0..=bytes).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    let (kept, rest) = text.split_at_checked(end).unwrap_or(("", text));
    format!("{kept} … ({} more bytes)", rest.len())
}

/// Microseconds since 1970 as ISO 8601 in UTC, which every setting of DateStyle reads alike.
fn timestamp(micros: i64) -> String {
    let days = micros.div_euclid(86_400_000_000);
    let of_day = micros.rem_euclid(86_400_000_000);
    let (seconds, fraction) = (of_day / 1_000_000, of_day % 1_000_000);
    // Days to a date of the Gregorian calendar, counted from 1 March of year 0, in eras of 400 years.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{fraction:06}Z",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(statement: &str, profile: Value) -> Entry {
        let record = DecisionRecord {
            decision: "reject",
            rule: Some("add-column-volatile-default"),
            sqlstate: Some("IL001"),
            mode: "enforce",
            command_tag: "ALTER TABLE".to_owned(),
            relation: Some("public.orders".to_owned()),
            lock_mode: Some("AccessExclusiveLock"),
            estimated_rows: Some(1),
            total_bytes: None,
            effects: vec!["rewrites"],
            reason: None,
            statement: statement.to_owned(),
            profile,
            mismatches: vec![],
            blockers: Value::Null,
        };
        let session = Session {
            session_user: Some("bob".to_owned()),
            current_user: None,
            application_name: "it's \"psql\"".to_owned(),
            client_address: Some([127, 0, 0, 1].into()),
            pid: 42,
            started_at: 0,
        };
        Entry::new(record, session, 1_709_210_096_000_007, true)
    }

    #[test]
    fn a_row_has_every_field() {
        let mut entry = entry("ALTER TABLE orders …", json!({ "a": 1 }));
        entry.transaction_id = Some(7_000_000_000);
        let row: Value = serde_json::from_str(&entry.into_json("rejected", Duration::from_micros(1500))).unwrap();
        assert_eq!(row["decided_at"], "2024-02-29T12:34:56.000007Z");
        assert_eq!(row["rule"], "add-column-volatile-default");
        assert_eq!(row["client_addr"], "127.0.0.1");
        assert_eq!(row["current_user_name"], Value::Null);
        assert_eq!(row["transaction_id"], "7000000000");
        assert_eq!(row["duration_ms"], 1.5);
        assert_eq!(row["outcome"], "rejected");
        assert_eq!(row["profile"]["a"], 1);
    }

    #[test]
    fn secrets_are_gone_from_statement_and_profile() {
        let secret = "ALTER ROLE u PASSWORD 'geheim'";
        let text = entry(secret, json!([{ "command": secret }])).into_json("rejected", Duration::ZERO);
        assert!(!text.contains("geheim"), "{text}");
    }

    #[test]
    fn a_row_always_fits() {
        let long = "ü\u{1}".repeat(200_000);
        let text = entry(&long, json!({ "long": long })).into_json("rejected", Duration::ZERO);
        assert!(text.len() <= MAX_RECORD_BYTES);
        let row: Value = serde_json::from_str(&text).unwrap();
        assert!(row["statement"].as_str().unwrap().ends_with("more bytes)"));
        assert!(row["profile"]["bytes"].as_u64().unwrap() > 200_000);
    }

    #[test]
    fn timestamps_are_those_of_the_calendar() {
        for (micros, text) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
            (946_684_800_000_000, "2000-01-01T00:00:00.000000Z"),
            (1_798_761_599_123_456, "2026-12-31T23:59:59.123456Z"),
        ] {
            assert_eq!(timestamp(micros), text);
        }
    }
}
