//! CREATE INDEX, DROP INDEX, REINDEX.

use pgrx::pg_sys;

use super::relations::{Relations, class_row, index_rows, resolve, written_name};
use crate::model::facts::{CreateIndex, DroppedIndex, Oid, Statement};
use crate::model::relation::RelationKind;
use crate::postgres::catalog;
use crate::postgres::node;

/// CREATE INDEX
pub fn create(statement: &pg_sys::IndexStmt, relations: &mut Relations) -> Statement {
    // SAFETY: the parser gives every CREATE INDEX its relation.
    let range_var = unsafe { &*statement.relation };
    let Some(table) = resolve(range_var) else {
        return Statement::MissingRelation(written_name(range_var));
    };
    let name = node::optional_text(statement.idxname);
    let partitioned = relations.kind(table) == Some(RelationKind::PartitionedTable);
    let temporary = relations.load(table).is_some_and(|table| table.relation.temporary);
    let members = relations.family(table, partitioned && range_var.inh);
    let exists = statement.if_not_exists && name.as_ref().is_some_and(|name| exists_beside(table, name));
    let builds = if exists { vec![] } else { relations.with_rows(&members) };
    Statement::CreateIndex(CreateIndex {
        table,
        name,
        members,
        builds,
        // DefineIndex: on a temporary table nobody else can be in the way.
        concurrently: statement.concurrent && !temporary,
    })
}

/// Whether a relation of this name exists in the schema of `table`, so that IF NOT EXISTS does nothing.
fn exists_beside(table: Oid, name: &str) -> bool {
    let Some(row) = class_row(table) else { return false };
    let Ok(name) = std::ffi::CString::new(name) else {
        return false;
    };
    // SAFETY: a syscache look-up.
    unsafe { pg_sys::get_relname_relid(name.as_ptr(), row.oid("relnamespace").into()) != pg_sys::InvalidOid }
}

/// DROP INDEX
pub fn drop(named: &[Oid], concurrently: bool, relations: &mut Relations) -> Statement {
    let indexes = named
        .iter()
        .filter_map(|index| {
            let table = catalog::row(&catalog::INDEX, *index)?.oid("indrelid");
            relations.load(*index)?;
            let partitioned = relations.kind(*index) == Some(RelationKind::PartitionedIndex);
            let tables = relations.family(table, partitioned);
            let children = relations.family(*index, true).split_off(1);
            Some(DroppedIndex {
                index: *index,
                tables,
                children,
            })
        })
        .collect();
    Statement::DropIndex { indexes, concurrently }
}

/// REINDEX
pub fn reindex(statement: &pg_sys::ReindexStmt, relations: &mut Relations) -> Statement {
    let concurrently = node::option_on(statement.params, "concurrently");
    if statement.relation.is_null() {
        return Statement::Unmodelled { relation: None };
    }
    // SAFETY: just checked.
    let range_var = unsafe { &*statement.relation };
    let Some(named) = resolve(range_var) else {
        return Statement::MissingRelation(written_name(range_var));
    };
    let kind = relations.kind(named);
    let partitioned = matches!(
        kind,
        Some(RelationKind::PartitionedTable | RelationKind::PartitionedIndex)
    );
    let family = relations.family(named, partitioned);
    let (parents, leaves): (Vec<Oid>, Vec<Oid>) = family.into_iter().partition(|member| {
        matches!(
            relations.kind(*member),
            Some(RelationKind::PartitionedTable | RelationKind::PartitionedIndex)
        )
    });
    let mut tables: Vec<(Oid, Vec<Oid>)> = vec![];
    for leaf in leaves {
        if relations.kind(leaf) == Some(RelationKind::Index) {
            if let Some(row) = catalog::row(&catalog::INDEX, leaf) {
                let table = row.oid("indrelid");
                relations.load(table);
                tables.push((table, vec![leaf]));
            }
        } else {
            let all = index_rows(leaf).iter().map(|row| row.oid("indexrelid")).collect();
            tables.push((leaf, all));
        }
    }
    Statement::Reindex {
        tables,
        parents,
        concurrently,
        one_by_one: partitioned,
    }
}
