//! What is said when a lock cannot be had politely.

use core::time::Duration;

use serde_json::Value;

use super::words;
use crate::model::lock_mode::LockMode;
use crate::model::relation::Relation;
use crate::model::report::{Report, Severity};

/// The SQLSTATE of a lock that cannot be had without making others wait.
pub const SQLSTATE: &str = "IL006";

/// So many of those in the way are named.
const NAMED: usize = 5;

/// What was tried.
pub struct Tried<'a> {
    /// `ALTER TABLE`
    pub command_tag: &'a str,
    /// The relation whose lock could not be had.
    pub relation: &'a Relation,
    /// The lock.
    pub mode: LockMode,
    /// How long it was tried.
    pub time: Duration,
    /// Why it was tried no longer.
    pub end: End,
    /// The rows of `interlock.blockers`.
    pub blockers: &'a [Value],
}

/// Why a lock is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// `pg_interlock.lock_wait_timeout`
    TimeIsUp,
    /// The session's own `lock_timeout`.
    LockTimeout,
    /// The transaction holds locks that make others wait, so there was one attempt only.
    HoldsOthersUp,
    /// Others began to wait for rows of the transaction.
    IsWaitedFor,
}

/// The error; PostgreSQL's own where the session has set `lock_timeout`, with what that does not say.
pub fn report(tried: &Tried) -> Report {
    let relation = tried.relation;
    let (sqlstate, message) = if tried.end == End::LockTimeout {
        ("55P03", "canceling statement due to lock timeout".to_owned())
    } else {
        let (tag, relation) = (tried.command_tag, words::relation(relation));
        (
            SQLSTATE,
            format!("{tag} could not lock {relation} without making others wait"),
        )
    };
    Report {
        severity: Severity::Error,
        sqlstate,
        message,
        detail: detail(tried),
        hint: Some(hint(tried)),
        schema: Some(relation.schema.clone()),
        table: Some(relation.name.clone()),
        column: None,
        constraint: None,
    }
}

fn detail(tried: &Tried) -> String {
    // PostgreSQL's own message does not say which.
    let on = match tried.end {
        End::LockTimeout => format!(" on {}", words::relation(tried.relation)),
        _ => String::new(),
    };
    let for_long = || format!("was tried for {:.1} s by short attempts", tried.time.as_secs_f64());
    let how = match tried.end {
        End::TimeIsUp | End::LockTimeout => for_long(),
        End::HoldsOthersUp => {
            "was tried once, because the transaction already holds locks that make others wait".to_owned()
        }
        End::IsWaitedFor => format!("{}, until others began to wait for rows of the transaction", for_long()),
    };
    let mut named: Vec<String> = tried.blockers.iter().take(NAMED).map(blocker).collect();
    let more = tried.blockers.len().saturating_sub(NAMED);
    if more > 0 {
        named.push(format!("{more} more"));
    }
    let in_the_way = match named.is_empty() {
        true => "Nobody is in the way any more.".to_owned(),
        false => format!("In the way: {}.", named.join("; ")),
    };
    format!("{}{on} {how}.  {in_the_way}", tried.mode)
}

fn hint(tried: &Tried) -> String {
    let advice = tried.blockers.iter().take(NAMED).filter_map(|each| {
        let advice = text(each, "advice")?;
        Some(format!("{}: {advice}", who(each)))
    });
    let again = match tried.end {
        End::TimeIsUp => "Then run the statement again; pg_interlock.lock_wait_timeout says how long it tries.",
        End::LockTimeout => {
            "Then run the statement again, or raise lock_timeout: others never wait longer than \
                             pg_interlock.lock_attempt_timeout."
        }
        End::HoldsOthersUp | End::IsWaitedFor => "Run the statement again in a transaction of its own.",
    };
    advice.chain([again.to_owned()]).collect::<Vec<_>>().join("  ")
}

fn blocker(each: &Value) -> String {
    let facts: Vec<String> = [
        text(each, "user_name").map(str::to_owned),
        text(each, "application_name")
            .filter(|name| !name.is_empty())
            .map(|name| format!("\"{name}\"")),
        text(each, "state").map(str::to_owned),
        text(each, "transaction_age").map(|age| format!("in a transaction for {age}")),
    ]
    .into_iter()
    .flatten()
    .collect();
    let waits = if each["waiting"] == true { "waits for" } else { "holds" };
    let mode = text(each, "held_mode").unwrap_or("a lock");
    let since = text(each, "query_start").map_or_else(String::new, |since| format!(" since {}", seconds(since)));
    let query = text(each, "query").map_or_else(String::new, |query| format!(", query{since}: {}", words::line(query)));
    format!("{} ({}) {waits} {mode}{query}", who(each), facts.join(", "))
}

/// `2026-01-31T09:15:00.123+00:00` as `2026-01-31 09:15:00`: the server's time zone, as in its log.
fn seconds(timestamp: &str) -> String {
    timestamp.chars().take(19).collect::<String>().replace('T', " ")
}

fn who(each: &Value) -> String {
    match (each["pid"].as_i64(), text(each, "gid")) {
        (Some(pid), _) => format!("process {pid}"),
        (None, Some(gid)) => format!("prepared transaction \"{gid}\""),
        (None, None) => "another".to_owned(),
    }
}

fn text<'a>(each: &'a Value, field: &str) -> Option<&'a str> {
    each[field].as_str()
}
