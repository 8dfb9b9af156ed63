//! ATTACH and DETACH PARTITION, CREATE TABLE … PARTITION OF, INHERIT and NO INHERIT: `ATExecAttachPartition`,
//! `ATExecDetachPartition`, `ATExecAddInherit` and `DefineRelation` of `commands/tablecmds.c`.

use pgrx::pg_sys;
use pgrx::pg_sys::AlterTableType as At;

use super::constraints;
use super::context::Context;
use super::deletion::default_partition;
use super::index_match;
use super::oids::Oids;
use super::relations::{Relations, children, class_row, index_rows, parents, resolve};
use super::{partition_bound, partition_key};
use crate::model::facts::AlterCommand;
use crate::model::lock_mode::LockMode;
use crate::model::partition::{LeavingPartition, MissingIndex, NewPartition};
use crate::model::relation::{IndexConstraint, Oid};
use crate::postgres::catalog::{self, Row};
use crate::postgres::node;
use crate::postgres::version::{self, Backported};

/// ATTACH PARTITION, of a table or an index; DETACH PARTITION [CONCURRENTLY | FINALIZE].
pub fn command(command: &pg_sys::AlterTableCmd, context: &mut Context) -> AlterCommand {
    let named = node::cast::<pg_sys::PartitionCmd>(command.def, pg_sys::NodeTag::T_PartitionCmd);
    let Some((named, partition)) = named.and_then(|named| Some((named, resolve(named.name)?))) else {
        // PostgreSQL will say that there is no such table.
        return AlterCommand::CatalogOnly;
    };
    if command.subtype != At::AT_AttachPartition {
        return detach(command, partition, context);
    }
    // SAFETY: null, or a bound of the parse tree.
    match unsafe { named.bound.as_ref() } {
        // PostgreSQL will say that it is none; a bound cannot be read without a partition key.
        Some(_) if !context.is_partitioned(context.target) => AlterCommand::CatalogOnly,
        Some(bound) => AlterCommand::AttachPartition(attach(bound, partition, context)),
        None => AlterCommand::Locks(attach_index(partition, context)),
    }
}

fn attach(bound: &pg_sys::PartitionBoundSpec, table: Oid, context: &mut Context) -> NewPartition {
    let relations = &mut *context.relations;
    let default = default_partition(context.target);
    let looked_at = partition_bound::attached(context.target, bound, table, default, relations);
    let locked: Vec<Oid> = default
        .into_iter()
        .chain(relations.family(table, true))
        .chain(looked_at.iter().flat_map(|each| each.visited.clone()))
        .collect();
    let (foreign_keys, of_keys) = partition_key::joining(context.target, Some(table), relations);
    NewPartition {
        parent: context.target,
        attached: Some(table),
        bounds: looked_at.into_iter().map(|each| each.bound).collect(),
        indexes: missing_indexes(context.target, table, relations),
        foreign_keys,
        locked: exclusively(locked, relations),
        locked_later: of_keys,
    }
}

/// The partition that a CREATE TABLE creates, with `more` that is locked for its own foreign keys.
pub fn created(
    parent: Oid,
    bound: &pg_sys::PartitionBoundSpec,
    more: Vec<(Oid, LockMode)>,
    relations: &mut Relations,
) -> NewPartition {
    let default = default_partition(parent);
    let looked_at = default.and_then(|default| partition_bound::created(parent, bound, default, relations));
    let visited = looked_at.iter().flat_map(|each| each.visited.clone());
    let locked: Vec<Oid> = std::iter::once(parent).chain(default).chain(visited).collect();
    let (_, of_keys) = partition_key::joining(parent, None, relations);
    NewPartition {
        parent,
        attached: None,
        bounds: looked_at.into_iter().map(|each| each.bound).collect(),
        indexes: vec![],
        foreign_keys: vec![],
        locked: exclusively(locked, relations),
        locked_later: [of_keys, more].concat(),
    }
}

fn exclusively(oids: Vec<Oid>, relations: &mut Relations) -> Vec<(Oid, LockMode)> {
    let known = oids.into_iter().filter(|oid| relations.load(*oid).is_some());
    known.map(|oid| (oid, LockMode::AccessExclusive)).collect()
}

