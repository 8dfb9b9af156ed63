//! Floor 2, pure: from a lock profile and the settings to a decision.

#![forbid(unsafe_code)]

mod change;
pub mod patience;
mod rule_actions;
pub mod transaction;

use std::collections::BTreeSet;

pub use rule_actions::RuleActions;

use crate::model::decision::Decision;
use crate::model::lock_mode::Blocks;
use crate::model::lock_profile::{Cause, Destruction, Effect, LockProfile, Work, WorkKind};
use crate::model::relation::{IndexConstraint, Oid, RelationKind};
use crate::model::rule::{Action, Rule};
use crate::model::settings::Mode;
use crate::model::transaction::{Doomed, HeldTable};

/// The settings a decision depends on.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `pg_interlock.mode`
    pub mode: Mode,
    /// `pg_interlock.row_threshold`, in rows; `None` when off.
    pub row_threshold: Option<i64>,
    /// `pg_interlock.size_threshold`, in bytes; `None` when off.
    pub size_threshold: Option<i64>,
    /// `pg_interlock.dml_row_threshold`, in rows; `None` when off.
    pub dml_row_threshold: Option<i64>,
    /// `pg_interlock.rule_actions`
    pub rule_actions: RuleActions,
}

/// What is decided, and on what ground.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// What becomes of the statement.
    pub decision: Decision,
    /// The rule that objects, whether or not it is let through.
    pub finding: Option<Finding>,
}

/// A rule that objects.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// The relation the objection is about.
    pub relation: Oid,
    /// The work objected to; `None` for rules about something else.
    pub work: Option<Work>,
    /// All relations with such work, whose rows add up.
    pub relations: BTreeSet<Oid>,
    /// Rows of them all.
    pub rows: i64,
    /// Bytes of them all, with indexes and TOAST.
    pub bytes: i64,
    /// Another table that the transaction holds locked, if it objects to that.
    pub held: Option<HeldTable>,
    /// It objects to rows that are added, or read for that.
    pub adds: bool,
}

/// Judges a profile.
pub fn judge(profile: &LockProfile, settings: &Settings) -> Judgement {
    let mut worst = Judgement {
        decision: Decision::Allow,
        finding: None,
    };
    let findings = work_findings(profile, settings)
        .into_iter()
        .chain(leftover_finding(profile))
        .chain(change::findings(profile, settings))
        .chain(transaction::findings(profile, settings))
        .chain(destruction_finding(profile));
    let mut worst_action = Action::Off;
    for finding in findings {
        let action = action(&finding, profile, settings);
        if action > worst_action {
            worst_action = action;
            worst.finding = Some(finding);
        }
    }
    worst.decision = match (settings.mode, worst_action) {
        (Mode::Enforce, Action::Reject) => Decision::Reject,
        (Mode::Enforce, Action::Warn) | (Mode::Warn, Action::Warn | Action::Reject) => Decision::Warn,
        _ => Decision::Allow,
    };
    worst
}

/// What the rule of a finding does.
fn action(finding: &Finding, profile: &LockProfile, settings: &Settings) -> Action {
    let action = settings.rule_actions.action(finding.rule);
    let server_refuses = finding.rule == Rule::ConcurrentlyInTransaction && profile.doomed == Some(Doomed::Itself);
    // The client gets the server's own error, and our words before it.
    if server_refuses {
        action.min(Action::Warn)
    } else {
        action
    }
}

/// Objections to work under a lock that blocks reads or writes, the gravest first.
///
/// A partition tree or several tables of one statement stay locked together until it ends, so their work adds up;
/// statements that do one relation after the other in transactions of their own are judged by the largest.
fn work_findings(profile: &LockProfile, settings: &Settings) -> Vec<Finding> {
    let blocking: Vec<(&Effect, &Work)> = profile
        .effects
        .iter()
        .filter(|effect| effect.relation.is_shared())
        .flat_map(|effect| effect.work.iter().map(move |work| (effect, work)))
        .filter(|(effect, work)| is_told_of(effect, work))
        .filter(|(_, work)| work.under.blocks() >= Blocks::Writes)
        .collect();
    let rules: BTreeSet<Rule> = blocking.iter().map(|(_, work)| rule(&work.cause)).collect();
    let mut findings: Vec<Finding> = rules
        .into_iter()
        .filter_map(|each| {
            let of_rule: Vec<_> = blocking
                .iter()
                .filter(|(_, work)| rule(&work.cause) == each)
                .copied()
                .collect();
            finding(profile, each, &of_rule)
        })
        .filter(|finding| is_large(finding.rows, finding.bytes, settings))
        .collect();
    findings.sort_by_key(|finding| {
        let gravity = finding.work.as_ref().map(|work| (work.kind, work.under));
        (std::cmp::Reverse(gravity), std::cmp::Reverse(finding.rows))
    });
    findings
}

/// What happens to an index is told of its table, save where the index alone is moved.
fn is_told_of(effect: &Effect, work: &Work) -> bool {
    !effect.relation.kind.is_index() || work.kind == WorkKind::CopyFiles
}

/// Whether so many rows or bytes reach a threshold.
pub fn is_large(rows: i64, bytes: i64, settings: &Settings) -> bool {
    settings.row_threshold.is_some_and(|threshold| rows >= threshold)
        || settings.size_threshold.is_some_and(|threshold| bytes >= threshold)
}

