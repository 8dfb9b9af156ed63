//! Constraints in ALTER TABLE: ADD in every form, SET NOT NULL, VALIDATE, DROP.

use pgrx::pg_sys::ConstrType;
use pgrx::{PgBox, PgList, pg_sys};

use super::alter_table::{Context, dropped, inheriting};
use super::columns::{self, Column};
use super::constraints::{self, Constraint};
use super::dependencies::Object;
use super::expressions;
use super::foreign_key;
use super::index_match;
use super::relations::index_rows;
use crate::model::facts::{AddForeignKey, AddIndexConstraint, AlterCommand, Dropped, IndexConstraint, Oid};
use crate::model::lock_mode::LockMode;
use crate::model::relation::RelationKind;
use crate::postgres::node;

/// Whether ADD CONSTRAINT takes its lock on all partitions and inheriting tables, whatever becomes of them.
#[cfg(not(feature = "pg18"))]
pub fn recurses(command: &pg_sys::AlterTableCmd, context: &mut Context) -> bool {
    let Some(part) = node::cast::<pg_sys::Constraint>(command.def, pg_sys::NodeTag::T_Constraint) else {
        return false;
    };
    // The key columns of a PRIMARY KEY are made NOT NULL everywhere, where they are not known to be.
    part.contype == ConstrType::CONSTR_PRIMARY
        && part.indexname.is_null()
        && (!is_partitioned(context.target, context) || {
            let columns = columns::of_table(context.target);
            node::strings(part.keys)
                .iter()
                .any(|key| columns.iter().any(|column| column.name == *key && !column.not_null))
        })
}

/// Since 18 always: `ATPrepCmd` of `commands/tablecmds.c`. For a PRIMARY KEY over columns that lack a NOT NULL constraint
/// (`ATPrepAddPrimaryKey`) with ONLY too.
#[cfg(feature = "pg18")]
pub fn recurses(command: &pg_sys::AlterTableCmd, context: &mut Context) -> bool {
    let primary = node::cast::<pg_sys::Constraint>(command.def, pg_sys::NodeTag::T_Constraint)
        .filter(|part| part.contype == ConstrType::CONSTR_PRIMARY);
    if let Some(part) = primary
        && node::strings(part.keys)
            .iter()
            .any(|key| !has_not_null(context.target, key))
    {
        let family = context.relations.family(context.target, true);
        context.reach(&family);
    }
    true
}

/// 18: whether a column has a NOT NULL constraint, valid or not.
#[cfg(feature = "pg18")]
fn has_not_null(table: Oid, name: &str) -> bool {
    columns::named(table, name).is_some_and(|column| not_null_constraint(table, &column).is_some())
}

