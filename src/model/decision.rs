//! What is decided about a statement, and what is remembered of it.

use serde::Serialize;

use super::settings::Mode;

/// What becomes of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Decision {
    /// It runs.
    Allow,
    /// It runs, and the client gets a WARNING.
    Warn,
    /// It does not run.
    Reject,
}

impl Decision {
    /// As the SQL surface shows it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Warn => "warn",
            Self::Reject => "reject",
        }
    }
}

/// One decision, as the decision log keeps it; the session's own data (users, client, process, times) are added by the
/// audit room.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DecisionRecord {
    /// `allow`, `warn` or `reject`
    pub decision: &'static str,
    /// The rule that objected, even where its action or the mode let the statement run.
    pub rule: Option<&'static str>,
    /// The SQLSTATE a rejection carries.
    pub sqlstate: Option<&'static str>,
    /// `pg_interlock.mode` at the time.
    pub mode: &'static str,
    /// `ALTER TABLE`
    pub command_tag: String,
    /// The relation that decided, else the one the statement names first.
    pub relation: Option<String>,
    /// The strongest lock on that relation, as pg_locks shows it.
    pub lock_mode: Option<&'static str>,
    /// Estimated rows of that relation.
    pub estimated_rows: Option<i64>,
    /// Bytes of that relation with indexes and TOAST.
    pub total_bytes: Option<i64>,
    /// What happens to it: any of `rewrites`, `scans`, `builds indexes`; or `unmodelled`, or `unknown`.
    pub effects: Vec<&'static str>,
    /// Why, in words.
    pub reason: Option<String>,
    /// The statement's own slice of the query string, secrets removed.
    pub statement: String,
    /// What the profile got wrong, where it was verified.
    pub mismatches: Vec<String>,
    /// Who was in the way of its locks, as `interlock.blockers` shows them; null where nobody was.
    pub blockers: serde_json::Value,
    /// The whole lock profile, as `interlock.lock_profile` shows it.
    pub profile: serde_json::Value,
}

/// Names a decision whose statement is running, so that its end can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(pub u64);

impl Ticket {
    /// Of a decision that nobody waits for.
    pub const NONE: Self = Self(0);
}

impl Mode {
    /// As the setting spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Log => "log",
            Self::Warn => "warn",
            Self::Enforce => "enforce",
        }
    }
}
