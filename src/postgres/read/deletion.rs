//! What goes with an object that is dropped, and what is locked on the way: `findDependentObjects` and `doDeletion` of
//! `catalog/dependency.c`, followed through `pg_depend` without asking for a lock.

use std::collections::BTreeSet;

use super::constraints;
use super::dependencies::{Object, references};
use super::relations::{class_row, is_partition, is_toast_namespace, parents};
use crate::model::lock_mode::LockMode;
use crate::model::relation::{Oid, RelationKind};
use crate::postgres::catalog::{self, Path, Value};
use crate::postgres::version::{self, Backported};

/// What dropping some objects takes with it.
#[derive(Default)]
pub struct Deletion {
    /// Relations that go: tables, views, sequences, and indexes; TOAST is left out.
    pub relations: Vec<Oid>,
    /// Columns that go from relations which stay.
    pub columns: Vec<Object>,
    /// Constraints that go.
    pub constraints: Vec<Oid>,
    /// Relations that are locked because a part of theirs goes.
    pub locked: Vec<(Oid, LockMode)>,
}

/// Follows what depends on `start`; dependents that would have to be named are followed only with `cascade`.
pub fn deletion(start: &[Object], cascade: bool) -> Deletion {
    deletion_after(&[], start, cascade)
}

/// The same where some objects are gone already.
pub fn deletion_after(gone: &[Object], start: &[Object], cascade: bool) -> Deletion {
    let named: BTreeSet<Object> = start.iter().copied().collect();
    let mut seen = named.clone();
    seen.extend(gone);
    let mut queue: Vec<Object> = start.to_vec();
    let mut deletion = Deletion::default();
    while let Some(object) = queue.pop() {
        locks_of(object, &mut deletion);
        for found in dependents(object, cascade)
            .into_iter()
            .chain(owners_of_reached(object, &named))
        {
            // A column of a relation that goes as a whole goes with it.
            if !seen.contains(&Object { column: 0, ..found }) && seen.insert(found) {
                queue.push(found);
            }
        }
    }
    deletion
}

/// The objects that depend on `object` directly and go with it.
fn dependents(object: Object, cascade: bool) -> Vec<Object> {
    references(object)
        .into_iter()
        .filter(|(_, kind)| match kind {
            b'n' | b'x' => cascade || *kind == b'x',
            b'a' | b'i' | b'P' | b'S' | b'e' => true,
            _ => false,
        })
        .map(|(dependent, _)| dependent)
        .collect()
}

/// What is named itself is no inner part of anything, or the server refuses to drop it.
fn owners_of_reached(object: Object, named: &BTreeSet<Object>) -> Vec<Object> {
    if named.contains(&object) {
        vec![]
    } else {
        owners(object)
    }
}

/// The objects that this one is an inner part of, and that go with it: the view of a rule, the generated column of an
/// expression, the whole of a foreign key of which a partition has a part, the extension of a
/// member.
fn owners(object: Object) -> Vec<Object> {
    let values = [
        Value::Oid(object.class),
        Value::Oid(object.oid),
        Value::Int(object.column),
    ];
    catalog::rows(&catalog::REFERENCES_OF_OBJECT, &values)
        .iter()
        .filter(|row| matches!(row.letter("deptype"), b'i' | b'e'))
        .map(|row| Object {
            class: row.oid("refclassid"),
            oid: row.oid("refobjid"),
            column: row.int4("refobjsubid"),
        })
        .collect()
}

/// `RemoveStatisticsById` of `commands/statscmds.c` locks the table.
const STATISTICS_LOCK_THEIR_TABLE: Backported = &[150_006, 160_002];

/// Catalogs of parts of relations: dropping a part locks the relation in the named column.
const PARTS: [(Path, &str, LockMode); 5] = [
    (catalog::TRIGGER, "tgrelid", LockMode::AccessExclusive),
    (catalog::ATTRIBUTE_DEFAULT, "adrelid", LockMode::AccessExclusive),
    (catalog::REWRITE_RULE, "ev_class", LockMode::AccessExclusive),
    (catalog::POLICY, "polrelid", LockMode::AccessExclusive),
    (catalog::EXTENDED_STATISTICS, "stxrelid", LockMode::ShareUpdateExclusive),
];

/// The table that a trigger, rule, policy or the like is a part of.
pub fn table_of_part(object: Object) -> Option<Oid> {
    let (path, column, _) = PARTS.iter().find(|(path, ..)| path.catalog() == object.class)?;
    catalog::row(path, object.oid).map(|row| row.oid(column))
}

/// What dropping this one object locks.
fn locks_of(object: Object, deletion: &mut Deletion) {
    if object.class == catalog::CLASS.catalog() {
        // TOAST goes with its table and is told of with it.
        let kind = class_row(object.oid)
            .filter(|row| !is_toast_namespace(row.oid("relnamespace")))
            .map(|row| row.letter("relkind"));
        match kind.and_then(RelationKind::from_relkind) {
            None | Some(RelationKind::Toast) => {}
            Some(_) if object.column != 0 => {
                deletion.locked.push((object.oid, LockMode::AccessExclusive));
                deletion.columns.push(object);
            }
            Some(kind) => {
                deletion.relations.push(object.oid);
                // `index_drop` of `catalog/index.c`
                let table = Some(object.oid).filter(|_| kind.is_index()).and_then(table_of_index);
                deletion
                    .locked
                    .extend(table.map(|table| (table, LockMode::AccessExclusive)));
                if !kind.is_index() && is_partition(object.oid) {
                    // `heap_drop_with_catalog` of `catalog/heap.c`: the default partition beside it, too.
                    for parent in parents(object.oid) {
                        let both = [Some(parent), default_partition(parent)].into_iter().flatten();
                        deletion.locked.extend(both.map(|oid| (oid, LockMode::AccessExclusive)));
                    }
                }
            }
        }
    } else if object.class == catalog::CONSTRAINT.catalog() {
        if let Some(constraint) = constraints::by_oid(object.oid) {
            // The other end of a foreign key is locked for the triggers that go there; a partition's part has none.
            deletion.locked.push((constraint.table, LockMode::AccessExclusive));
            deletion.constraints.push(object.oid);
        }
    } else if let Some((path, column, mode)) = PARTS.iter().find(|(path, ..)| path.catalog() == object.class)
        && (path.catalog() != catalog::EXTENDED_STATISTICS.catalog() || version::has(STATISTICS_LOCK_THEIR_TABLE))
        && let Some(row) = catalog::row(path, object.oid)
    {
        deletion.locked.push((row.oid(column), *mode));
    }
}

/// The default partition of a partitioned table: `get_default_partition_oid` of `catalog/partition.c`.
pub fn default_partition(parent: Oid) -> Option<Oid> {
    catalog::row(&catalog::PARTITIONED_TABLE, parent)
        .map(|row| row.oid("partdefid"))
        .filter(|oid| *oid != 0)
}

fn table_of_index(index: Oid) -> Option<Oid> {
    catalog::row(&catalog::INDEX, index).map(|row| row.oid("indrelid"))
}