/// ADD CONSTRAINT
pub fn add(command: &pg_sys::AlterTableCmd, context: &mut Context) -> Vec<AlterCommand> {
    let Some(part) = node::cast::<pg_sys::Constraint>(command.def, pg_sys::NodeTag::T_Constraint) else {
        return vec![AlterCommand::Unmodelled];
    };
    let name = node::optional_text(part.conname);
    match part.contype {
        ConstrType::CONSTR_CHECK => vec![add_check(part, name, context)],
        ConstrType::CONSTR_NOTNULL => vec![add_not_null(part, context)],
        ConstrType::CONSTR_FOREIGN => {
            let columns = node::strings(part.fk_attrs);
            vec![foreign_key::add(part, columns, true, context)]
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
    has_default: bool,
    context: &mut Context,
) -> Option<AlterCommand> {
    let constraint = node::optional_text(part.conname);
    Some(match part.contype {
        ConstrType::CONSTR_CHECK => add_check(part, constraint, context),
        ConstrType::CONSTR_FOREIGN => foreign_key::add(part, vec![column.to_owned()], has_default, context),
        ConstrType::CONSTR_PRIMARY | ConstrType::CONSTR_UNIQUE => {
            let found = index_match::partitions(context.target, None, context.relations);
            AlterCommand::AddIndexConstraint(AddIndexConstraint {
                kind: index_kind(part.contype),
                constraint,
                columns: vec![column.to_owned()],
                using_index: None,
                renames_index: false,
                partitions: found.visited,
                builds: found.builds,
                nullable: vec![],
            })
        }
        _ => return None,
    })
}

/// SET NOT NULL: `ATExecSetNotNull` of `commands/tablecmds.c`.
pub fn set_not_null(column: String, context: &mut Context) -> AlterCommand {
    let members = not_null_members(&column, context);
    context.reach(&members);
    let unproved = unproved(&column, &members, context);
    AlterCommand::SetNotNull { column, unproved }
}

/// Those of some members with rows in which every row has to be looked at to know that a column holds no null.
pub fn unproved(column: &str, members: &[Oid], context: &mut Context) -> Vec<Oid> {
    let with_rows = context.relations.with_rows(members);
    with_rows
        .into_iter()
        .filter(|member| lacks_proof(*member, column, context))
        .collect()
}

/// 18: ADD CONSTRAINT … NOT NULL. Below a child that has one already nothing is done.
fn add_not_null(part: &pg_sys::Constraint, context: &mut Context) -> AlterCommand {
    let column = node::strings(part.keys).into_iter().next().unwrap_or_default();
    let lacks = |member: Oid| {
        columns::named(member, &column).is_some_and(|column| not_null_constraint(member, &column).is_none())
    };
    let mut members = if part.is_no_inherit {
        vec![context.target]
    } else {
        context.descend(|member| !lacks(member))
    };
    members.retain(|member| !part.skip_validation && (lacks(*member) || context.adds_column(&column)));
    let unproved = unproved(&column, &members, context);
    AlterCommand::SetNotNull { column, unproved }
}

/// DROP NOT NULL: since 18 it drops a constraint.
pub fn drop_not_null(name: &str, context: &mut Context) -> AlterCommand {
    let constraint = columns::named(context.target, name)
        .and_then(|column| not_null_constraint(context.target, &column))
        .filter(|constraint| !constraint.no_inherit);
    if let Some(constraint) = constraint {
        inheriting(context, |member| {
            same_constraint(member, &constraint).is_some_and(|known| known.inherited == 1 && !known.local)
        });
    }
    AlterCommand::CatalogOnly
}

/// ALTER CONSTRAINT; since 18 it can make a foreign key enforced, whose triggers on both ends are created then, and whose
/// rows checked: `ATExecAlterConstrEnforceability` of `commands/tablecmds.c`.
#[cfg(feature = "pg18")]
pub fn alter(command: &pg_sys::AlterTableCmd, context: &mut Context) -> AlterCommand {
    let Some(wanted) = node::cast::<pg_sys::ATAlterConstraint>(command.def, pg_sys::NodeTag::T_ATAlterConstraint)
        .filter(|wanted| wanted.alterEnforceability)
    else {
        return AlterCommand::CatalogOnly;
    };
    let Some(constraint) = constraints::named(context.target, &node::text(wanted.conname)) else {
        return AlterCommand::CatalogOnly;
    };
    if constraint.enforced == wanted.is_enforced {
        return AlterCommand::CatalogOnly;
    }
    let (name, root) = (constraint.name.clone(), constraint.referenced);
    let parts = with_children(constraint);
    let lock = if wanted.is_enforced {
        LockMode::ShareRowExclusive
    } else {
        LockMode::AccessExclusive
    };
    let locked = parts
        .iter()
        .filter(|part| context.relations.load(part.referenced).is_some())
        .map(|part| (part.referenced, lock))
        .collect();
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
        referenced: vec![],
        validated: context.relations.with_rows(&checked),
        locked,
    })
}

#[cfg(not(feature = "pg18"))]
pub fn alter(_command: &pg_sys::AlterTableCmd, _context: &mut Context) -> AlterCommand {
    AlterCommand::CatalogOnly
}

