//! ALTER CONSTRAINT, which knows more since 18: `ATExecAlterConstraintInternal` of `commands/tablecmds.c`.

use pgrx::pg_sys;

use super::constraints;
use super::context::Context;
#[cfg(feature = "pg18")]
use super::{
    columns, constraints::Constraint, foreign_key, index_constraint::locked_with, not_null, relations::children,
};
#[cfg(feature = "pg18")]
use crate::model::facts::AddForeignKey;
use crate::model::facts::AlterCommand;
#[cfg(feature = "pg18")]
use crate::model::lock_mode::LockMode;
use crate::model::relation::Oid;
use crate::postgres::node;

/// Before 18 only the catalog changes; where there are partitions, theirs too, and with ONLY as well:
/// `ATExecAlterConstrRecurse`.
#[cfg(not(feature = "pg18"))]
pub fn read(command: &pg_sys::AlterTableCmd, context: &mut Context) -> AlterCommand {
    let wanted = node::cast::<pg_sys::Constraint>(command.def, pg_sys::NodeTag::T_Constraint);
    let constraint = wanted.and_then(|wanted| constraints::named(context.target, &node::text(wanted.conname)));
    if let (Some(wanted), Some(constraint)) = (wanted, constraint) {
        let is = |column: &str, wanted: bool| constraint.row.flag(column) == Some(wanted);
        let changes = !is("condeferrable", wanted.deferrable) || !is("condeferred", wanted.initdeferred);
        if changes || context.is_partitioned(context.target) {
            let tables: Vec<Oid> = constraints::with_children(constraint)
                .iter()
                .map(|part| part.table)
                .collect();
            context.reach(&tables);
        }
    }
    AlterCommand::CatalogOnly
}

#[cfg(feature = "pg18")]
pub fn read(command: &pg_sys::AlterTableCmd, context: &mut Context) -> AlterCommand {
    let Some(wanted) = node::cast::<pg_sys::ATAlterConstraint>(command.def, pg_sys::NodeTag::T_ATAlterConstraint)
    else {
        return AlterCommand::CatalogOnly;
    };
    let name = node::text(wanted.conname);
    let Some(constraint) = constraints::named(context.target, &name) else {
        return enforced_at_once(wanted, name, context);
    };
    if wanted.alterInheritability {
        return inheritability(wanted, &constraint, context);
    }
    if wanted.alterEnforceability {
        return enforceability(wanted, constraint, context);
    }
    if wanted.alterDeferrability {
        deferrability(wanted, constraint, context);
    }
    AlterCommand::CatalogOnly
}

/// NOT NULL becomes the children's too, or their own.
#[cfg(feature = "pg18")]
fn inheritability(wanted: &pg_sys::ATAlterConstraint, constraint: &Constraint, context: &mut Context) -> AlterCommand {
    let column = columns::of_table(context.target)
        .into_iter()
        .find(|column| constraint.columns.first() == Some(&column.attnum));
    let Some(column) = column.filter(|_| constraint.no_inherit != wanted.noinherit) else {
        return AlterCommand::CatalogOnly;
    };
    let mut reached = children(context.target);
    let mut next = 0;
    while let Some(member) = reached.get(next).copied().filter(|_| !wanted.noinherit) {
        // Below one that has a constraint already nothing is done.
        if !context.not_null.exists(member, &column.name) {
            reached.extend(children(member));
        }
        next += 1;
    }
    context.reach(&reached);
    let mut getting = reached;
    getting.retain(|member| !context.not_null.exists(*member, &column.name));
    let unproved = not_null::unproved(&column.name, &getting, context);
    AlterCommand::SetNotNull {
        column: column.name,
        unproved,
    }
}

/// A foreign key's triggers on both ends are created or dropped, and rows checked: `ATExecAlterConstrEnforceability`.
#[cfg(feature = "pg18")]
fn enforceability(wanted: &pg_sys::ATAlterConstraint, constraint: Constraint, context: &mut Context) -> AlterCommand {
    let changes = constraint.enforced != wanted.is_enforced;
    if !changes && wanted.is_enforced {
        if wanted.alterDeferrability {
            deferrability(wanted, constraint, context);
        }
        return AlterCommand::CatalogOnly;
    }
    let (name, root) = (constraint.name.clone(), constraint.referenced);
    let parts = constraints::with_children(constraint);
    let tables: Vec<Oid> = parts.iter().map(|part| part.table).collect();
    context.reach(&tables);
    if !changes {
        return AlterCommand::CatalogOnly;
    }
    let mut referenced: Vec<Oid> = parts.iter().map(|part| part.referenced).collect();
    referenced.retain(|oid| context.relations.load(*oid).is_some());
    let locked = if wanted.is_enforced {
        vec![]
    } else {
        locked_with(&std::mem::take(&mut referenced), LockMode::AccessExclusive)
    };
    // Parts for the partitions of the other end are there for their triggers only.
    let mut checked: Vec<Oid> = parts
        .iter()
        .filter(|part| part.referenced == root && wanted.is_enforced)
        .map(|part| part.table)
        .collect();
    checked.dedup();
    AlterCommand::AddForeignKey(AddForeignKey {
        constraint: Some(name),
        columns: vec![],
        referenced,
        validated: context.relations.with_rows(&checked),
        locked,
    })
}

/// The same of a foreign key that the statement itself adds as NOT ENFORCED; it locks the other end.
#[cfg(feature = "pg18")]
fn enforced_at_once(wanted: &pg_sys::ATAlterConstraint, name: String, context: &mut Context) -> AlterCommand {
    let enforces = wanted.alterEnforceability && wanted.is_enforced;
    let added = context
        .added_constraint(&name)
        .filter(|part| part.contype == pg_sys::ConstrType::CONSTR_FOREIGN && enforces && !part.is_enforced);
    let Some(part) = added else {
        return AlterCommand::CatalogOnly;
    };
    let members = if context.is_partitioned(context.target) {
        context.family.clone()
    } else {
        vec![context.target]
    };
    AlterCommand::AddForeignKey(AddForeignKey {
        constraint: Some(name),
        columns: vec![],
        referenced: foreign_key::referenced(part, context),
        validated: context.relations.with_rows(&members),
        locked: vec![],
    })
}

/// The parts of a foreign key are looked at below those that change: `ATExecAlterConstrDeferrability`.
#[cfg(feature = "pg18")]
fn deferrability(wanted: &pg_sys::ATAlterConstraint, constraint: Constraint, context: &mut Context) {
    let mut parts = vec![constraint];
    while let Some(part) = parts.pop() {
        let same = part.row.flag("condeferrable") == Some(wanted.deferrable)
            && part.row.flag("condeferred") == Some(wanted.initdeferred);
        if !same {
            let below = constraints::children(part.oid);
            let tables: Vec<Oid> = below.iter().map(|part| part.table).collect();
            context.reach(&tables);
            parts.extend(below);
        }
    }
}
