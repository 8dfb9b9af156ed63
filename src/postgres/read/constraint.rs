//! Constraints in ALTER TABLE: ADD in every form, SET NOT NULL, VALIDATE, DROP.

use pgrx::pg_sys;
use pgrx::pg_sys::ConstrType;

use super::alter_table::{Context, dropped};
use super::columns::{self, Column};
use super::constraints::{self, Constraint};
use super::dependencies::Object;
use super::expressions;
use super::relations::{index_rows, resolve};
use crate::model::facts::{AddForeignKey, AddIndexConstraint, AlterCommand, Dropped, IndexConstraint, Oid};
use crate::model::relation::RelationKind;
use crate::postgres::node;

/// Whether ADD CONSTRAINT is carried to partitions and inheriting tables with the statement's lock.
pub fn recurses(command: &pg_sys::AlterTableCmd, context: &mut Context) -> bool {
    let Some(part) = node::cast::<pg_sys::Constraint>(command.def, pg_sys::NodeTag::T_Constraint) else {
        return false;
    };
    match part.contype {
        ConstrType::CONSTR_CHECK | ConstrType::CONSTR_NOTNULL => !part.is_no_inherit,
        ConstrType::CONSTR_FOREIGN => context.relations.kind(context.target) == Some(RelationKind::PartitionedTable),
        _ => false,
    }
}

/// ADD CONSTRAINT
pub fn add(command: &pg_sys::AlterTableCmd, context: &mut Context) -> Vec<AlterCommand> {
    let Some(part) = node::cast::<pg_sys::Constraint>(command.def, pg_sys::NodeTag::T_Constraint) else {
        return vec![AlterCommand::Unmodelled];
    };
    let name = node::optional_text(part.conname);
    match part.contype {
        ConstrType::CONSTR_CHECK => vec![add_check(part, name, context)],
        ConstrType::CONSTR_NOTNULL if checked_now(part) => vec![set_not_null(&node::strings(part.keys), context)],
        ConstrType::CONSTR_NOTNULL => vec![AlterCommand::CatalogOnly],
        ConstrType::CONSTR_FOREIGN => {
            let columns = node::strings(part.fk_attrs);
            vec![add_foreign_key(part, columns, checked_now(part), context)]
        }
        ConstrType::CONSTR_PRIMARY | ConstrType::CONSTR_UNIQUE | ConstrType::CONSTR_EXCLUSION => {
            vec![add_index_constraint(part, &node::strings(part.keys), context)]
        }
        _ => vec![AlterCommand::Unmodelled],
    }
}

/// A constraint written with a new column. The rows of `members` are looked at where it says something about them.
pub fn of_new_column(
    part: &pg_sys::Constraint,
    column: &str,
    members: &[Oid],
    context: &mut Context,
) -> Option<AlterCommand> {
    let constraint = node::optional_text(part.conname);
    Some(match part.contype {
        ConstrType::CONSTR_CHECK => AlterCommand::AddCheck {
            constraint,
            scanned: members.to_vec(),
        },
        ConstrType::CONSTR_FOREIGN => add_foreign_key(
            part,
            vec![column.to_owned()],
            context.default_added && checked_now(part),
            context,
        ),
        ConstrType::CONSTR_PRIMARY | ConstrType::CONSTR_UNIQUE => {
            AlterCommand::AddIndexConstraint(AddIndexConstraint {
                kind: index_kind(part.contype),
                constraint,
                columns: vec![column.to_owned()],
                using_index: None,
                builds: built_members(context),
                nullable: vec![],
            })
        }
        _ => return None,
    })
}

/// SET NOT NULL, and ADD CONSTRAINT … NOT NULL: `ATExecSetNotNull` of `commands/tablecmds.c`.
pub fn set_not_null(columns: &[String], context: &mut Context) -> AlterCommand {
    let column = columns.first().cloned().unwrap_or_default();
    let members = context.relations.with_rows(&context.family);
    let unproved = members
        .into_iter()
        .filter(|member| lacks_proof(*member, &column))
        .collect();
    AlterCommand::SetNotNull { column, unproved }
}

