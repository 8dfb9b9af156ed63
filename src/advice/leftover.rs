//! What is said of CREATE INDEX IF NOT EXISTS where a failed build has left an invalid index of the name.

use super::words;
use crate::model::lock_profile::LockProfile;
use crate::model::relation::Relation;
use crate::model::rule::Rule;
use crate::policy::Finding;

/// The name of the index, if a finding is about one.
pub fn of<'a>(profile: &'a LockProfile, finding: &Finding) -> Option<&'a str> {
    let name = profile.leftover.as_deref();
    name.filter(|_| finding.rule == Rule::InvalidIndex)
}

/// What the statement would do.
pub fn message(index: &str, table: &Relation) -> String {
    let table = words::relation(table);
    format!("take invalid index {index} on {table} for the one to create")
}

/// Why that is wrong.
pub fn reason() -> String {
    "It is left from a concurrent build that failed: no query uses it, and because it exists, the statement does nothing."
        .to_owned()
}

/// The way to a valid index.
pub fn alternative(profile: &LockProfile, finding: &Finding) -> Option<String> {
    of(profile, finding).map(|index| {
        format!(
            "Build it anew, or drop it first as interlock.invalid_indexes tells: REINDEX INDEX CONCURRENTLY {index};"
        )
    })
}
