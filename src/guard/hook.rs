//! What happens around one utility statement.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::held::forget_released;
use super::patience::{self, Obtained, Plan};
use super::running::Running;
use super::surroundings::Surroundings;
use super::verify::Before;
use super::{Judged, Measure, judge, running};
use crate::advice::lock_wait::{self, End};
use crate::advice::message;
use crate::model::decision::{Decision, DecisionRecord, Ticket};
use crate::model::lock_profile::{Effect, Unknown};
use crate::model::report::Report;
use crate::model::rule::Rule;
use crate::model::settings::{LogDecisions, VerifyProfiles};
use crate::policy::sqlstate;
use crate::postgres::hook::{self, Guard, Utility, Verdict};
use crate::postgres::polite::Busy;
use crate::postgres::subtransaction::reading;
use crate::postgres::{blockers, read, report, session, settings};

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
    let mut seen = session::invalidations();
    let mut decided = decide(utility, &Surroundings::of(utility), started);
    while let Some((judged, plan)) = decided.polite.take() {
        match plan.obtain() {
            Obtained::AtOnce if session::invalidations() == seen => return decided.holding(),
            Obtained::AtOnce | Obtained::AfterWaiting => {
                seen = session::invalidations();
                decided = decide_again(utility, decided.verdict.token);
                if decided.polite.as_ref().is_some_and(|(_, needed)| plan.covers(needed)) {
                    return decided.holding();
                }
                plan.give_back();
            }
            Obtained::Nothing => break,
            Obtained::GaveUp { busy, tried, because } => {
                forget(decided.verdict.token);
                return decided.failing(refuse(&judged, utility, &busy, (tried, because), started));
            }
        }
    }
    decided.verdict
}

/// What counts is how things stand under the lock: unless they are as they were, this verdict takes the place of the first.
fn under_lock(utility: &Utility, token: u64) -> Verdict {
    decide_again(utility, token).verdict
}

fn decide_again(utility: &Utility, token: u64) -> Decided {
    let first = forget(token);
    let surroundings = first.map_or_else(|| Surroundings::of(utility), |first| first.surroundings);
    decide(utility, &surroundings, Instant::now())
}

/// The statement is not running after all.
fn forget(token: u64) -> Option<Running> {
    let first = running::finish(token)?;
    if let Some(recorder) = recorder() {
        (recorder.retract)(first.ticket);
    }
    Some(first)
}

/// A verdict, and the locks to obtain politely before it counts.
struct Decided {
    verdict: Verdict,
    polite: Option<(Judged, Plan)>,
}

impl Decided {
    /// All its locks are held.
    fn holding(self) -> Verdict {
        Verdict {
            first_locks: vec![],
            ..self.verdict
        }
    }

    /// It fails.
    fn failing(self, report: impl Into<Option<Report>>) -> Verdict {
        Verdict {
            report: report.into(),
            ..Verdict::SILENCE
        }
    }
}

fn decide(utility: &Utility, surroundings: &Surroundings, started: Instant) -> Decided {
    let futile = session::is_read_only() && read::fails_read_only(utility.statement)
        || surroundings.in_block && read::fails_in_block(utility.statement);
    if futile {
        // PostgreSQL will say so.
        return Decided {
            verdict: Verdict::SILENCE,
            polite: None,
        };
    }
    let judged = judge(utility.statement, &utility.text, Measure::ForDecision, surroundings);
    if !judged.permitted {
        return Decided {
            verdict: Verdict::SILENCE,
            polite: None,
        };
    }
    let relations = judged.profile.effects.iter().map(|effect| effect.relation.oid);
    forget_released(relations.filter(|relation| surroundings.locks.on(*relation).is_none()));
    let rejected = judged.judgement.decision == Decision::Reject;
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
        running::begin(&judged, utility, ticket, look(&judged), surroundings)
    };
    let verdict = Verdict {
        report: message::report(&judged.profile, &judged.judgement, judged.alternative.clone()),
        token,
        first_locks: if rejected {
            vec![]
        } else {
            judged.profile.first_locks.clone()
        },
    };
    let plan = patience::plan(&judged).filter(|_| !rejected);
    Decided {
        verdict,
        polite: plan.map(|plan| (judged, plan)),
    }
}

/// The statement fails because somebody is in the way of a lock; that is recorded.
fn refuse(
    judged: &Judged,
    utility: &Utility,
    busy: &Busy,
    (time, end): (Duration, End),
    started: Instant,
) -> Option<Report> {
    let (relation, mode) = busy.wanted;
    let relation = &judged.profile.effect(relation)?.relation;
    let blockers = blockers::of(busy);
    let report = lock_wait::report(&lock_wait::Tried {
        command_tag: &judged.profile.command_tag,
        relation,
        mode,
        time,
        end,
        blockers: &blockers,
    });
    if let Some(recorder) = recorder() {
        let record = DecisionRecord {
            decision: Decision::Reject.name(),
            rule: Some(Rule::LockWait.id()),
            sqlstate: Some(report.sqlstate),
            relation: Some(relation.qualified_name()),
            lock_mode: Some(mode.name()),
            reason: Some(report.detail.clone()),
            blockers: blockers.into(),
            ..record(judged, &utility.text)
        };
        if is_recorded(Decision::Reject) {
            (recorder.rejected)(&record, started);
        }
    }
    Some(report)
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
    running.kept_from.limit();
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
    let shared = decision == Decision::Reject
        || profile.effects.iter().any(|effect| !effect.relation.temporary)
        || matches!(profile.unknown, Some(Unknown::Unmodelled | Unknown::ReadFailed(_)));
    shared && is_recorded(decision)
}

fn is_recorded(decision: Decision) -> bool {
    match settings::log_decisions() {
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
        blockers: serde_json::Value::Null,
        profile: serde_json::to_value(row).unwrap_or_default(),
    }
}
