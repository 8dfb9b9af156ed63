//! What happens before a statement changes rows: the same line as for utility statements, begun at its plan.
//! How many rows are many, the transaction has a say in: while its DDL keeps others from a table, they wait for the change
//! too.
//!
//! Of the statements that no rule objects to nothing is kept, because there may be thousands of them in a second.

use std::time::Instant;

use super::hook::{self, recorder};
use super::{Judged, alternative, held, session_settings};
use crate::advice::message;
use crate::model::decision::{Decision, Ticket};
use crate::model::lock_mode::LockMode;
use crate::model::lock_profile::{Effect, LockProfile};
use crate::model::relation::Relation;
use crate::model::report::Report;
use crate::policy;
use crate::postgres::executor::{self, Running};
use crate::postgres::{read, subtransaction};

/// Has changes judged. To be called once, from `_PG_init`.
pub fn init() {
    executor::init(judge);
}

fn judge(running: &Running) -> Option<Report> {
    let started = Instant::now();
    let profile = subtransaction::reading(|| profile(running)).ok()?;
    let judgement = policy::judge(&profile, &session_settings());
    let finding = judgement.finding.as_ref()?;
    let alternative = alternative(&profile, finding, &running.text);
    let judged = Judged {
        profile,
        judgement,
        alternative,
        commits_internally: false,
        permitted: true,
    };
    if let Some(recorder) = recorder().filter(|_| hook::is_logged(&judged)) {
        let record = hook::record(&judged, &running.text);
        if judged.judgement.decision == Decision::Reject {
            (recorder.rejected)(&record, started);
        } else {
            // Its outcome is that of its transaction.
            let ticket: Ticket = (recorder.begin)(record, false);
            (recorder.finish)(ticket, vec![]);
        }
    }
    message::report(&judged.profile, &judged.judgement, judged.alternative.clone())
}

fn profile(running: &Running) -> LockProfile {
    let changes = read::changes(running.plan, running.source);
    let mut effects: Vec<Effect> = vec![];
    for change in &changes {
        if !effects.iter().any(|effect| effect.relation.oid == change.relation) {
            effects.extend(read::relation(change.relation).map(effect));
        }
    }
    let changed = changes
        .iter()
        .fold(0, |rows: i64, change| rows.saturating_add(change.rows));
    let rows_read = read::rows_read(running.plan);
    // The tables that others are kept from may be very many, and few rows keep nobody long.
    let few = session_settings()
        .row_threshold
        .is_none_or(|many| changed.max(rows_read) < many);
    let held = if few {
        vec![]
    } else {
        read::held_tables(&held::held_by_ddl())
    };
    let mut profile = LockProfile {
        command_tag: running.command_tag.clone(),
        target: changes.first().map(|change| change.relation),
        effects,
        changes,
        rows_read,
        held,
        ..LockProfile::default()
    };
    read::measure(&mut profile, |_| true);
    profile
}

/// What INSERT, UPDATE, DELETE and MERGE lock a table with.
fn effect(relation: Relation) -> Effect {
    Effect {
        relation,
        lock_mode: LockMode::RowExclusive,
        work: vec![],
        renewed: false,
        emptied: false,
        held: None,
    }
}
