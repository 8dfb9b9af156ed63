//! The message, detail and hint of a finding, after PostgreSQL's error style guide.

use super::{leftover, mass_change, partition, transaction, words};
use crate::model::decision::Decision;
use crate::model::facts::DomainCheck;
use crate::model::lock_mode::LockMode;
use crate::model::lock_profile::{Cause, Destruction, Effect, LockProfile, Work, WorkKind};
use crate::model::relation::Relation;
use crate::model::report::{Report, Severity};
use crate::policy::{Finding, Judgement, sqlstate};

/// What the client is told about a judgement; `None` if nothing.
pub fn report(profile: &LockProfile, judgement: &Judgement, alternative: Option<String>) -> Option<Report> {
    let finding = judgement.finding.as_ref()?;
    let severity = match judgement.decision {
        Decision::Allow => return None,
        Decision::Warn => Severity::Warning,
        Decision::Reject => Severity::Error,
    };
    // A statement that is lost with a later one may have no relation, and one that makes a table has none yet.
    let relation = profile.effect(finding.relation).map(|effect| &effect.relation);
    let held = finding.held.as_ref().map(|held| &held.relation);
    let relation = relation.or(held.filter(|held| held.oid == finding.relation));
    Some(Report {
        severity,
        sqlstate: sqlstate(finding),
        message: message(profile, finding, relation, severity)?,
        detail: reason(profile, finding),
        hint: alternative,
        schema: relation.map(|relation| relation.schema.clone()),
        table: relation.map(|relation| relation.name.clone()),
        column: finding.work.as_ref().and_then(|work| column(&work.cause)),
        constraint: finding.work.as_ref().and_then(|work| constraint(&work.cause)),
    })
}

/// A profile that turned out to be wrong.
pub fn mismatch(command_tag: &str, differences: &[String], statement: &str) -> Report {
    Report {
        severity: Severity::Warning,
        sqlstate: "01000",
        message: format!("lock profile of {command_tag} differs from what it did"),
        detail: format!(
            "Seen and not foreseen: {}.  Statement: {statement}",
            differences.join("; ")
        ),
        hint: Some("Report it as a bug of pg_interlock.".to_owned()),
        schema: None,
        table: None,
        column: None,
        constraint: None,
    }
}

fn message(
    profile: &LockProfile,
    finding: &Finding,
    relation: Option<&Relation>,
    severity: Severity,
) -> Option<String> {
    let would = if severity == Severity::Error { "would " } else { "will " };
    let tag = &profile.command_tag;
    if let Some(said) = transaction::message(profile, finding, would) {
        return Some(format!("{tag} {said}"));
    }
    let relation = relation?;
    if let Some(index) = leftover::of(profile, finding) {
        return Some(format!("{tag} {would}{}", leftover::message(index, relation)));
    }
    if let Some(said) = mass_change::message(profile, finding, relation) {
        return Some(format!("{tag} {would}{said}"));
    }
    let Some(work) = &finding.work else {
        return Some(format!("{tag} {would}{}", destruction(profile, relation)));
    };
    let what = match work.kind {
        WorkKind::Rewrite => "rewrite",
        WorkKind::CopyFiles => "copy the files of",
        WorkKind::Scan => "scan",
        WorkKind::BuildIndex => "build an index on",
    };
    let others = match (finding.relations.len(), finding.relations.contains(&finding.relation)) {
        (0 | 1, true) => String::new(),
        (many, true) => format!(" and {} more", many - 1),
        (many, false) => format!(" ({})", words::count(many, "partition", "partitions")),
    };
    let meanwhile = finding.held.as_ref().map_or_else(
        || format!("while blocking {}", under(profile, finding, work).blocks().name()),
        transaction::while_blocking,
    );
    let relation = words::relation(relation);
    Some(format!("{tag} {would}{what} {relation}{others} {meanwhile}"))
}

fn destruction(profile: &LockProfile, relation: &Relation) -> String {
    let relation = words::relation(relation);
    match &profile.destroys {
        Some(Destruction::Column(column)) => format!("drop column \"{column}\" of {relation}"),
        Some(Destruction::Constraint(constraint)) => format!("drop constraint \"{constraint}\" of {relation}"),
        Some(Destruction::Rows) => format!("remove all rows of {relation}"),
        Some(Destruction::Index) => format!("drop an index of {relation}"),
        Some(Destruction::Name(_)) => format!("rename {relation}"),
        Some(Destruction::ColumnName(column, _)) => format!("rename column \"{column}\" of {relation}"),
        Some(Destruction::Relation) | None => format!("drop {relation}"),
    }
}