/// Whether every row of a table has to be looked at to know that a column holds no null.
fn lacks_proof(table: Oid, name: &str) -> bool {
    let Some(column) = columns::named(table, name) else {
        return false;
    };
    if let Some(existing) = not_null_constraint(table, &column) {
        // 18: a constraint that is NOT VALID is validated, without a look at proofs.
        return !existing.validated;
    }
    !column.not_null && !expressions::not_null_is_proved(table, &column)
}

/// 18: the NOT NULL constraint of a column.
fn not_null_constraint(table: Oid, column: &Column) -> Option<Constraint> {
    constraints::of_table(table)
        .into_iter()
        .find(|constraint| constraint.kind == b'n' && constraint.columns.first() == Some(&column.attnum))
}

#[cfg(feature = "pg18")]
fn checked_now(part: &pg_sys::Constraint) -> bool {
    !part.skip_validation && part.is_enforced
}

#[cfg(not(feature = "pg18"))]
fn checked_now(part: &pg_sys::Constraint) -> bool {
    !part.skip_validation
}

fn add_check(part: &pg_sys::Constraint, constraint: Option<String>, context: &mut Context) -> AlterCommand {
    let family = if part.is_no_inherit {
        vec![context.target]
    } else {
        context.family.clone()
    };
    let mut scanned = if checked_now(part) {
        context.relations.with_rows(&family)
    } else {
        vec![]
    };
    if let Some(name) = &constraint {
        // `MergeWithExistingConstraint` of `catalog/heap.c`: an equal constraint that a child has already is kept.
        scanned.retain(|member| {
            *member == context.target || constraints::named(*member, name).is_none_or(|existing| existing.kind != b'c')
        });
    }
    AlterCommand::AddCheck { constraint, scanned }
}

/// ADD FOREIGN KEY: `ATAddForeignKeyConstraint` of `commands/tablecmds.c`.
fn add_foreign_key(
    part: &pg_sys::Constraint,
    columns: Vec<String>,
    checked: bool,
    context: &mut Context,
) -> AlterCommand {
    let referenced = resolve(part.pktable).map(|oid| {
        let partitioned = is_partitioned(oid, context);
        context.relations.family(oid, partitioned)
    });
    let referencing = if is_partitioned(context.target, context) {
        context.family.clone()
    } else {
        vec![context.target]
    };
    let validated = if checked {
        context.relations.with_rows(&referencing)
    } else {
        vec![]
    };
    AlterCommand::AddForeignKey(AddForeignKey {
        constraint: node::optional_text(part.conname),
        columns,
        referenced: referenced.unwrap_or_default(),
        validated,
    })
}

fn is_partitioned(oid: Oid, context: &mut Context) -> bool {
    context.relations.kind(oid) == Some(RelationKind::PartitionedTable)
}

fn index_kind(contype: ConstrType::Type) -> IndexConstraint {
    match contype {
        ConstrType::CONSTR_PRIMARY => IndexConstraint::PrimaryKey,
        ConstrType::CONSTR_UNIQUE => IndexConstraint::Unique,
        _ => IndexConstraint::Exclusion,
    }
}

/// The tables an index of the target is built on: itself, or all leaves of a partitioned table.
fn built_members(context: &mut Context) -> Vec<Oid> {
    let members = if is_partitioned(context.target, context) {
        context.family.clone()
    } else {
        vec![context.target]
    };
    context.relations.with_rows(&members)
}

