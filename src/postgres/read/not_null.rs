//! NOT NULL: what SET and DROP are carried to, and where every row has to be looked at.

use std::collections::BTreeSet;

use pgrx::pg_sys;

use super::columns;
use super::context::{Context, inheriting_constraint};
use crate::model::facts::AlterCommand;
use crate::model::relation::Oid;
use crate::postgres::node;

/// SET NOT NULL: `ATExecSetNotNull` of `commands/tablecmds.c`.
pub fn set(column: String, context: &mut Context) -> AlterCommand {
    let members = members(&column, context);
    context.reach(&members);
    let unproved = unproved(&column, &members, context);
    AlterCommand::SetNotNull { column, unproved }
}

/// Those of some members with rows in which every row has to be looked at to know that a column holds no null.
pub fn unproved(column: &str, members: &[Oid], context: &mut Context) -> Vec<Oid> {
    let losing = losing(column, context);
    let mut found = context.relations.with_rows(members);
    found.retain(|member| lacks_proof(*member, column, &losing, context));
    found
}

/// 18: ADD CONSTRAINT … NOT NULL. Below a child that has one already nothing is done.
pub fn add(part: &pg_sys::Constraint, context: &mut Context) -> AlterCommand {
    let column = node::strings(part.keys).into_iter().next().unwrap_or_default();
    let losing = losing(&column, context);
    let not_null = context.not_null.clone();
    let adds = context.adds_column(&column);
    let lacks = |member: Oid| {
        let existing = columns::named(member, &column).filter(|_| !losing.contains(&member));
        existing.map_or(adds || losing.contains(&member), |column| {
            not_null.of(member, &column).is_none()
        })
    };
    let mut members = if part.is_no_inherit {
        vec![context.target]
    } else {
        context.descend(|member| !lacks(member))
    };
    members.retain(|member| !part.skip_validation && (lacks(*member) || adds));
    let unproved = unproved(&column, &members, context);
    AlterCommand::SetNotNull { column, unproved }
}

/// DROP NOT NULL: since 18 it drops a constraint.
pub fn drop(name: &str, context: &mut Context) -> AlterCommand {
    let constraint =
        columns::named(context.target, name).and_then(|column| context.not_null.of(context.target, &column));
    if let Some(constraint) = constraint.filter(|constraint| !constraint.no_inherit) {
        let losing = inheriting_constraint(&constraint, context);
        context.reach_below(losing);
    }
    AlterCommand::CatalogOnly
}

/// What SET NOT NULL is carried to: `ATPrepSetNotNull` of `commands/tablecmds.c`. A partitioned table that has it is known
/// to have it everywhere; ONLY still makes it look at every partition.
#[cfg(not(feature = "pg18"))]
fn members(name: &str, context: &mut Context) -> Vec<Oid> {
    if !context.is_partitioned(context.target) {
        return context.family.clone();
    }
    if columns::named(context.target, name).is_some_and(|column| column.not_null) {
        return vec![context.target];
    }
    context.relations.family(context.target, true)
}

/// Since 18 what has a NOT NULL constraint is left alone, with what is below; but the target's own, if NOT VALID, is
/// validated everywhere.
#[cfg(feature = "pg18")]
fn members(name: &str, context: &mut Context) -> Vec<Oid> {
    let losing = losing(name, context);
    let of_target = columns::named(context.target, name)
        .filter(|_| !losing.contains(&context.target))
        .and_then(|column| context.not_null.of(context.target, &column));
    match of_target {
        Some(constraint) if constraint.local && !constraint.validated => context.family.clone(),
        Some(_) => vec![],
        None => getting(name, context),
    }
}

/// The members that get a NOT NULL constraint of a column with the target: below one that has it already, nobody.
pub fn getting(name: &str, context: &mut Context) -> Vec<Oid> {
    let losing = losing(name, context);
    let not_null = context.not_null.clone();
    let has_it = |member: Oid| not_null.exists(member, name) && !losing.contains(&member);
    let mut members = context.descend(has_it);
    members.retain(|member| !has_it(*member));
    members
}

/// Where rows are looked at because a virtual column that may not be null gets another expression: where some column has a
/// valid constraint, `ATRewriteTable` of `commands/tablecmds.c`.
#[cfg(any(feature = "pg17", feature = "pg18"))]
pub fn checked_with(name: &str, context: &mut Context) -> Vec<Oid> {
    let losing = losing(name, context);
    let not_null = context.not_null.clone();
    let mut found = context.relations.with_rows(&context.family);
    found.retain(|member| {
        let columns = columns::of_table(*member);
        let is_checked = |column: &&columns::Column| {
            column.not_null
                && not_null
                    .of(*member, column)
                    .is_none_or(|constraint| constraint.validated)
        };
        let mut checked = columns.iter().filter(is_checked);
        let of_column = columns.iter().any(|column| column.name == name && column.not_null);
        of_column && !losing.contains(member) && checked.next().is_some()
    });
    found
}

/// Whether every row of a table has to be looked at to know that a column holds no null.
/// `losing` are those that lose NOT NULL by another subcommand.
pub fn lacks_proof(table: Oid, name: &str, losing: &BTreeSet<Oid>, context: &mut Context) -> bool {
    let goes = context.losing_column(name).contains(&table);
    let Some(column) = columns::named(table, name).filter(|_| !goes) else {
        // A column that this statement adds; nothing else is known about it.
        return context.adds_column(name) && !context.adds_not_null_column(name);
    };
    let loses_it = losing.contains(&table);
    if let Some(existing) = context.not_null.of(table, &column).filter(|_| !loses_it) {
        // 18: a constraint that is NOT VALID is validated, without a look at proofs.
        return !existing.validated;
    }
    (loses_it || !column.not_null) && !context.conditions(table).prove_not_null(&column)
}

/// The members whose column ceases to be NOT NULL by another subcommand, or to be: those come first (`AT_PASS_DROP`).
#[cfg(not(feature = "pg18"))]
pub fn losing(name: &str, context: &mut Context) -> BTreeSet<Oid> {
    if context.drops_not_null(name) {
        context.family.iter().copied().collect()
    } else {
        (*context.losing_column(name)).clone()
    }
}

#[cfg(feature = "pg18")]
pub fn losing(name: &str, context: &mut Context) -> BTreeSet<Oid> {
    let constraint =
        columns::named(context.target, name).and_then(|column| context.not_null.of(context.target, &column));
    let gone = context.gone();
    let dropped =
        constraint.filter(|constraint| context.drops_not_null(name) || gone.constraints.contains(&constraint.oid));
    let mut losing = dropped.map_or(vec![], |constraint| inheriting_constraint(&constraint, context));
    losing.extend(context.losing_column(name).iter());
    losing.into_iter().collect()
}
