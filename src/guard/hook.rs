//! What happens around one utility statement.

use super::{Judged, Measure, judge};
use crate::advice::message;
use crate::model::decision::{Decision, DecisionRecord};
use crate::model::lock_profile::Unknown;
use crate::model::settings::LogDecisions;
use crate::policy::sqlstate;
use crate::postgres::hook::{self, Guard, Utility, Verdict};
use crate::postgres::settings;

/// Puts the guard in place. To be called once, from `_PG_init`.
pub fn init() {
    hook::init(Guard { before, after });
}

fn before(utility: &Utility) -> Verdict {
    let judged = judge(utility.statement, &utility.text, Measure::ForDecision);
    if !judged.permitted {
        return Verdict::default();
    }
    let report = message::report(&judged.profile, &judged.judgement, judged.alternative.clone());
    let _ = (record(&judged, &utility.text), is_logged(&judged));
    Verdict { report, ticket: None }
}

fn after(_ticket: u64) {}

/// Whether the decision belongs into the log.
fn is_logged(judged: &Judged) -> bool {
    let decision = judged.judgement.decision;
    let locks_something = judged.profile.effects.iter().any(|effect| !effect.relation.temporary)
        || matches!(
            judged.profile.unknown,
            Some(Unknown::Unmodelled | Unknown::ReadFailed(_))
        );
    locks_something
        && match settings::log_decisions() {
            LogDecisions::None => false,
            LogDecisions::Reject => decision == Decision::Reject,
            LogDecisions::Warn => decision >= Decision::Warn,
            LogDecisions::All => true,
        }
}

fn record(judged: &Judged, text: &str) -> DecisionRecord {
    let (profile, judgement) = (&judged.profile, &judged.judgement);
    let finding = judgement.finding.as_ref();
    let effect = finding
        .and_then(|finding| profile.effect(finding.relation))
        .or_else(|| profile.main_effect());
    let row = judged.row(1, text);
    let mut effects: Vec<&'static str> = vec![];
    let mut name = |applies: bool, word: &'static str| {
        if applies {
            effects.push(word);
        }
    };
    name(profile.effects.iter().any(|effect| effect.rewrites()), "rewrites");
    name(profile.effects.iter().any(|effect| effect.scans()), "scans");
    name(
        profile.effects.iter().any(|effect| effect.builds_indexes()),
        "builds indexes",
    );
    name(profile.unknown == Some(Unknown::Unmodelled), "unmodelled");
    name(matches!(profile.unknown, Some(Unknown::ReadFailed(_))), "unknown");
    DecisionRecord {
        decision: judgement.decision.name(),
        rule: row.rule,
        sqlstate: finding.map(sqlstate),
        mode: settings::mode().name(),
        command_tag: profile.command_tag.clone(),
        relation: effect.map(|effect| effect.relation.qualified_name()),
        lock_mode: effect.map(|effect| effect.lock_mode.name()),
        estimated_rows: effect.map(|effect| effect.relation.rows),
        total_bytes: effect.map(|effect| effect.relation.bytes),
        effects,
        reason: row.reason.clone(),
        statement: text.to_owned(),
        profile: serde_json::to_value(row).unwrap_or_default(),
    }
}