fn finding(profile: &LockProfile, rule: Rule, work: &[(&Effect, &Work)]) -> Option<Finding> {
    let (effect, gravest) = work
        .iter()
        .max_by_key(|(effect, work)| (work.kind, work.under, effect.relation.rows))
        .copied()?;
    let mut known = BTreeSet::new();
    let mut relations: Vec<&Effect> = work.iter().map(|(effect, _)| *effect).collect();
    relations.retain(|effect| known.insert(effect.relation.oid));
    if profile.one_by_one {
        relations = vec![effect];
    }
    // Tell of the relation the user named where the work is on its partitions or children.
    let elsewhere = matches!(gravest.cause, Cause::TypeChangeForeignKey { .. } | Cause::Partition(_));
    let named = profile
        .target
        .and_then(|target| profile.effect(target))
        .filter(|main| !profile.one_by_one && !elsewhere && (relations.len() > 1 || is_partitioned(main)))
        .map_or(effect.relation.oid, |main| main.relation.oid);
    Some(Finding {
        rule,
        relation: named,
        work: Some(gravest.clone()),
        rows: relations.iter().map(|effect| effect.relation.rows).sum(),
        bytes: relations.iter().map(|effect| effect.relation.bytes).sum(),
        relations: relations.iter().map(|effect| effect.relation.oid).collect(),
        held: None,
        adds: false,
    })
}

fn is_partitioned(effect: &Effect) -> bool {
    effect.relation.kind == RelationKind::PartitionedTable
}

/// An objection to loss of data or structure, whatever the size.
fn destruction_finding(profile: &LockProfile) -> Option<Finding> {
    let rule = match profile.destroys.as_ref()? {
        Destruction::Relation => Rule::DropTable,
        Destruction::Column(_) => Rule::DropColumn,
        Destruction::Constraint(_) => Rule::DropConstraint,
        Destruction::Rows => Rule::Truncate,
        Destruction::Index => Rule::DropIndex,
        Destruction::Name(_) => Rule::RenameTable,
        Destruction::ColumnName(..) => Rule::RenameColumn,
    };
    let effect = profile
        .losing
        .iter()
        .filter_map(|oid| profile.effect(*oid))
        .find(|effect| effect.relation.is_shared())?;
    Some(without_work(rule, effect))
}

/// An objection to taking an invalid index for the one that is wanted, whatever the size.
fn leftover_finding(profile: &LockProfile) -> Option<Finding> {
    profile.leftover.as_ref()?;
    let effect = profile.effect(profile.target?)?;
    effect
        .relation
        .is_shared()
        .then(|| without_work(Rule::InvalidIndex, effect))
}

fn without_work(rule: Rule, effect: &Effect) -> Finding {
    let relation = &effect.relation;
    Finding {
        rule,
        relation: relation.oid,
        work: None,
        relations: BTreeSet::from([relation.oid]),
        rows: relation.rows,
        bytes: relation.bytes,
        held: None,
        adds: false,
    }
}

/// The rule that speaks of a cause.
pub fn rule(cause: &Cause) -> Rule {
    match cause {
        Cause::VolatileDefault { .. } => Rule::AddColumnVolatileDefault,
        Cause::SequenceDefault { .. } => Rule::AddColumnSerial,
        Cause::StoredGenerated { .. } => Rule::AddColumnStoredGenerated,
        Cause::ConstrainedDomain { .. } => Rule::AddColumnConstrainedDomain,
        Cause::NewColumnNotNull { .. } => Rule::AddColumnNotNull,
        Cause::TypeChange { .. }
        | Cause::TypeChangeIndex { .. }
        | Cause::TypeChangeCheck { .. }
        | Cause::TypeChangeForeignKey { .. } => Rule::AlterColumnType,
        Cause::SetNotNull { .. } => Rule::SetNotNull,
        Cause::Check { .. } => Rule::AddCheck,
        Cause::ForeignKey { .. } => Rule::AddForeignKey,
        Cause::PrimaryKeyNullable { .. } => Rule::AddPrimaryKey,
        Cause::IndexConstraint { kind, .. } => match kind {
            IndexConstraint::PrimaryKey => Rule::AddPrimaryKey,
            IndexConstraint::Unique => Rule::AddUnique,
            IndexConstraint::Exclusion => Rule::AddExclusion,
        },
        Cause::Validate { .. } => Rule::ValidateConstraint,
        Cause::Partition(cause) => cause.rule(),
        Cause::Domain { .. } => Rule::AlterDomain,
        Cause::CreateIndex { .. } => Rule::CreateIndex,
        Cause::Reindex => Rule::Reindex,
        Cause::Unpredicted => Rule::Unpredicted,
        Cause::Cluster => Rule::Cluster,
        Cause::VacuumFull => Rule::VacuumFull,
        Cause::Refresh => Rule::RefreshMaterializedView,
        Cause::SetLogged { .. } => Rule::SetLogged,
        Cause::SetAccessMethod { .. } => Rule::SetAccessMethod,
        Cause::SetExpression { .. } => Rule::SetExpression,
        Cause::SetTablespace { .. } => Rule::SetTablespace,
    }
}

/// The SQLSTATE of a rejection.
pub fn sqlstate(finding: &Finding) -> &'static str {
    if matches!(finding.rule, Rule::MassChange | Rule::ChangeWithoutWhere) {
        return "IL007";
    }
    if matches!(
        finding.rule,
        Rule::InvalidIndex | Rule::WorkUnderHeldLock | Rule::SeveralTablesLocked | Rule::ConcurrentlyInTransaction
    ) {
        return "IL005";
    }
    if finding
        .work
        .as_ref()
        .is_some_and(|work| matches!(work.cause, Cause::Partition(_)))
    {
        return "IL004";
    }
    match finding.work.as_ref().map(|work| work.kind) {
        Some(WorkKind::Rewrite | WorkKind::CopyFiles) => "IL001",
        Some(WorkKind::Scan) => "IL002",
        Some(WorkKind::BuildIndex) => "IL003",
        None => "IL008",
    }
}
