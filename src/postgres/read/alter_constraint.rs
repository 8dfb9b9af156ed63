//! ALTER CONSTRAINT, which knows more since 18: `ATExecAlterConstraintInternal` of `commands/tablecmds.c`.

use pgrx::pg_sys;
#[cfg(feature = "pg18")]
use pgrx::pg_sys::AlterTableType as At;

use super::constraints;
use super::context::Context;
use super::subcommands;
#[cfg(feature = "pg18")]
use super::{
    added::Added,
    columns,
    constraints::Constraint,
    foreign_key,
    index_constraint::locked_with,
    not_null,
    relations::children,
    standing::{self, Standing},
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
    let wanted = subcommands::altered_constraint(command);
    let constraint =
        wanted.and_then(|wanted| context.constraint_that_stays(context.target, &node::text(wanted.conname)));
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
    let Some(wanted) = subcommands::altered_constraint(command) else {
        return AlterCommand::CatalogOnly;
    };
    let name = node::text(wanted.conname);
    let Some(constraint) = standing::find(&name, context) else {
        return AlterCommand::CatalogOnly;
    };
    let (column, no_inherit, enforced) = match &constraint {
        Standing::There(there) => {
            let first = there.columns.first();
            let column = first.and_then(|attnum| columns::name(there.table, *attnum));
            (column, there.no_inherit, there.enforced)
        }
        Standing::Added(added) => (
            added.columns.first().cloned(),
            added.part.is_no_inherit,
            added.part.is_enforced,
        ),
    };
    if wanted.alterInheritability {
        let no_inherit = self::no_inherit(command, &name, no_inherit, context);
        return match column.filter(|_| no_inherit != wanted.noinherit) {
            Some(column) => inheritability(wanted, column, context),
            None => AlterCommand::CatalogOnly,
        };
    }
    if wanted.alterEnforceability {
        let before = earlier(command, &name, context).filter(|earlier| earlier.alterEnforceability);
        let enforced = before.last().map_or(enforced, |earlier| earlier.is_enforced);
        return match constraint {
            Standing::There(there) => enforceability(wanted, there, enforced, context),
            Standing::Added(added) if enforced != wanted.is_enforced => enforceability_of_added(wanted, added, context),
            Standing::Added(_) => AlterCommand::CatalogOnly,
        };
    }
    if let Standing::There(there) = constraint
        && wanted.alterDeferrability
    {
        deferrability(wanted, there, context);
    }
    AlterCommand::CatalogOnly
}

/// What the ALTER CONSTRAINTs of the statement before this subcommand say of a constraint.
#[cfg(feature = "pg18")]
fn earlier(
    command: &pg_sys::AlterTableCmd,
    name: &str,
    context: &Context,
) -> impl Iterator<Item = &'static pg_sys::ATAlterConstraint> {
    let earlier = context.subcommands.before(command, At::AT_AlterConstraint, name);
    earlier.filter_map(subcommands::altered_constraint)
}

/// Whether a constraint is NO INHERIT when this subcommand comes to it.
#[cfg(feature = "pg18")]
pub fn no_inherit(command: &pg_sys::AlterTableCmd, name: &str, before: bool, context: &Context) -> bool {
    let earlier = earlier(command, name, context).filter(|earlier| earlier.alterInheritability);
    earlier.last().map_or(before, |earlier| earlier.noinherit)
}

/// Nothing changes it before 18.
#[cfg(not(feature = "pg18"))]
pub fn no_inherit(_command: &pg_sys::AlterTableCmd, _name: &str, before: bool, _context: &Context) -> bool {
    before
}

/// NOT NULL becomes the children's too, or their own.
#[cfg(feature = "pg18")]
fn inheritability(wanted: &pg_sys::ATAlterConstraint, column: String, context: &mut Context) -> AlterCommand {
    let losing = not_null::losing(&column, context);
    let not_null = context.not_null.clone();
    let has_it = |member: Oid| not_null.exists(member, &column) && !losing.contains(&member);
    let mut reached = children(context.target);
    let mut next = 0;
    while let Some(member) = reached.get(next).copied().filter(|_| !wanted.noinherit) {
        // Below one that has a constraint already nothing is done.
        if !has_it(member) {
            reached.extend(children(member));
        }
        next += 1;
    }
    context.reach(&reached);
    let mut getting = reached;
    getting.retain(|member| !has_it(*member));
    let unproved = not_null::unproved(&column, &getting, context);
    AlterCommand::SetNotNull { column, unproved }
}

/// A foreign key's triggers on both ends are created or dropped, and rows checked: `ATExecAlterConstrEnforceability`.
#[cfg(feature = "pg18")]
fn enforceability(
    wanted: &pg_sys::ATAlterConstraint,
    constraint: Constraint,
    enforced: bool,
    context: &mut Context,
) -> AlterCommand {
    let changes = enforced != wanted.is_enforced;
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

/// The same of a foreign key that the statement itself adds.
#[cfg(feature = "pg18")]
fn enforceability_of_added(wanted: &pg_sys::ATAlterConstraint, added: Added, context: &mut Context) -> AlterCommand {
    if added.part.contype != pg_sys::ConstrType::CONSTR_FOREIGN {
        return AlterCommand::CatalogOnly;
    }
    let mut members = if context.is_partitioned(context.target) {
        context.family.clone()
    } else {
        vec![context.target]
    };
    let mut referenced = foreign_key::referenced(added.part, context);
    let locked = if wanted.is_enforced {
        vec![]
    } else {
        members.clear();
        locked_with(&std::mem::take(&mut referenced), LockMode::AccessExclusive)
    };
    AlterCommand::AddForeignKey(AddForeignKey {
        constraint: node::optional_text(wanted.conname),
        columns: vec![],
        referenced,
        validated: context.relations.with_rows(&members),
        locked,
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
