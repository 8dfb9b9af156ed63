//! What a transaction makes of a statement that is harmless by itself: rules about the locks it holds already, and about
//! statements that cannot run in it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Settings, finding, is_large, is_told_of};
use crate::model::lock_mode::Blocks;
use crate::model::lock_profile::{Cause, Effect, LockProfile, Work};
use crate::model::relation::{Oid, RelationKind};
use crate::model::rule::Rule;
use crate::model::transaction::{Doomed, HeldTable, holds_up};

/// The objections, the gravest first. A statement that fails does nothing and locks nothing.
pub fn findings(profile: &LockProfile, settings: &Settings) -> Vec<Finding> {
    let mut findings = Vec::from_iter(concurrently(profile));
    if profile.doomed != Some(Doomed::Itself) {
        findings.extend(work_under_held_lock(profile, settings));
        findings.extend(several_tables(profile, settings));
    }
    findings
}

/// The one of the tables that a transaction holds locked which hurts most, if one of them is large or an application lives
/// on it.
pub fn gravest_held<'a>(held: impl Iterator<Item = &'a HeldTable>, settings: &Settings) -> Option<&'a HeldTable> {
    held.filter(|table| table.busy || is_large_table(table, settings))
        .max_by_key(|table| (table.mode, table.relation.rows))
}

fn is_large_table(table: &HeldTable, settings: &Settings) -> bool {
    is_large(table.relation.rows, table.relation.bytes, settings)
}

/// Work that makes others wait only because of a lock from before: on the table that is worked on, or on another one that
/// they live on. How large the other is does not matter then; how long the work takes does.
fn work_under_held_lock(profile: &LockProfile, settings: &Settings) -> Option<Finding> {
    let work: Vec<(&Effect, &Work)> = profile
        .effects
        .iter()
        .flat_map(|effect| effect.work.iter().map(move |work| (effect, work)))
        .filter(|(effect, work)| is_told_of(effect, work))
        .collect();
    let of_size = |found: &Finding| is_large(found.rows, found.bytes, settings);
    let raised: Vec<(&Effect, &Work)> = work
        .iter()
        .filter(|(effect, work)| {
            let blocks = effect.under(work).blocks();
            effect.relation.is_shared() && blocks >= Blocks::Writes && blocks > work.under.blocks()
        })
        .copied()
        .collect();
    let on_locked = finding(profile, Rule::WorkUnderHeldLock, &raised).filter(of_size);
    if on_locked.is_some() {
        return on_locked;
    }
    // To refresh one materialized view after the other is routine, of which another rule warns.
    let only_refreshes = work.iter().all(|(_, work)| work.cause == Cause::Refresh);
    let counts = |table: &&HeldTable| !(only_refreshes && table.relation.kind == RelationKind::MaterializedView);
    let held = gravest_held(profile.held.iter().filter(counts), settings)?;
    let found = finding(profile, Rule::WorkUnderHeldLock, &work).filter(of_size)?;
    Some(Finding {
        held: Some(held.clone()),
        ..found
    })
}

/// A lock that blocks reads or writes of a large table, while the transaction holds one on another. The tables that one
/// statement locks together, as foreign keys need it, are not counted against it.
fn several_tables(profile: &LockProfile, settings: &Settings) -> Option<Finding> {
    let held = profile.held.iter().filter(|table| is_large_table(table, settings));
    let held = held.max_by_key(|table| (table.mode, table.relation.rows))?;
    let mut trees: BTreeMap<Oid, Vec<&Effect>> = BTreeMap::new();
    for effect in &profile.effects {
        let root = profile.root(effect.relation.oid);
        let is_known = profile.held.iter().any(|table| table.relation.oid == root);
        if effect.relation.is_shared() && holds_up(effect.relation.kind, effect.lock_mode) && !is_known {
            trees.entry(root).or_default().push(effect);
        }
    }
    let (tree, rows, bytes) = trees
        .into_values()
        .map(|tree| {
            let (rows, bytes) = extent(&tree);
            (tree, rows, bytes)
        })
        .filter(|(_, rows, bytes)| is_large(*rows, *bytes, settings))
        .max_by_key(|(_, rows, _)| *rows)?;
    let named = tree
        .iter()
        .find(|effect| profile.target == Some(effect.relation.oid))
        .or_else(|| tree.first())?;
    Some(Finding {
        rule: Rule::SeveralTablesLocked,
        relation: named.relation.oid,
        work: None,
        relations: tree.iter().map(|effect| effect.relation.oid).collect(),
        rows,
        bytes,
        held: Some(held.clone()),
        adds: false,
    })
}

/// Rows and bytes of a tree; those of a partitioned table are the sum of its leaves already.
fn extent(tree: &[&Effect]) -> (i64, i64) {
    let (leaves, partitioned): (Vec<&Effect>, Vec<&Effect>) =
        tree.iter().partition(|effect| effect.relation.kind.has_rows());
    let sum = |of: fn(&Effect) -> i64| {
        let whole = partitioned.iter().map(|effect| of(effect)).max().unwrap_or(0);
        whole.max(leaves.iter().map(|effect| of(effect)).sum())
    };
    (sum(|effect| effect.relation.rows), sum(|effect| effect.relation.bytes))
}

/// A statement that a transaction block makes fail, or one whose work is lost because of such a statement.
fn concurrently(profile: &LockProfile) -> Option<Finding> {
    profile.doomed.as_ref()?;
    let relation = profile.main_effect().map(|effect| &effect.relation);
    let oid = relation.map(|relation| relation.oid);
    Some(Finding {
        rule: Rule::ConcurrentlyInTransaction,
        relation: oid.unwrap_or_default(),
        work: None,
        relations: BTreeSet::from_iter(oid),
        rows: relation.map_or(0, |relation| relation.rows),
        bytes: relation.map_or(0, |relation| relation.bytes),
        held: None,
        adds: false,
    })
}
