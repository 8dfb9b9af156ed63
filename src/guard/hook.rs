//! What happens around one utility statement.

use std::sync::OnceLock;
use std::time::Instant;

use super::verify::Before;
use super::{Earlier, Judged, Measure, judge, running};
use crate::advice::message;
use crate::model::decision::{Decision, DecisionRecord, Ticket};
use crate::model::lock_profile::{Effect, Unknown};
use crate::model::settings::{LogDecisions, VerifyProfiles};
use crate::policy::sqlstate;
use crate::postgres::hook::{self, Guard, Utility, Verdict};
use crate::postgres::subtransaction::reading;
use crate::postgres::{report, session, settings};

/// Who keeps the decisions; the audit, in a room on this floor.
pub struct Recorder {
    /// Keeps a rejection at once.
    pub rejected: fn(&DecisionRecord, Instant),
    /// Keeps a statement that is let run, until its outcome is known; the flag: it commits while it runs.
    pub begin: fn(DecisionRecord, bool) -> Ticket,
    /// Forgets a statement that has not run: it is judged again.
    pub retract: fn(Ticket),
    /// The statement has returned; with what its profile got wrong.
    pub finish: fn(Ticket, Vec<String>),
    /// Counts a rewrite or index build that the profile did not foresee.
    pub unpredicted: fn(),
}

static RECORDER: OnceLock<Recorder> = OnceLock::new();

/// Puts the guard in place. To be called once, from `_PG_init`.
pub fn init(recorder: Recorder) {
    if RECORDER.set(recorder).is_ok() {
        hook::init(Guard {
            before,
            under_lock,
            after,
        });
    }
}

/// Who keeps the decisions.
pub fn recorder() -> Option<&'static Recorder> {
    RECORDER.get()
}

fn before(utility: &Utility) -> Verdict {
    let started = Instant::now();
    if utility.top_level {
        running::forget_all();
    }
    decide(utility, started)
}

/// What counts is how things stand under the lock: unless they are as they were, this verdict takes the place of the first.
fn under_lock(utility: &Utility, token: u64) -> Verdict {
    let started = Instant::now();
    if let (Some(first), Some(recorder)) = (running::finish(token), recorder()) {
        (recorder.retract)(first.ticket);
    }
    decide(utility, started)
}

fn decide(utility: &Utility, started: Instant) -> Verdict {
    let judged = judge(
        utility.statement,
        &utility.text,
        Measure::ForDecision,
        &Earlier::default(),
    );
    if !judged.permitted {
        return Verdict::SILENCE;
    }
    let rejected = judged.judgement.decision == Decision::Reject;
    let first_lock = judged
        .profile
        .first_lock
        .filter(|_| !rejected && !session::is_read_only());
    let recorder = recorder().filter(|_| is_logged(&judged));
    let ticket = recorder.map_or(Ticket::NONE, |recorder| {
        let record = record(&judged, &utility.text);
        if rejected {
            (recorder.rejected)(&record, started);
            return Ticket::NONE;
        }
        (recorder.begin)(record, judged.commits_internally)
    });
    let token = if rejected {
        0
    } else {
        running::begin(&judged, utility, ticket, look(&judged))
    };
    Verdict {
        report: message::report(&judged.profile, &judged.judgement, judged.alternative),
        token,
        first_lock,
    }
}

/// How things stand before a statement, where its profile is to be verified.
fn look(judged: &Judged) -> Option<Before> {
    if settings::verify_profiles() == VerifyProfiles::Off {
        return None;
    }
    reading(|| Before::look(&judged.profile, judged.commits_internally))
        .ok()
        .flatten()
}

fn after(token: u64) {
    let Some(running) = running::finish(token) else { return };
    let differences = running
        .before
        .as_ref()
        .and_then(|before| reading(|| before.differences()).ok())
        .unwrap_or_default();
    if !differences.is_empty() {
        let report = message::mismatch(&running.command_tag, &differences, &running.text);
        report::tell(&report, settings::verify_profiles() == VerifyProfiles::Warn);
    }
    if let Some(recorder) = recorder() {
        (recorder.finish)(running.ticket, differences);
    }
}

/// Whether the decision belongs into the log.
pub fn is_logged(judged: &Judged) -> bool {
    let decision = judged.judgement.decision;
    let profile = &judged.profile;
    let shared = profile.effects.iter().any(|effect| !effect.relation.temporary)
        || matches!(profile.unknown, Some(Unknown::Unmodelled | Unknown::ReadFailed(_)));
    shared
        && match settings::log_decisions() {
            LogDecisions::None => false,
            LogDecisions::Reject => decision == Decision::Reject,
            LogDecisions::Warn => decision >= Decision::Warn,
            LogDecisions::All => true,
        }
}

/// So many relations of a statement the decision log names; a partition tree can have thousands.
const LOGGED_RELATIONS: usize = 100;

/// The record of a decision.
pub fn record(judged: &Judged, text: &str) -> DecisionRecord {
    let (profile, judgement) = (&judged.profile, &judged.judgement);
    let finding = judgement.finding.as_ref();
    let effect = finding
        .and_then(|finding| profile.effect(finding.relation))
        .or_else(|| profile.main_effect());
    let measured = effect
        .map(|effect| &effect.relation)
        .filter(|relation| relation.measured);
    let row = judged.row(1, text, LOGGED_RELATIONS);
    let any = |applies: fn(&Effect) -> bool| profile.effects.iter().any(applies);
    let effects = [
        (any(|effect| effect.rewrites()), "rewrites"),
        (any(|effect| effect.scans()), "scans"),
        (any(|effect| effect.builds_indexes()), "builds indexes"),
        (profile.unknown == Some(Unknown::Unmodelled), "unmodelled"),
        (matches!(profile.unknown, Some(Unknown::ReadFailed(_))), "unknown"),
    ];
    DecisionRecord {
        decision: judgement.decision.name(),
        rule: row.rule,
        sqlstate: finding.map(sqlstate),
        mode: settings::mode().name(),
        command_tag: profile.command_tag.clone(),
        relation: effect.map(|effect| effect.relation.qualified_name()),
        lock_mode: effect.map(|effect| effect.lock_mode.name()),
        estimated_rows: measured.map(|relation| relation.rows),
        total_bytes: measured.map(|relation| relation.bytes),
        effects: effects
            .into_iter()
            .filter_map(|(applies, word)| applies.then_some(word))
            .collect(),
        reason: row.reason.clone(),
        statement: text.to_owned(),
        mismatches: vec![],
        profile: serde_json::to_value(row).unwrap_or_default(),
    }
}
