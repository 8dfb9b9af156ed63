//! CREATE INDEX, DROP INDEX, REINDEX.

use pgrx::pg_sys;

use super::deletion;
use super::dependencies::Object;
use super::index_match;
use super::permission::{MAINTAIN, maintains_everything, may, may_maintain, owns_database, owns_schema};
use super::relations::{self, Relations, class_row, resolve, with_catalogs, written_name};
use crate::model::facts::{CreateIndex, DroppedIndex, Statement};
use crate::model::lock_mode::LockMode;
use crate::model::relation::{Oid, RelationKind};
use crate::postgres::catalog::{self, Row};
use crate::postgres::{node, version};

/// CREATE INDEX
pub fn create(statement: &pg_sys::IndexStmt, relations: &mut Relations) -> Statement {
    // SAFETY: the parser gives every CREATE INDEX its relation.
    let range_var = unsafe { &*statement.relation };
    let Some(table) = resolve(range_var) else {
        return Statement::MissingRelation(written_name(range_var));
    };
    let name = node::optional_text(statement.idxname);
    let partitioned = relations.kind(table) == Some(RelationKind::PartitionedTable);
    let members = relations.family(table, partitioned && range_var.inh);
    let existing = name
        .as_ref()
        .filter(|_| statement.if_not_exists)
        .and_then(|name| beside(table, name));
    let builds = if existing.is_some() {
        vec![]
    } else if partitioned && range_var.inh {
        index_match::builds(table, index_match::wanted(table, statement, false).as_ref(), relations)
    } else {
        relations.with_rows(&[table])
    };
    Statement::CreateIndex(CreateIndex {
        table,
        name,
        members,
        builds,
        concurrently: statement.concurrent && !is_temporary(table),
        leftover: existing.and_then(leftover),
    })
}

/// Nobody else can be in the way of what is done to a temporary table, so that PostgreSQL leaves out CONCURRENTLY:
/// `DefineIndex` and `ReindexMultipleInternal` of `commands/indexcmds.c`, `RemoveRelations` of `commands/tablecmds.c`.
fn is_temporary(relation: Oid) -> bool {
    class_row(relation).is_some_and(|row| row.letter("relpersistence") == b't')
}

/// The relation of this name in the schema of a table.
pub fn beside(table: Oid, name: &str) -> Option<Oid> {
    let schema = class_row(table)?.oid("relnamespace");
    let name = std::ffi::CString::new(name).ok()?;
    // SAFETY: a syscache look-up.
    let oid = unsafe { pg_sys::get_relname_relid(name.as_ptr(), schema.into()) };
    (oid != pg_sys::InvalidOid).then(|| oid.to_u32())
}

/// The name of an index if it is what a failed concurrent build left. A partitioned one is made of its parts instead.
fn leftover(index: Oid) -> Option<String> {
    let row = catalog::row(&catalog::INDEX, index)?;
    let relation = relations::one(index)?;
    let is_leftover = row.flag("indisvalid") == Some(false)
        && relation.kind == RelationKind::Index
        && !is_being_indexed(row.oid("indrelid"));
    is_leftover.then(|| relation.qualified_name())
}

/// Whether somebody is building an index on a table, as `pg_stat_progress_create_index` shows it.
fn is_being_indexed(table: Oid) -> bool {
    #[cfg(feature = "pg15")]
    use pg_sys::pgstat_fetch_stat_local_beentry as entry;
    #[cfg(not(feature = "pg15"))]
    use pg_sys::pgstat_get_local_beentry_by_index as entry;
    // SAFETY: this session's copy of what all sessions tell of themselves, which stays until the transaction ends.
    let entries = unsafe { (1..=pg_sys::pgstat_fetch_stat_numbackends()).filter_map(|number| entry(number).as_ref()) };
    entries
        .map(|entry| &entry.backendStatus)
        .filter(|status| status.st_progress_command == pg_sys::ProgressCommandType::PROGRESS_COMMAND_CREATE_INDEX)
        // SAFETY: set once when the backend connects to its database.
        .filter(|status| status.st_databaseid == unsafe { pg_sys::MyDatabaseId })
        .any(|status| status.st_progress_command_target.to_u32() == table)
}