/// What SET NOT NULL is carried to: `ATPrepSetNotNull` of `commands/tablecmds.c`. A partitioned table that has it is known
/// to have it everywhere; ONLY still makes it look at every partition.
#[cfg(not(feature = "pg18"))]
fn not_null_members(name: &str, context: &mut Context) -> Vec<Oid> {
    if context.relations.kind(context.target) != Some(RelationKind::PartitionedTable) {
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
fn not_null_members(name: &str, context: &mut Context) -> Vec<Oid> {
    let of_target =
        columns::named(context.target, name).and_then(|column| not_null_constraint(context.target, &column));
    match of_target {
        Some(constraint) if constraint.local && !constraint.validated => context.family.clone(),
        Some(_) => vec![],
        None => {
            let mut members = context.descend(|member| has_not_null(member, name));
            members.retain(|member| !has_not_null(*member, name));
            members
        }
    }
}

/// Whether every row of a table has to be looked at to know that a column holds no null.
fn lacks_proof(table: Oid, name: &str, context: &Context) -> bool {
    let Some(column) = columns::named(table, name) else {
        // A column that this statement adds; nothing is known about it.
        return context.adds_column(name);
    };
    let loses_proof = constraints::of_table(table).iter().any(|known| {
        known.kind == b'c' && known.columns.contains(&column.attnum) && context.drops_constraint(&known.name)
    });
    if let Some(existing) = not_null_constraint(table, &column) {
        // 18: a constraint that is NOT VALID is validated, without a look at proofs.
        return !existing.validated;
    }
    !column.not_null && (loses_proof || !expressions::not_null_is_proved(table, &column))
}

/// 18: the NOT NULL constraint of a column.
fn not_null_constraint(table: Oid, column: &Column) -> Option<Constraint> {
    constraints::of_table(table)
        .into_iter()
        .find(|constraint| constraint.kind == b'n' && constraint.columns.first() == Some(&column.attnum))
}

#[cfg(feature = "pg18")]
pub fn checked_now(part: &pg_sys::Constraint) -> bool {
    !part.skip_validation && part.is_enforced
}

#[cfg(not(feature = "pg18"))]
pub fn checked_now(part: &pg_sys::Constraint) -> bool {
    !part.skip_validation
}

fn add_check(part: &pg_sys::Constraint, constraint: Option<String>, context: &mut Context) -> AlterCommand {
    // `MergeWithExistingConstraint` of `catalog/heap.c`: an equal constraint that a child has already is kept, and what is
    // below that child has it too.
    let has_it = |member: Oid| {
        constraint
            .as_ref()
            .and_then(|name| constraints::named(member, name))
            .is_some_and(|existing| existing.kind == b'c')
    };
    let mut scanned = if part.is_no_inherit {
        vec![context.target]
    } else {
        context.descend(has_it)
    };
    scanned.retain(|member| checked_now(part) && (*member == context.target || !has_it(*member)));
    let scanned = context.relations.with_rows(&scanned);
    AlterCommand::AddCheck { constraint, scanned }
}

fn index_kind(contype: ConstrType::Type) -> IndexConstraint {
    match contype {
        ConstrType::CONSTR_PRIMARY => IndexConstraint::PrimaryKey,
        ConstrType::CONSTR_UNIQUE => IndexConstraint::Unique,
        _ => IndexConstraint::Exclusion,
    }
}

fn add_index_constraint(part: &pg_sys::Constraint, keys: &[String], context: &mut Context) -> AlterCommand {
    let kind = index_kind(part.contype);
    let index_name = node::optional_text(part.indexname);
    let using_index = index_name.as_ref().and_then(|name| index_of(context, name));
    let constraint = node::optional_text(part.conname);
    let keys = match using_index {
        Some(index) => index_columns(context.target, index),
        None => keys.to_vec(),
    };
    let nullable = if kind == IndexConstraint::PrimaryKey {
        let members = context.members.clone();
        let with_rows = context.relations.with_rows(&members);
        with_rows
            .into_iter()
            .filter_map(|member| {
                keys.iter()
                    .find(|key| lacks_proof(member, key, context))
                    .map(|key| (member, key.clone()))
            })
            .collect()
    } else {
        vec![]
    };
    let found = if index_name.is_some() {
        index_match::Partitions::default()
    } else if context.family.len() > 1 || !is_partitioned(context.target, context) {
        let wanted = constraint_index(part, context.target);
        index_match::partitions(context.target, wanted.as_ref(), context.relations)
    } else {
        index_match::Partitions::default()
    };
    AlterCommand::AddIndexConstraint(AddIndexConstraint {
        kind,
        renames_index: using_index.is_some() && constraint.is_some() && constraint != index_name,
        constraint,
        columns: keys,
        using_index,
        partitions: found.visited,
        builds: found.builds,
        nullable,
    })
}

fn is_partitioned(oid: Oid, context: &mut Context) -> bool {
    context.relations.kind(oid) == Some(RelationKind::PartitionedTable)
}

/// The index of a UNIQUE or PRIMARY KEY constraint: `transformIndexConstraint` of `parser/parse_utilcmd.c`.
fn constraint_index(part: &pg_sys::Constraint, table: Oid) -> Option<index_match::Wanted> {
    if part.contype == ConstrType::CONSTR_EXCLUSION {
        return None;
    }
    // SAFETY: new nodes; the names belong to the parse tree, which outlives them.
    let statement = unsafe {
        let elements = |names: *mut pg_sys::List| {
            let mut elements = PgList::<pg_sys::IndexElem>::new();
            for name in node::list(names) {
                if let Some(name) = node::cast::<pg_sys::String>(name, pg_sys::NodeTag::T_String) {
                    let mut element = PgBox::<pg_sys::IndexElem>::alloc_node(pg_sys::NodeTag::T_IndexElem);
                    element.name = name.sval;
                    elements.push(element.into_pg());
                }
            }
            elements.into_pg()
        };
        let mut statement = PgBox::<pg_sys::IndexStmt>::alloc_node(pg_sys::NodeTag::T_IndexStmt);
        statement.accessMethod = c"btree".as_ptr().cast_mut();
        statement.indexParams = elements(part.keys);
        statement.indexIncludingParams = elements(part.including);
        statement.unique = true;
        statement.nulls_not_distinct = part.nulls_not_distinct;
        statement
    };
    index_match::wanted(table, &statement, true)
}

/// An index of the target by its name.
pub fn index_of(context: &mut Context, name: &str) -> Option<Oid> {
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
        return validate_added(name, context);
    };
    if !constraint.validated && constraint.kind != b'f' && !constraint.no_inherit {
        let family = context.family.clone();
        context.reach(&family);
    }
    let mut pending: Vec<Constraint> = vec![];
    if !constraint.validated {
        match constraint.kind {
            b'f' => {
                pending = with_children(constraint);
                let unvalidated = pending.iter().filter(|each| !each.validated);
                let members: Vec<Oid> = unvalidated.map(|each| each.table).collect();
                context.reach(&members);
            }
            _ if constraint.no_inherit => pending.push(constraint),
            _ => pending.extend(
                context
                    .family
                    .iter()
                    .filter_map(|member| same_constraint(*member, &constraint)),
            ),
        }
    }
    pending.retain(|each| !each.validated);
    // The parts for the partitions of the other end are not checked one by one.
    let referenced: Vec<Oid> = pending
        .iter()
        .map(|each| each.referenced)
        .filter(|oid| *oid != 0)
        .take(1)
        .filter(|oid| context.relations.load(*oid).is_some())
        .collect();
    let tables: Vec<Oid> = pending.iter().map(|each| each.table).collect();
    AlterCommand::ValidateConstraint {
        constraint: name.to_owned(),
        scanned: context.relations.with_rows(&tables),
        referenced,
    }
}

/// VALIDATE of a constraint that the same statement adds as NOT VALID.
fn validate_added(name: &str, context: &mut Context) -> AlterCommand {
    let tables = match context
        .added_constraint(name)
        .map(|part| (part.contype, part.is_no_inherit))
    {
        Some((ConstrType::CONSTR_CHECK | ConstrType::CONSTR_NOTNULL, false)) => context.family.clone(),
        Some(_) => vec![context.target],
        None => return AlterCommand::CatalogOnly,
    };
    AlterCommand::ValidateConstraint {
        constraint: name.to_owned(),
        scanned: context.relations.with_rows(&tables),
        referenced: vec![],
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

/// A constraint and those that partitions have as parts of it.
pub fn with_children(constraint: Constraint) -> Vec<Constraint> {
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
    let Some(constraint) = constraints::named(context.target, &name) else {
        return AlterCommand::CatalogOnly;
    };
    let inherits = matches!(constraint.kind, b'c' | b'n') && !constraint.no_inherit;
    let mut found = vec![];
    if inherits {
        let losing = inheriting(context, |member| {
            same_constraint(member, &constraint).is_some_and(|known| known.inherited == 1 && !known.local)
        });
        found.extend(
            losing
                .into_iter()
                .filter_map(|member| same_constraint(member, &constraint)),
        );
    } else {
        found = with_children(constraint);
    }
    let objects: Vec<Object> = found
        .iter()
        .map(|constraint| Object::constraint(constraint.oid))
        .collect();
    dropped(Dropped::Constraint(name), &objects, command.behavior, context)
}
