//! The last line of defence: a rewrite or an index build that the profile of the running statement did not foresee, or
//! that no statement asked for, is judged when it announces itself, before the first row is read.

use std::time::Instant;

use super::hook::{self, recorder};
use super::running::{self, Running};
use super::{Judged, session_settings};
use crate::advice::message;
use crate::model::decision::{Decision, Ticket};
use crate::model::lock_mode::LockMode;
use crate::model::lock_profile::{Cause, Effect, LockProfile, Work, WorkKind};
use crate::model::report::Report;
use crate::policy;
use crate::postgres::object_access::{self, NewStorage};
use crate::postgres::{locks, read, subtransaction};

/// Puts the line of defence in place. To be called once, from `_PG_init`.
pub fn init() {
    object_access::init(witness);
}

fn witness(storage: NewStorage) -> Option<Report> {
    let started = Instant::now();
    let (table, kind) = match storage {
        NewStorage::Rewrite { table } => (table, WorkKind::Rewrite),
        NewStorage::Index { table } => (table, WorkKind::BuildIndex),
    };
    if running::ask_innermost(|running| running.foresaw(kind, table)) == Some(true) {
        return None;
    }
    let running = running::innermost();
    let profile = subtransaction::reading(|| profile(table, kind, running.as_ref()))
        .ok()
        .flatten()?;
    let judgement = policy::judge(&profile, &session_settings());
    judgement.finding.as_ref()?;
    let judged = Judged {
        profile,
        judgement,
        alternative: None,
        commits_internally: false,
        permitted: true,
    };
    if let Some(recorder) = recorder() {
        (recorder.unpredicted)();
        if hook::is_logged(&judged) {
            let record = hook::record(&judged, running.as_ref().map_or("", |running| &running.text));
            if judged.judgement.decision == Decision::Reject {
                (recorder.rejected)(&record, started);
            } else {
                let ticket: Ticket = (recorder.begin)(record, false);
                (recorder.finish)(ticket, vec![]);
            }
        }
    }
    message::report(&judged.profile, &judged.judgement, None)
}

fn profile(table: u32, kind: WorkKind, running: Option<&Running>) -> Option<LockProfile> {
    let relation = read::relation(table)?;
    let under = locks::held_on(table).unwrap_or(LockMode::AccessShare);
    let work = vec![Work {
        kind,
        under,
        cause: Cause::Unpredicted,
    }];
    let mut profile = LockProfile {
        command_tag: running.map_or_else(|| "a function".to_owned(), |running| running.command_tag.clone()),
        effects: vec![Effect {
            relation,
            lock_mode: under,
            renewed: false,
            emptied: false,
            held: None,
            work,
        }],
        target: Some(table),
        ..LockProfile::default()
    };
    read::measure(&mut profile, |_| true);
    Some(profile)
}