/// Why a rule objects, in whole sentences: the DETAIL of an error and the `reason` of a profile.
pub fn reason(profile: &LockProfile, finding: &Finding) -> String {
    if leftover::of(profile, finding).is_some() {
        return leftover::reason();
    }
    if let Some(said) = mass_change::reason(profile, finding).or_else(|| transaction::reason(profile, finding)) {
        return said;
    }
    let extent = words::extent(finding.rows, finding.bytes);
    let Some(work) = &finding.work else {
        let relation = profile
            .effect(finding.relation)
            .map(|effect| words::relation(&effect.relation));
        return match profile.destroys {
            Some(Destruction::Column(_)) => format!("The values of {extent} are lost when it commits."),
            Some(Destruction::Relation | Destruction::Rows) => {
                format!("{} are lost when it commits.", capital(&extent))
            }
            Some(Destruction::Name(_) | Destruction::ColumnName(..)) => {
                "What still uses the old name fails once it commits.".to_owned()
            }
            _ => format!("{} is locked until it commits.", capital(&relation.unwrap_or_default())),
        };
    };
    let rebuilt = profile
        .effects
        .iter()
        .filter(|effect| {
            effect.relation.kind.is_index() && effect.work.iter().any(|on_index| on_index.cause == work.cause)
        })
        .count();
    let done = match work.kind {
        WorkKind::Rewrite if rebuilt > 0 => {
            let indexes = words::count(rebuilt, "index", "indexes");
            format!("{extent} are rewritten and {indexes} rebuilt")
        }
        WorkKind::Rewrite => format!("{extent} are rewritten"),
        WorkKind::CopyFiles => format!("{} are copied", words::size(finding.bytes)),
        WorkKind::Scan => format!("{extent} are read"),
        WorkKind::BuildIndex => format!("{extent} are indexed"),
    };
    if let Some(held) = &finding.held {
        return transaction::work(work, because(work), &done, held);
    }
    let under = under(profile, finding, work);
    let since = if at_fault(profile, finding).any(|effect| effect.held == Some(under)) {
        ", which the transaction holds from an earlier statement"
    } else {
        ""
    };
    format!("{}: {done} under {under}{since}.", because(work))
}

/// The strongest lock that work is done under, be it the statement's own or one from before.
fn under(profile: &LockProfile, finding: &Finding, work: &Work) -> LockMode {
    let locks = at_fault(profile, finding).map(|effect| effect.under(work));
    locks.max().unwrap_or(work.under)
}

fn at_fault<'a>(profile: &'a LockProfile, finding: &'a Finding) -> impl Iterator<Item = &'a Effect> {
    let effects = profile.effects.iter();
    effects.filter(|effect| finding.relations.contains(&effect.relation.oid))
}

