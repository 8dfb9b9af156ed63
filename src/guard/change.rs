//! What happens before a statement changes rows or adds some: the same line as for utility statements, begun at its plan.
//! How many rows are many, the transaction has a say in: while its DDL keeps others from a table, they wait for the change
//! too.
//!
//! Of the statements that no rule objects to nothing is kept, because there may be thousands of them in a second.

use std::time::Instant;

use super::hook::{self, recorder};
use super::{Judged, alternative, held, running, session_settings};
use crate::advice::message;
use crate::model::decision::{Decision, Ticket};
use crate::model::lock_mode::LockMode;
use crate::model::lock_profile::{Effect, LockProfile};
use crate::model::relation::{Oid, Relation};
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
    let (command_tag, text) = said(running);
    let profile = subtransaction::reading(|| profile(running, command_tag)).ok()?;
    let judgement = policy::judge(&profile, &session_settings());
    let finding = judgement.finding.as_ref()?;
    let alternative = alternative(&profile, finding, &text);
    let judged = Judged {
        profile,
        judgement,
        alternative,
        commits_internally: false,
        permitted: true,
    };
    if let Some(recorder) = recorder().filter(|_| hook::is_logged(&judged)) {
        let record = hook::record(&judged, &text);
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

/// The command tag and the text. The executor knows nothing of the CREATE TABLE AS around the query that it runs.
fn said(running: &Running) -> (String, String) {
    let around = running.plan.fills().then(|| {
        running::ask_innermost(|outer| (outer.command_tag.clone(), outer.text.clone()))
            .unwrap_or_else(|| ("CREATE TABLE AS".to_owned(), running.text.clone()))
    });
    around.unwrap_or_else(|| (running.command_tag.clone(), running.text.clone()))
}

fn profile(running: &Running, command_tag: String) -> LockProfile {
    let changes = read::changes(running.plan, running.source);
    let additions = running.plan.additions().into_iter();
    let added_to: Vec<Oid> = additions.filter_map(|addition| addition.relation).collect();
    let mut effects: Vec<Effect> = vec![];
    for relation in changes
        .iter()
        .map(|change| change.relation)
        .chain(added_to.iter().copied())
    {
        if !effects.iter().any(|effect| effect.relation.oid == relation) {
            effects.extend(read::relation(relation).map(effect));
        }
    }
    let changed = changes
        .iter()
        .fold(0, |rows: i64, change| rows.saturating_add(change.rows));
    let rows_read = read::rows_read(running.plan);
    // What REFRESH does has been judged, with the queries of its own that CONCURRENTLY runs.
    let refreshes = running::ask_innermost(|outer| outer.command_tag == "REFRESH MATERIALIZED VIEW") == Some(true);
    let rows_added = read::rows_added(running.plan).filter(|_| !refreshes);
    // The tables that others are kept from may be very many, and few rows keep nobody long.
    let few = session_settings()
        .row_threshold
        .is_none_or(|many| changed.max(rows_read).max(rows_added.unwrap_or(0)) < many);
    let held = if few {
        vec![]
    } else {
        read::held_tables(&held::held_by_ddl())
    };
    let mut profile = LockProfile {
        command_tag,
        target: effects.first().map(|effect| effect.relation.oid),
        effects,
        changes,
        rows_added,
        added_to: added_to.first().copied(),
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
