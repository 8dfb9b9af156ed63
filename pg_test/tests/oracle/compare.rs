//! What pg_interlock predicts, and how it is held against what happened.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use pg_test::{Client, postgres};

use crate::server;

/// What a statement does to one relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    pub lock: String,
    pub rewrites: bool,
    pub scans: bool,
    pub builds_indexes: bool,
}

/// Effects by relation, `schema.name`.
pub type Profile = BTreeMap<String, Effect>;

/// A prediction: effects, and what is said about the statement as a whole.
pub struct Prediction {
    pub profile: Profile,
    pub remark: Option<String>,
    pub locks_left: Vec<String>,
}

impl Effect {
    fn writes(&self) -> bool {
        self.rewrites || self.builds_indexes
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}", self.lock)?;
        for (applies, word) in [
            (self.rewrites, "rewrites"),
            (self.scans, "scans"),
            (self.builds_indexes, "builds"),
        ] {
            if applies {
                write!(f, " {word}")?;
            }
        }
        Ok(())
    }
}

/// The extension's own tables, the server's and TOAST are no part of what is compared.
const NOT_COMPARED: [&str; 4] = ["interlock.", "pg_catalog.", "information_schema.", "pg_toast."];

/// Asks for the profile, in the transaction that is open, to see which locks the question leaves.
pub fn predicted(client: &mut Client, statement: &str) -> Result<Prediction, postgres::Error> {
    let before = locks_of_users(client);
    let rows = client.raw().query(
        "SELECT coalesce(n.nspname || '.' || c.relname, e.relation), e.lock_mode, e.rewrites, e.scans, e.builds_indexes,
                e.reason
         FROM interlock.explain_lock_profile($1) e
         LEFT JOIN pg_class c ON c.oid = to_regclass(e.relation)
         LEFT JOIN pg_namespace n ON n.oid = c.relnamespace",
        &[&statement],
    )?;
    let mut locks_left = locks_of_users(client);
    locks_left.retain(|lock| !before.contains(lock));
    let mut prediction = Prediction {
        profile: Profile::new(),
        remark: None,
        locks_left,
    };
    for row in rows {
        match row.get::<_, Option<String>>(0) {
            None => prediction.remark = row.get(5),
            Some(relation) if NOT_COMPARED.iter().any(|schema| relation.starts_with(schema)) => {}
            Some(relation) => {
                let effect = Effect {
                    lock: row.get(1),
                    rewrites: row.get(2),
                    scans: row.get(3),
                    builds_indexes: row.get(4),
                };
                let twice = prediction.profile.insert(relation.clone(), effect);
                assert!(twice.is_none(), "{relation} is there twice: {statement}");
            }
        }
    }
    Ok(prediction)
}

fn locks_of_users(client: &mut Client) -> Vec<String> {
    let rows = client
        .raw()
        .query(
            "SELECT l.relation::regclass || ' ' || l.mode FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
             JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE l.pid = pg_backend_pid() AND n.nspname NOT IN ('pg_catalog', 'interlock')",
            &[],
        )
        .unwrap_or_default();
    rows.iter().map(|row| row.get(0)).collect()
}

/// The differences in words; empty if there are none. A lock that the transaction held before hides weaker ones:
/// a view's sources are read under it.
pub fn differences(server: &Profile, mut prediction: Prediction, held: &BTreeMap<String, String>) -> String {
    let mut server = server.clone();
    for (name, mode) in held {
        if let Some(effect) = prediction.profile.get_mut(name) {
            effect.lock = server::stronger(mode, &effect.lock).to_owned();
        } else if server
            .get(name)
            .is_some_and(|effect| effect.lock == *mode && !effect.writes())
        {
            server.remove(name);
        }
    }
    let mut report = String::new();
    if let Some(remark) = &prediction.remark {
        report += &format!("  pg_interlock knows nothing: {remark}\n");
    }
    for lock in &prediction.locks_left {
        report += &format!("  asking left a lock: {lock}\n");
    }
    let names: BTreeSet<&String> = server.keys().chain(prediction.profile.keys()).collect();
    let differ = names
        .iter()
        .any(|name| server.get(*name) != prediction.profile.get(*name));
    if differ {
        for name in names {
            let (expected, predicted) = (server.get(name), prediction.profile.get(name));
            let sign = if expected == predicted { ' ' } else { '!' };
            let show = |effect: Option<&Effect>| effect.map_or("-".to_owned(), ToString::to_string);
            report += &format!(
                "  {sign} {name:<24} server: {:<48} predicted: {}\n",
                show(expected),
                show(predicted)
            );
        }
    }
    report
}