fn add_index_constraint(part: &pg_sys::Constraint, keys: &[String], context: &mut Context) -> AlterCommand {
    let kind = index_kind(part.contype);
    let using_index = node::optional_text(part.indexname).and_then(|name| index_of(context, &name));
    let keys = match using_index {
        Some(index) => index_columns(context.target, index),
        None => keys.to_vec(),
    };
    let members = built_members(context);
    let nullable = if kind == IndexConstraint::PrimaryKey {
        members
            .iter()
            .filter_map(|member| {
                keys.iter()
                    .find(|key| lacks_proof(*member, key))
                    .map(|key| (*member, key.clone()))
            })
            .collect()
    } else {
        vec![]
    };
    AlterCommand::AddIndexConstraint(AddIndexConstraint {
        kind,
        constraint: node::optional_text(part.conname),
        columns: keys,
        using_index,
        builds: if part.indexname.is_null() { members } else { vec![] },
        nullable,
    })
}

fn index_of(context: &mut Context, name: &str) -> Option<Oid> {
    let indexes = context.relations.indexes(context.target);
    indexes.into_iter().find(|index| {
        context
            .relations
            .load(*index)
            .is_some_and(|table| table.relation.name == name)
    })
}

fn index_columns(table: Oid, index: Oid) -> Vec<String> {
    let keys: Vec<i16> = index_rows(table)
        .iter()
        .filter(|row| row.oid("indexrelid") == index)
        .flat_map(|row| {
            row.attnums("indkey")
                .into_iter()
                .take(row.int2("indnkeyatts") as usize)
                .collect::<Vec<_>>()
        })
        .collect();
    columns::of_table(table)
        .into_iter()
        .filter(|column| keys.contains(&column.attnum))
        .map(|c| c.name)
        .collect()
}

/// VALIDATE CONSTRAINT: `ATExecValidateConstraint` of `commands/tablecmds.c`.
pub fn validate(name: &str, context: &mut Context) -> AlterCommand {
    let Some(constraint) = constraints::named(context.target, name) else {
        return AlterCommand::CatalogOnly;
    };
    let mut pending: Vec<Constraint> = vec![];
    if !constraint.validated {
        match constraint.kind {
            b'f' => pending = with_children(constraint),
            _ => pending.extend(
                context
                    .family
                    .iter()
                    .filter_map(|member| same_constraint(*member, &constraint)),
            ),
        }
    }
    pending.retain(|each| !each.validated);
    let referenced: Vec<Oid> = pending
        .iter()
        .map(|each| each.referenced)
        .filter(|oid| *oid != 0)
        .collect();
    let referenced = referenced
        .into_iter()
        .filter(|oid| context.relations.load(*oid).is_some())
        .collect();
    let tables: Vec<Oid> = pending.iter().map(|each| each.table).collect();
    AlterCommand::ValidateConstraint {
        constraint: name.to_owned(),
        scanned: context.relations.with_rows(&tables),
        referenced,
    }
}

/// The constraint of a member that a constraint of the target became by inheritance; NOT NULL goes by its column.
fn same_constraint(member: Oid, of_target: &Constraint) -> Option<Constraint> {
    if of_target.kind != b'n' || member == of_target.table {
        return constraints::named(member, &of_target.name);
    }
    let attnum = of_target.columns.first()?;
    let column = columns::of_table(of_target.table)
        .into_iter()
        .find(|column| column.attnum == *attnum)?;
    not_null_constraint(member, &columns::named(member, &column.name)?)
}

fn with_children(constraint: Constraint) -> Vec<Constraint> {
    let mut all = vec![constraint];
    let mut next = 0;
    while next < all.len() {
        let parent = all[next].oid;
        all.extend(constraints::children(parent));
        next += 1;
    }
    all
}

/// DROP CONSTRAINT
pub fn drop(name: String, command: &pg_sys::AlterTableCmd, context: &mut Context) -> AlterCommand {
    let found: Vec<Constraint> = constraints::named(context.target, &name)
        .map(with_children)
        .unwrap_or_default();
    if found.is_empty() {
        return AlterCommand::CatalogOnly;
    }
    let objects: Vec<Object> = found
        .iter()
        .map(|constraint| Object::constraint(constraint.oid))
        .collect();
    dropped(Dropped::Constraint(name), &objects, command.behavior, context)
}