/// DROP INDEX
pub fn drop(named: &[Oid], concurrently: bool, cascade: bool, relations: &mut Relations) -> Statement {
    let indexes: Vec<DroppedIndex> = named
        .iter()
        .filter_map(|index| {
            let table = catalog::row(&catalog::INDEX, *index)?.oid("indrelid");
            relations.load(*index)?;
            let partitioned = relations.kind(*index) == Some(RelationKind::PartitionedIndex);
            let tables = relations.family_with_leaving(table, partitioned);
            let children = relations.family(*index, true).split_off(1);
            Some(DroppedIndex {
                index: *index,
                tables,
                children,
            })
        })
        .collect();
    let mut locked = vec![];
    if cascade {
        let objects: Vec<Object> = named.iter().map(|index| Object::relation(*index)).collect();
        locked = deletion::deletion(&objects, true).locked;
        locked.retain(|(oid, _)| relations.load(*oid).is_some());
    }
    Statement::DropIndex {
        indexes,
        concurrently: concurrently && !named.iter().any(|index| is_temporary(*index)),
        locked,
    }
}

/// REINDEX
pub fn reindex(statement: &pg_sys::ReindexStmt, relations: &mut Relations) -> Statement {
    let concurrently = node::option_on(statement.params, "concurrently");
    if statement.relation.is_null() {
        return reindex_many(statement, concurrently, relations);
    }
    // SAFETY: just checked.
    let range_var = unsafe { &*statement.relation };
    let Some(named) = resolve(range_var) else {
        return Statement::MissingRelation(written_name(range_var));
    };
    let kind = relations.kind(named);
    let of_index = statement.kind == pg_sys::ReindexObjectType::REINDEX_OBJECT_INDEX;
    if kind.is_some_and(|kind| kind.is_index() != of_index) {
        // PostgreSQL will say so before it locks anything.
        return Statement::NoExistingRelation;
    }
    let partitioned = matches!(
        kind,
        Some(RelationKind::PartitionedTable | RelationKind::PartitionedIndex)
    );
    let family = relations.family(named, partitioned);
    let mut locked = vec![];
    if partitioned {
        locked = while_finding_leaves(named, &family, concurrently, relations);
    }
    let concurrently = concurrently && !is_temporary(named);
    let mut leaves = family;
    leaves.retain(|member| {
        !matches!(
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
            tables.push((leaf, rebuilt(leaf, concurrently, relations)));
        }
    }
    Statement::Reindex {
        tables,
        locked,
        concurrently,
        one_by_one: partitioned,
    }
}

/// The indexes of a table that its REINDEX rebuilds: `ReindexRelationConcurrently` of `commands/indexcmds.c` passes over
/// those of exclusion constraints and those that are not valid.
fn rebuilt(table: Oid, concurrently: bool, relations: &mut Relations) -> Vec<Oid> {
    let mut indexes = relations.indexes(table);
    if concurrently {
        let rows = relations::index_rows(table);
        let passed_over: Vec<Oid> = rows
            .iter()
            .filter(|row| row.flag("indisvalid") == Some(false) || row.flag("indisexclusion") == Some(true))
            .map(|row| row.oid("indexrelid"))
            .collect();
        indexes.retain(|index| !passed_over.contains(index));
    }
    indexes
}

/// What a partitioned REINDEX locks in its first transaction: `RangeVarCallbackForReindexIndex` and `ReindexPartitions` of
/// `commands/indexcmds.c`. The members of the tree get ShareLock in the concurrent form too.
fn while_finding_leaves(
    named: Oid,
    family: &[Oid],
    concurrently: bool,
    relations: &mut Relations,
) -> Vec<(Oid, LockMode)> {
    let weak = if concurrently {
        LockMode::ShareUpdateExclusive
    } else {
        LockMode::Share
    };
    let mut locked = vec![];
    if relations.kind(named) == Some(RelationKind::PartitionedTable) {
        locked.push((named, weak));
    } else {
        let table = catalog::row(&catalog::INDEX, named).map_or(0, |row| row.oid("indrelid"));
        relations.load(table);
        let of_index = if concurrently { weak } else { LockMode::AccessExclusive };
        locked.extend([(named, of_index), (table, weak)]);
    }
    let members = family.iter().skip(1);
    locked.extend(members.map(|member| (*member, LockMode::Share)));
    locked
}

/// `IsCatalogRelationOid` of `catalog/catalog.c`
fn is_catalog(row: &Row) -> bool {
    row.oid("oid") < pg_sys::FirstUnpinnedObjectId
}

/// Whether it is not passed over: those of other sessions are, and what all databases share unless its owner asks.
fn is_left_to(row: &Row) -> bool {
    !relations::is_of_other_session(row) && (row.flag("relisshared") != Some(true) || may(row.oid("oid"), MAINTAIN))
}

/// Whether a name is given that is not that of the session's own database, of which alone it can be said.
fn is_another_database(name: *const std::ffi::c_char) -> bool {
    // SAFETY: a syscache look-up that returns a palloc'd string.
    let own = unsafe { pg_sys::get_database_name(pg_sys::MyDatabaseId) };
    !name.is_null() && node::text(name) != node::text(own)
}

/// REINDEX SCHEMA, DATABASE and SYSTEM: `ReindexMultipleTables` of `commands/indexcmds.c`, each table in a transaction of its
/// own. The server's own catalogs are a part of the database before 16, and of nothing that is done concurrently.
fn reindex_many(statement: &pg_sys::ReindexStmt, concurrently: bool, relations: &mut Relations) -> Statement {
    let of_schema = statement.kind == pg_sys::ReindexObjectType::REINDEX_OBJECT_SCHEMA;
    // SAFETY: the name of the schema, if it is one, which the parser demands; 0 if there is none.
    let schema = of_schema.then(|| unsafe { pg_sys::get_namespace_oid(statement.name, true) }.to_u32());
    let may = schema.map_or_else(owns_database, |schema| schema == 0 || owns_schema(schema));
    if !may && !maintains_everything() || !of_schema && is_another_database(statement.name) {
        return Statement::NoExistingRelation;
    }
    let mut oids = match statement.kind {
        pg_sys::ReindexObjectType::REINDEX_OBJECT_DATABASE => {
            let without_catalogs = concurrently || version::major() >= 16;
            with_catalogs(|row| {
                may_maintain(row.oid("oid")) && is_left_to(row) && !(without_catalogs && is_catalog(row))
            })
        }
        pg_sys::ReindexObjectType::REINDEX_OBJECT_SYSTEM if !concurrently => {
            with_catalogs(|row| is_catalog(row) && is_left_to(row))
        }
        pg_sys::ReindexObjectType::REINDEX_OBJECT_SCHEMA => with_catalogs(|row| {
            Some(row.oid("relnamespace")) == schema && is_left_to(row) && !(concurrently && is_catalog(row))
        }),
        _ => vec![],
    };
    oids.retain(|table| relations.load(*table).is_some());
    let (temporary, permanent): (Vec<Oid>, Vec<Oid>) =
        oids.into_iter().partition(|table| concurrently && is_temporary(*table));
    // One without indexes is locked, too, before that is found out.
    let mut reindex = |tables: Vec<Oid>, concurrently: bool| Statement::Reindex {
        tables: tables
            .into_iter()
            .map(|table| (table, rebuilt(table, concurrently, relations)))
            .collect(),
        locked: vec![],
        concurrently,
        one_by_one: true,
    };
    if temporary.is_empty() {
        return reindex(permanent, concurrently);
    }
    Statement::Several(vec![reindex(permanent, concurrently), reindex(temporary, false)])
}
