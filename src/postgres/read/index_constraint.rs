//! PRIMARY KEY, UNIQUE, EXCLUDE: `ATExecAddIndex` and `ATExecAddIndexConstraint` of `commands/tablecmds.c`.

use pgrx::pg_sys::ConstrType;
use pgrx::{PgBox, PgList, pg_sys};

use super::columns;
use super::context::Context;
use super::index_match;
use super::not_null;
use super::relations::index_rows;
use crate::model::facts::{AddIndexConstraint, AlterCommand};
use crate::model::lock_mode::LockMode;
use crate::model::relation::{IndexConstraint, Oid};
use crate::postgres::node;
use crate::postgres::subtransaction::reading;

pub fn kind_of(contype: ConstrType::Type) -> IndexConstraint {
    match contype {
        ConstrType::CONSTR_PRIMARY => IndexConstraint::PrimaryKey,
        ConstrType::CONSTR_UNIQUE => IndexConstraint::Unique,
        _ => IndexConstraint::Exclusion,
    }
}

/// ADD PRIMARY KEY, UNIQUE, EXCLUDE.
pub fn add(part: &pg_sys::Constraint, keys: &[String], context: &mut Context) -> AlterCommand {
    let kind = kind_of(part.contype);
    let index_name = node::optional_text(part.indexname);
    let using_index = index_name.as_ref().and_then(|name| index_of(context, name));
    let constraint = node::optional_text(part.conname);
    let keys = match using_index {
        Some(index) => index_columns(context.target, index),
        None => keys.to_vec(),
    };
    let nullable = if kind == IndexConstraint::PrimaryKey {
        let with_rows = context.relations.with_rows(&context.family);
        let losing: Vec<_> = keys.iter().map(|key| not_null::losing(key, context)).collect();
        let mut nullable = vec![];
        for member in with_rows {
            let keys = keys.iter().zip(&losing);
            let lacking = keys.filter(|(key, losing)| not_null::lacks_proof(member, key, losing, context));
            nullable.extend(lacking.map(|(key, _)| (member, key.clone())));
        }
        nullable
    } else {
        vec![]
    };
    let found = if index_name.is_some() {
        index_match::Partitions::default()
    } else if context.family.len() > 1 || !context.is_partitioned(context.target) {
        let wanted = constraint_index(part, context.target);
        index_match::partitions(wanted.as_ref(), context)
    } else {
        index_match::Partitions::default()
    };
    // Where an index is made, a deferrable constraint gets its trigger too: `index_constraint_create` of `catalog/index.c`.
    let mut partitions = locked_with(&found.visited, LockMode::Share);
    if part.deferrable {
        let created: Vec<Oid> = found
            .created
            .iter()
            .copied()
            .filter(|oid| *oid != context.target)
            .collect();
        partitions.extend(locked_with(&created, LockMode::ShareRowExclusive));
    }
    AlterCommand::AddIndexConstraint(AddIndexConstraint {
        kind,
        renames_index: using_index.is_some() && constraint.is_some() && constraint != index_name,
        constraint,
        columns: keys,
        using_index,
        partitions,
        builds: found.builds,
        nullable,
    })
}

/// All of these with one lock.
pub fn locked_with(oids: &[Oid], mode: LockMode) -> Vec<(Oid, LockMode)> {
    oids.iter().map(|oid| (*oid, mode)).collect()
}

/// The index of a constraint: `transformIndexConstraint` of `parser/parse_utilcmd.c`. `None` if it cannot be made of the
/// columns as they are now, which another subcommand may change; then it has no equal yet.
fn constraint_index(part: &pg_sys::Constraint, table: Oid) -> Option<index_match::Wanted> {
    let excludes = part.contype == ConstrType::CONSTR_EXCLUSION;
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
        statement.unique = !excludes;
        statement.nulls_not_distinct = part.nulls_not_distinct;
        if excludes {
            // Each is an element and the name of an operator.
            for pair in node::list(part.exclusions) {
                if let [element, operator] = node::list(pair.cast())[..] {
                    statement.indexParams = pg_sys::lappend(statement.indexParams, element.cast());
                    statement.excludeOpNames = pg_sys::lappend(statement.excludeOpNames, operator.cast());
                }
            }
            statement.accessMethod = part.access_method;
            statement.whereClause = part.where_clause;
        }
        #[cfg(feature = "pg18")]
        if part.without_overlaps {
            statement.accessMethod = c"gist".as_ptr().cast_mut();
            statement.iswithoutoverlaps = true;
        }
        statement
    };
    reading(|| index_match::wanted(table, &statement, true)).ok().flatten()
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
