//! Floor 4: the story of the hook: read, profile, decide, tell, audit.
//!
//! The same line serves the hook and the SQL functions, so that an explanation can never disagree with a decision.

mod backstop;
mod catalog;
mod change;
mod explain;
mod held;
mod hook;
mod patience;
mod running;
mod surroundings;
mod verify;

use crate::advice::{self, rows};
use crate::model::lock_mode::Blocks;
use crate::model::lock_profile::{Effect, LockProfile, Unknown};
use crate::policy::{self, Finding, Judgement, RuleActions, Settings};
use crate::postgres::node::Node;
use crate::postgres::{node, read, settings, subtransaction, version};
use crate::profile;
use catalog::ServersCatalog;
use surroundings::Surroundings;

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

/// Reads, profiles and judges a statement. Whatever fails in our own reading is recorded as unknown.
pub fn judge(statement: Node, text: &str, measure: Measure, surroundings: &Surroundings) -> Judged {
    let session = session_settings();
    let read = subtransaction::reading(|| {
        let facts = read::facts(statement, &surroundings.statements);
        let mut profile = profile::profile(&facts);
        surroundings.tell(statement, &mut profile);
        // Of a partition tree every leaf would have to be looked at.
        let target = profile.target.filter(|_| profile.destroys.is_some());
        let all = measure == Measure::All || profile.effects.len() <= FEW;
        read::measure(&mut profile, |effect| {
            all || target == Some(effect.relation.oid) || does_blocking_work(effect) || surroundings.matter(effect)
        });
        surroundings.tell_of_tables(statement, &mut profile, &session);
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
    if measure == Measure::All && (settings::dml_row_threshold().is_some() || !surroundings.by_ddl.is_empty()) {
        foresee(&mut profile, statement, text, surroundings);
    }
    let judgement = policy::judge(&profile, &session);
    let alternative = judgement
        .finding
        .as_ref()
        .and_then(|finding| alternative(&profile, finding, text));
    Judged {
        profile,
        judgement,
        alternative,
        commits_internally,
        permitted,
    }
}

fn foresee(profile: &mut LockProfile, statement: Node, text: &str, surroundings: &Surroundings) {
    match subtransaction::reading(|| read::foreseen(statement, text)) {
        Ok(foreseen) => {
            profile.changes = foreseen.changes;
            (profile.rows_added, profile.added_to) = (foreseen.rows_added, foreseen.added_to);
            profile.rows_read = foreseen.rows_read;
        }
        // It needs what an earlier statement of the command makes.
        Err(failure) if failure.is_about_a_name() && !surroundings.statements.is_empty() => {
            match subtransaction::reading(|| read::changes_as_written(text))
                .ok()
                .flatten()
            {
                Some(changes) => profile.changes = changes,
                None => {
                    profile.unknown.get_or_insert(Unknown::ReadFailed(failure.message));
                }
            }
        }
        Err(_) => {}
    }
    if !profile.changes.is_empty() || profile.rows_added.is_some() {
        profile.held = subtransaction::reading(|| read::held_tables(&surroundings.by_ddl)).unwrap_or_default();
    }
}

/// The safe way.
fn alternative(profile: &LockProfile, finding: &Finding, text: &str) -> Option<String> {
    advice::alternative::alternative(profile, finding, text, version::major(), &ServersCatalog)
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