/// Where the table has no equal of an index of its parent, one is built: `AttachPartitionEnsureIndexes` of
/// `commands/tablecmds.c`.
fn missing_indexes(parent: Oid, table: Oid, relations: &mut Relations) -> Vec<MissingIndex> {
    let mut of_parent = index_rows(parent);
    of_parent.sort_unstable_by_key(|row| row.oid("indexrelid"));
    of_parent.retain(|row| class_row(row.oid("indexrelid")).is_some_and(|row| row.letter("relkind") == b'I'));
    let mut missing = vec![];
    let mut taken = Oids::default();
    for row in of_parent {
        let index = row.oid("indexrelid");
        let constraint = constraints::of_index(parent, index);
        let kind = constraint.as_ref().map(|constraint| constraint.kind);
        let usable = |own: &Row| {
            let same_kind = || {
                constraints::of_index(table, own.oid("indexrelid")).map(|constraint| constraint.kind) == kind
                    || version::major() < 17
            };
            (own.flag("indisvalid") == Some(true) || !version::has(INVALID_INDEXES_IGNORED))
                && (kind.is_none() || same_kind())
        };
        let Some(wanted) = index_match::existing(index, kind.is_some()) else {
            continue;
        };
        let builds = index_match::attached(parent, table, &wanted, usable, &mut taken, relations);
        if !builds.is_empty() {
            missing.push(MissingIndex {
                name: class_row(index).map_or_else(String::new, |row| row.name("relname")),
                unique: row.flag("indisunique") == Some(true),
                definition: index_match::definition(index),
                constraint: kind.map(|kind| match kind {
                    b'p' => IndexConstraint::PrimaryKey,
                    b'u' => IndexConstraint::Unique,
                    _ => IndexConstraint::Exclusion,
                }),
                builds,
            });
        }
    }
    missing
}

/// The concurrent form and FINALIZE end like the plain one; FINALIZE looks at no row.
fn detach(command: &pg_sys::AlterTableCmd, partition: Oid, context: &mut Context) -> AlterCommand {
    let relations = &mut *context.relations;
    let finalizes = command.subtype == At::AT_DetachPartitionFinalize;
    let family = relations.family(partition, true);
    let mut locked = family.clone();
    // `ATExecDetachPartitionFinalize` leaves it alone.
    locked.extend(default_partition(context.target).filter(|_| !finalizes));
    let (checked, of_keys) = partition_key::leaving(partition, !finalizes, relations);
    AlterCommand::DetachPartition(LeavingPartition {
        partition: family,
        checked,
        locked: [exclusively(locked, relations), of_keys].concat(),
    })
}

/// ALTER INDEX … ATTACH PARTITION: `ATExecAttachPartitionIdx` of `commands/tablecmds.c`. When the last part comes to an
/// index that is itself a part, the table of the one above is locked to see whether that is complete now:
/// `validatePartitionedIndex`. Of locks that are given back at once nothing is told.
fn attach_index(part: Oid, context: &mut Context) -> Vec<(Oid, LockMode)> {
    let mut locked = vec![part];
    let mut index = context.target;
    let mut gains = !parents(part).contains(&index) && is_valid(part);
    while version::has(LOCKS_KEPT_ABOVE)
        && let Some(table) = index_row(index).map(|row| row.oid("indrelid"))
    {
        let valid = children(index).into_iter().filter(|part| is_valid(*part)).count();
        let complete = valid + usize::from(gains) == children(table).len();
        let above = parents(index).first().copied();
        let Some(above) = above.filter(|_| complete && !is_valid(index)) else {
            break;
        };
        locked.extend(parents(table));
        (index, gains) = (above, true);
    }
    exclusively(locked, context.relations)
}

/// They are kept to the end of the transaction.
const LOCKS_KEPT_ABOVE: Backported = &[150_020, 160_016, 170_012, 180_007];

/// An invalid index is no equal of one of the parent.
const INVALID_INDEXES_IGNORED: Backported = &[150_004];

fn index_row(index: Oid) -> Option<Row> {
    catalog::row(&catalog::INDEX, index)
}

fn is_valid(index: Oid) -> bool {
    index_row(index).is_some_and(|row| row.flag("indisvalid") == Some(true))
}

/// INHERIT: the parent is locked too.
pub fn inherit(command: &pg_sys::AlterTableCmd, context: &mut Context) -> AlterCommand {
    node::cast::<pg_sys::RangeVar>(command.def, pg_sys::NodeTag::T_RangeVar)
        .and_then(|parent| resolve(parent))
        .filter(|parent| context.relations.load(*parent).is_some())
        .map_or(AlterCommand::CatalogOnly, |parent| {
            AlterCommand::Locks(vec![(parent, LockMode::ShareUpdateExclusive)])
        })
}