fn because(work: &Work) -> String {
    match &work.cause {
        Cause::VolatileDefault { column, default, .. } => {
            format!("The default of column \"{column}\", {default}, is volatile and is computed for every row")
        }
        Cause::SequenceDefault {
            column, identity: true, ..
        } => {
            format!("Identity column \"{column}\" takes a number from its sequence for every row")
        }
        Cause::SequenceDefault { column, .. } => {
            format!("Serial column \"{column}\" takes a number from its sequence for every row")
        }
        Cause::StoredGenerated { column, .. } => {
            format!("Generated column \"{column}\" is stored, so it is computed for every row")
        }
        Cause::ConstrainedDomain { column, domain, .. } => {
            format!("Column \"{column}\" is of domain {domain}, whose constraints are checked for every row")
        }
        Cause::NewColumnNotNull { column } => {
            format!("Column \"{column}\" is NOT NULL and has no default, so every row is checked")
        }
        Cause::TypeChange { column, from, to, .. } => format!("Column \"{column}\" changes from {from} to {to}"),
        Cause::TypeChangeIndex { column, from, to } => {
            format!("Column \"{column}\" changes from {from} to {to}, and an index on it cannot be kept")
        }
        Cause::TypeChangeCheck { column, constraint } => {
            format!("Column \"{column}\" changes, so constraint \"{constraint}\" is checked for every row")
        }
        Cause::TypeChangeForeignKey { column, constraint } => {
            format!("Column \"{column}\" changes, so foreign key \"{constraint}\" is checked for every row")
        }
        Cause::SetNotNull { column } => format!("Column \"{column}\" is checked for nulls in every row"),
        Cause::Check {
            constraint: Some(constraint),
        } => {
            format!("Constraint \"{constraint}\" is checked for every row")
        }
        Cause::Check { constraint: None } => "The constraint is checked for every row".to_owned(),
        Cause::ForeignKey { columns, .. } => {
            format!("The foreign key on ({}) is checked for every row", columns.join(", "))
        }
        Cause::PrimaryKeyNullable { column } => {
            format!("Column \"{column}\" of the primary key is not known to be NOT NULL, so every row is checked")
        }
        Cause::IndexConstraint {
            constraint: Some(constraint),
            ..
        } => {
            format!("The index of constraint \"{constraint}\" is built")
        }
        Cause::IndexConstraint { columns, .. } if columns.is_empty() => {
            "The index of the constraint is built".to_owned()
        }
        Cause::IndexConstraint { columns, .. } => {
            format!("The index of the constraint on ({}) is built", columns.join(", "))
        }
        Cause::Validate { constraint } => {
            format!("Constraint \"{constraint}\" is validated under a stronger lock than it needs")
        }
        Cause::Partition(cause) => partition::because(cause),
        Cause::Domain { domain, check } => match check {
            DomainCheck::NotNull => format!("Every value of domain {domain} is checked for nulls"),
            DomainCheck::Constraint(None) => format!("The constraint is checked for every value of domain {domain}"),
            DomainCheck::Constraint(Some(constraint)) | DomainCheck::Validate(constraint) => {
                format!("Constraint \"{constraint}\" is checked for every value of domain {domain}")
            }
        },
        Cause::CreateIndex { name: Some(name) } => format!("Index \"{name}\" is built"),
        Cause::CreateIndex { name: None } => "The index is built".to_owned(),
        Cause::Reindex => "The indexes are built anew".to_owned(),
        Cause::Unpredicted => "This was not foreseen when the statement was judged".to_owned(),
        Cause::Cluster => "The table is written anew in the order of an index".to_owned(),
        Cause::VacuumFull => "The table is written anew without its dead rows".to_owned(),
        Cause::Refresh => "The materialized view is computed anew".to_owned(),
        Cause::SetLogged { logged } => {
            format!("The table becomes {}", if *logged { "logged" } else { "unlogged" })
        }
        Cause::SetAccessMethod { method } => format!("The table moves to access method \"{method}\""),
        Cause::SetExpression { column } => {
            format!("Generated column \"{column}\" is stored, so its new expression is computed for every row")
        }
        Cause::SetTablespace { tablespace } => format!("The files move to tablespace \"{tablespace}\""),
    }
}

fn column(cause: &Cause) -> Option<String> {
    match cause {
        Cause::VolatileDefault { column, .. }
        | Cause::SequenceDefault { column, .. }
        | Cause::StoredGenerated { column, .. }
        | Cause::ConstrainedDomain { column, .. }
        | Cause::NewColumnNotNull { column }
        | Cause::TypeChange { column, .. }
        | Cause::TypeChangeIndex { column, .. }
        | Cause::TypeChangeCheck { column, .. }
        | Cause::TypeChangeForeignKey { column, .. }
        | Cause::SetNotNull { column }
        | Cause::PrimaryKeyNullable { column }
        | Cause::SetExpression { column } => Some(column.clone()),
        _ => None,
    }
}

fn constraint(cause: &Cause) -> Option<String> {
    match cause {
        Cause::Check { constraint }
        | Cause::ForeignKey { constraint, .. }
        | Cause::IndexConstraint { constraint, .. }
        | Cause::Domain {
            check: DomainCheck::Constraint(constraint),
            ..
        } => constraint.clone(),
        Cause::Partition(cause) => partition::constraint(cause),
        Cause::Domain {
            check: DomainCheck::Validate(constraint),
            ..
        } => Some(constraint.clone()),
        Cause::Validate { constraint }
        | Cause::TypeChangeCheck { constraint, .. }
        | Cause::TypeChangeForeignKey { constraint, .. } => Some(constraint.clone()),
        _ => None,
    }
}

fn capital(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
