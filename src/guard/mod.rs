//! Floor 4: the story of the hook: read, profile, decide, tell, audit.
//!
//! The same line serves the hook and the SQL functions, so that an explanation can never disagree with a decision.

mod backstop;
mod change;
mod explain;
mod hook;
mod patience;
mod running;
mod verify;

use std::collections::BTreeMap;

use crate::advice::{alternative, rows};
use crate::model::facts::Oid;
use crate::model::lock_mode::{Blocks, LockMode};
use crate::model::lock_profile::{Effect, LockProfile, Unknown};
use crate::policy::{self, Judgement, RuleActions, Settings};
use crate::postgres::node::Node;
use crate::postgres::{locks, node, read, settings, subtransaction, version};
use crate::profile;

/// Puts the guard in place and lets it explain. To be called once, from `_PG_init`.
pub fn init(recorder: Recorder) {
    hook::init(recorder);
    backstop::init();
    change::init();
    explain::init();
}

pub use hook::Recorder;

/// A statement that has been read, profiled and judged.
pub struct Judged {
    /// What it locks and does.
    pub profile: LockProfile,
    /// What is decided.
    pub judgement: Judgement,
    /// The safe way, if there is something to avoid.
    pub alternative: Option<String>,
    /// It commits while it runs.
    pub commits_internally: bool,
    /// Ownership lets the user do it; if not, PostgreSQL will say so.
    pub permitted: bool,
}

/// So many relations are always measured, for the decision log; of more, only those that decide.
const FEW: usize = 16;

/// How many relations are to be measured.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Those the decision depends on.
    ForDecision,
    /// All.
    All,
}

/// What statements before one, which have not run, would leave to it: the earlier part of a command that is explained.
#[derive(Default)]
pub struct Earlier {
    /// The statements.
    pub statements: Vec<Node>,
    /// The locks they would have taken in the same transaction.
    pub locks: BTreeMap<Oid, LockMode>,
}

/// Reads, profiles and judges a statement. Whatever fails in our own reading is recorded as unknown.
pub fn judge(statement: Node, text: &str, measure: Measure, earlier: &Earlier) -> Judged {
    let read = subtransaction::reading(|| {
        let facts = read::facts(statement, &earlier.statements);
        let mut profile = profile::profile(&facts);
        profile.keep_locks(|relation| locks::held_on(relation).max(earlier.locks.get(&relation).copied()));
        // Of a partition tree every leaf would have to be looked at.
        let target = profile.target.filter(|_| profile.destroys.is_some());
        let all = measure == Measure::All || profile.effects.len() <= FEW;
        read::measure(&mut profile, |effect| {
            all || target == Some(effect.relation.oid) || does_blocking_work(effect)
        });
        (profile, facts.commits_internally, facts.permitted)
    });
    let (profile, commits_internally, permitted) = read.unwrap_or_else(|error| {
        let profile = LockProfile {
            command_tag: node::command_tag(statement),
            unknown: Some(Unknown::ReadFailed(error.message)),
            ..LockProfile::default()
        };
        (profile, false, true)
    });
    let mut profile = profile;
    // What runs is judged with the plan that runs; only what is explained has to be planned for it.
    if measure == Measure::All && settings::dml_row_threshold().is_some() {
        profile.changes = subtransaction::reading(|| read::foreseen_changes(statement, text)).unwrap_or_default();
    }
    let judgement = policy::judge(&profile, &session_settings());
    let alternative = judgement
        .finding
        .as_ref()
        .and_then(|finding| alternative::alternative(&profile, finding, text, version::major()));
    Judged {
        profile,
        judgement,
        alternative,
        commits_internally,
        permitted,
    }
}

fn does_blocking_work(effect: &Effect) -> bool {
    effect.work.iter().any(|work| work.under.blocks() >= Blocks::Writes)
}

impl Judged {
    /// The statement as data, with at most `limit` of its relations.
    pub fn row(&self, number: usize, text: &str, limit: usize) -> rows::StatementRow {
        rows::statement(
            number,
            text,
            &self.profile,
            &self.judgement,
            self.alternative.clone(),
            limit,
        )
    }
}

/// The settings of this session that decide.
pub fn session_settings() -> Settings {
    Settings {
        mode: settings::mode(),
        row_threshold: settings::row_threshold(),
        size_threshold: settings::size_threshold(),
        dml_row_threshold: settings::dml_row_threshold(),
        // The setting was checked when it was set.
        rule_actions: RuleActions::parse(&settings::rule_actions()).unwrap_or_default(),
    }
}
