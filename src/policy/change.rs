//! Mass changes: so many rows in one UPDATE, DELETE or MERGE, or every row for want of a WHERE.
//!
//! Both rules are asked only where `pg_interlock.dml_row_threshold` is on. What a statement changes adds up, because all of
//! it stays locked until its transaction ends. A missing WHERE is objected to whatever the size: it is about what was
//! meant. Where both rules object alike, that one is told.
//!
//! While DDL of the transaction keeps others from a large or busy table, rows from the threshold for tables on are too many:
//! that is told before all else, because the way out begins with COMMIT.

use std::collections::BTreeSet;

use super::transaction::gravest_held;
use super::{Finding, Settings, without_work};
use crate::model::change::Change;
use crate::model::lock_profile::{Effect, LockProfile};
use crate::model::rule::Rule;

/// The objections to the rows that a statement changes.
pub fn findings(profile: &LockProfile, settings: &Settings) -> Vec<Finding> {
    let changes: Vec<(&Change, &Effect)> = profile
        .changes
        .iter()
        .filter_map(|change| Some((change, profile.effect(change.relation)?)))
        .filter(|(_, effect)| effect.relation.is_shared())
        .collect();
    let under_lock = under_held_lock(&changes, profile, settings);
    let mut findings = Vec::from_iter(under_lock.or_else(|| added_under_held_lock(profile, settings)));
    if let Some(threshold) = settings.dml_row_threshold {
        findings.extend(of_size(&changes, threshold));
    }
    findings
}

/// Rows that others wait for only because of a lock from before: those changed, or else those read to find them. How large
/// a table is in bytes says nothing about them.
fn under_held_lock(changes: &[(&Change, &Effect)], profile: &LockProfile, settings: &Settings) -> Option<Finding> {
    let threshold = settings.row_threshold?;
    let held = gravest_held(profile.held.iter(), settings)?;
    let found = finding(Rule::WorkUnderHeldLock, changes)?;
    let rows = [found.rows, profile.rows_read]
        .into_iter()
        .find(|rows| *rows >= threshold)?;
    Some(Finding {
        rows,
        held: Some(held.clone()),
        ..found
    })
}

/// The same of rows that are added, to whatever table: others wait for as long when nobody can see it yet.
fn added_under_held_lock(profile: &LockProfile, settings: &Settings) -> Option<Finding> {
    let (added, threshold) = (profile.rows_added?, settings.row_threshold?);
    let held = gravest_held(profile.held.iter(), settings)?;
    let rows = [added, profile.rows_read].into_iter().find(|rows| *rows >= threshold)?;
    let relation = profile.added_to.unwrap_or(held.relation.oid);
    Some(Finding {
        adds: true,
        rule: Rule::WorkUnderHeldLock,
        relation,
        work: None,
        relations: BTreeSet::from([relation]),
        rows,
        bytes: 0,
        held: Some(held.clone()),
    })
}

/// Rows that are too many, or all for want of a WHERE.
fn of_size(changes: &[(&Change, &Effect)], threshold: i64) -> impl Iterator<Item = Finding> {
    let careless: Vec<_> = changes
        .iter()
        .filter(|(change, _)| change.unconditional && change.rows > 0)
        .copied()
        .collect();
    finding(Rule::ChangeWithoutWhere, &careless)
        .into_iter()
        .chain(finding(Rule::MassChange, changes).filter(move |finding| finding.rows >= threshold))
}

/// One objection to all of them, told of the largest.
fn finding(rule: Rule, changes: &[(&Change, &Effect)]) -> Option<Finding> {
    let (_, effect) = changes.iter().rev().max_by_key(|(change, _)| change.rows)?;
    Some(Finding {
        relations: changes.iter().map(|(change, _)| change.relation).collect(),
        rows: changes
            .iter()
            .fold(0, |rows: i64, (change, _)| rows.saturating_add(change.rows)),
        ..without_work(rule, effect)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::change::Verb;
    use crate::model::decision::Decision;
    use crate::model::lock_mode::LockMode;
    use crate::model::relation::{Relation, RelationKind};
    use crate::model::settings::Mode;
    use crate::policy::{RuleActions, judge};

    fn profile(changes: &[(u32, i64, bool)]) -> LockProfile {
        let effect = |oid: u32| Effect {
            relation: Relation {
                oid,
                schema: "public".to_owned(),
                name: format!("t{oid}"),
                kind: RelationKind::Table,
                temporary: oid == 9,
                new_in_transaction: false,
                measured: true,
                rows: 1000,
                bytes: 8192,
            },
            lock_mode: LockMode::RowExclusive,
            work: vec![],
            renewed: false,
            emptied: false,
            held: None,
        };
        let change = |(relation, rows, unconditional): (u32, i64, bool)| Change {
            relation,
            verb: Verb::Update,
            rows,
            unconditional,
            written: None,
            key: vec![],
            batch: 1,
        };
        LockProfile {
            effects: changes.iter().map(|change| effect(change.0)).collect(),
            changes: changes.iter().copied().map(change).collect(),
            ..LockProfile::default()
        }
    }

    fn judged(
        changes: &[(u32, i64, bool)],
        threshold: Option<i64>,
        actions: &str,
    ) -> (Decision, Option<(Rule, u32, i64)>) {
        let settings = Settings {
            mode: Mode::Enforce,
            row_threshold: Some(0),
            size_threshold: None,
            dml_row_threshold: threshold,
            rule_actions: RuleActions::parse(actions).unwrap(),
        };
        let judgement = judge(&profile(changes), &settings);
        let finding = judgement.finding.map(|found| (found.rule, found.relation, found.rows));
        (judgement.decision, finding)
    }

    #[test]
    fn the_threshold_is_of_all_rows_together() {
        assert_eq!(judged(&[(1, 99, false)], Some(100), ""), (Decision::Allow, None));
        let mass = |relation, rows| (Decision::Reject, Some((Rule::MassChange, relation, rows)));
        assert_eq!(judged(&[(1, 100, false)], Some(100), ""), mass(1, 100));
        assert_eq!(judged(&[(1, 40, false), (2, 60, false)], Some(100), ""), mass(2, 100));
        assert_eq!(judged(&[(1, 0, false)], Some(0), ""), mass(1, 0));
        assert_eq!(judged(&[(1, 1000, true)], None, ""), (Decision::Allow, None));
        assert_eq!(judged(&[(9, 1000, true)], Some(0), ""), (Decision::Allow, None));
        assert_eq!(judged(&[], Some(0), ""), (Decision::Allow, None));
    }

    #[test]
    fn a_missing_where_has_a_rule_of_its_own() {
        let told = |decision, rule, rows| (decision, Some((rule, 1, rows)));
        assert_eq!(
            judged(&[(1, 5, true)], Some(100), ""),
            told(Decision::Warn, Rule::ChangeWithoutWhere, 5)
        );
        assert_eq!(
            judged(&[(1, 500, true)], Some(100), ""),
            told(Decision::Reject, Rule::MassChange, 500)
        );
        assert_eq!(
            judged(&[(1, 500, true)], Some(100), "change-without-where=reject"),
            told(Decision::Reject, Rule::ChangeWithoutWhere, 500)
        );
        assert_eq!(
            judged(
                &[(1, 500, true)],
                Some(100),
                "mass-change=off, change-without-where=log"
            ),
            told(Decision::Allow, Rule::ChangeWithoutWhere, 500)
        );
        assert_eq!(judged(&[(1, 0, true)], Some(100), ""), (Decision::Allow, None));
    }
}
