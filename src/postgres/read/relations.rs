//! Relations: their names, kinds, families and indexes.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use pgrx::pg_sys;

use super::oids::Oids;
use crate::model::facts::Table;
use crate::model::relation::{FIRST_NORMAL_OBJECT_ID, Oid, Relation, RelationKind};
use crate::postgres::catalog::{self, Row, Value};
use crate::postgres::node::{self, Node};
use crate::postgres::session;

/// Reads relations once and keeps them for the facts.
pub struct Relations {
    tables: BTreeMap<Oid, Table>,
    earlier: Vec<Node>,
}

impl Relations {
    /// Nothing read yet, after some statements that have not run.
    pub fn after(earlier: &[Node]) -> Self {
        Self {
            tables: BTreeMap::new(),
            earlier: earlier.to_vec(),
        }
    }

    /// The ALTER TABLEs of this relation among the statements that come earlier and have not run.
    pub fn earlier_alterations(&self, oid: Oid) -> Vec<&'static pg_sys::AlterTableStmt> {
        self.earlier
            .iter()
            .filter_map(|statement| node::cast::<pg_sys::AlterTableStmt>(*statement, pg_sys::NodeTag::T_AlterTableStmt))
            .filter(|alter| resolve(alter.relation) == Some(oid))
            .collect()
    }

    /// What has been read.
    pub fn into_tables(self) -> BTreeMap<Oid, Table> {
        self.tables
    }

    /// The relation of this oid; `None` if it is gone.
    pub fn load(&mut self, oid: Oid) -> Option<&Table> {
        match self.tables.entry(oid) {
            Entry::Occupied(known) => Some(known.into_mut()),
            Entry::Vacant(place) => {
                // Keeps others from changing what is being read; where somebody holds it already, reading goes on
                // without, because the guard never waits.
                // SAFETY: releases nothing and waits for nothing; the subtransaction's rollback gives the lock back.
                unsafe { pg_sys::ConditionalLockRelationOid(oid.into(), pg_sys::AccessShareLock as i32) };
                let relation = read_relation(oid)?;
                Some(place.insert(Table {
                    relation,
                    indexes: vec![],
                }))
            }
        }
    }

    /// The kind of a relation.
    pub fn kind(&mut self, oid: Oid) -> Option<RelationKind> {
        self.load(oid).map(|table| table.relation.kind)
    }

    /// The relation and, if `recurse`, everything that inherits from it: `find_all_inheritors` of
    /// `catalog/pg_inherits.c`.
    pub fn family(&mut self, oid: Oid, recurse: bool) -> Vec<Oid> {
        self.family_by(oid, recurse, children)
    }

    /// With partitions whose detaching is pending: what LOCK TABLE takes, which runs without a snapshot, and whose indexes
    /// are still parts of the whole's.
    pub fn family_with_leaving(&mut self, oid: Oid, recurse: bool) -> Vec<Oid> {
        self.family_by(oid, recurse, |parent| children_and_leaving(parent, true))
    }

    fn family_by(&mut self, oid: Oid, recurse: bool, children: impl Fn(Oid) -> Vec<Oid>) -> Vec<Oid> {
        let mut family = Oids::from_iter([oid]);
        let mut next = 0;
        while recurse && let Some(member) = family.at(next) {
            family.extend(children(member));
            next += 1;
        }
        let mut family = family.into_vec();
        family.retain(|member| self.load(*member).is_some());
        family
    }

    /// Those that hold rows.
    pub fn with_rows(&mut self, oids: &[Oid]) -> Vec<Oid> {
        oids.iter()
            .copied()
            .filter(|oid| self.kind(*oid).is_some_and(RelationKind::has_rows))
            .collect()
    }

    /// The indexes of a relation, which are read too: `RelationGetIndexList` of `utils/cache/relcache.c`, which passes over
    /// what an interrupted DROP INDEX CONCURRENTLY left.
    pub fn indexes(&mut self, oid: Oid) -> Vec<Oid> {
        let rows = index_rows(oid);
        let live = rows.iter().filter(|row| row.flag("indislive") == Some(true));
        let mut indexes: Vec<Oid> = live.map(|row| row.oid("indexrelid")).collect();
        indexes.sort_unstable();
        // No lock of an index: its table has one.
        for index in &indexes {
            if let Entry::Vacant(place) = self.tables.entry(*index)
                && let Some(relation) = read_relation(*index)
            {
                place.insert(Table {
                    relation,
                    indexes: vec![],
                });
            }
        }
        if let Some(table) = self.tables.get_mut(&oid) {
            table.indexes.clone_from(&indexes);
        }
        indexes
    }
}

/// `IsToastNamespace` of `catalog/catalog.c`, for the temporary ones of all sessions.
pub fn is_toast_namespace(oid: Oid) -> bool {
    // SAFETY: a syscache look-up that returns a palloc'd string or null.
    let name = node::text(unsafe { pg_sys::get_namespace_name(oid.into()) });
    name == "pg_toast" || name.starts_with("pg_toast_temp_")
}

/// One relation, its size not measured yet; `None` if it is gone.
pub fn one(oid: Oid) -> Option<Relation> {
    read_relation(oid)
}

/// The oid a RangeVar means under the session's search_path; `None` if there is no such relation.
pub fn resolve(range_var: *const pg_sys::RangeVar) -> Option<Oid> {
    if range_var.is_null() {
        return None;
    }
    // SAFETY: a RangeVar of the parse tree, which is only read; NoLock takes no lock.
    let oid = unsafe {
        pg_sys::RangeVarGetRelidExtended(
            range_var,
            pg_sys::NoLock as i32,
            pg_sys::RVROption::RVR_MISSING_OK,
            None,
            std::ptr::null_mut(),
        )
    };
    (oid != pg_sys::InvalidOid).then(|| oid.to_u32())
}

/// A RangeVar as its author wrote it.
pub fn written_name(range_var: &pg_sys::RangeVar) -> String {
    let name = node::text(range_var.relname);
    node::optional_text(range_var.schemaname).map_or(name.clone(), |schema| format!("{schema}.{name}"))
}

/// Every table and materialized view of the database, the server's own left out, for statements that name none; `keep`
/// chooses by the `pg_class` row.
pub fn everywhere(keep: impl Fn(&Row) -> bool) -> Vec<Oid> {
    of_kinds(b"rm", keep)
}

/// The same with the server's own.
pub fn with_catalogs(keep: impl Fn(&Row) -> bool) -> Vec<Oid> {
    of_kinds_from(0, b"rm", keep)
}

/// Every partitioned table, likewise.
pub fn partitioned_everywhere(keep: impl Fn(&Row) -> bool) -> Vec<Oid> {
    of_kinds(b"p", keep)
}

fn of_kinds(kinds: &[u8], keep: impl Fn(&Row) -> bool) -> Vec<Oid> {
    of_kinds_from(FIRST_NORMAL_OBJECT_ID, kinds, keep)
}

fn of_kinds_from(lowest: Oid, kinds: &[u8], keep: impl Fn(&Row) -> bool) -> Vec<Oid> {
    catalog::all(&catalog::CLASS)
        .iter()
        .filter(|row| row.oid("oid") >= lowest && kinds.contains(&row.letter("relkind")) && keep(row))
        .map(|row| row.oid("oid"))
        .collect()
}

/// `RELATION_IS_OTHER_TEMP` of `utils/rel.h`
pub fn is_of_other_session(row: &Row) -> bool {
    // SAFETY: compares with the session's own schema.
    row.letter("relpersistence") == b't' && !unsafe { pg_sys::isTempNamespace(row.oid("relnamespace").into()) }
}

/// The `pg_class` row.
pub fn class_row(oid: Oid) -> Option<Row> {
    catalog::row(&catalog::CLASS, oid)
}

/// Whether it is a partition.
pub fn is_partition(oid: Oid) -> bool {
    class_row(oid).and_then(|row| row.flag("relispartition")) == Some(true)
}

/// The direct children in the order of their oids, without those whose detaching is pending: `find_inheritance_children`
/// of `catalog/pg_inherits.c`.
pub fn children(parent: Oid) -> Vec<Oid> {
    children_and_leaving(parent, false)
}

fn children_and_leaving(parent: Oid, leaving: bool) -> Vec<Oid> {
    let rows = catalog::rows(&catalog::CHILDREN, &[Value::Oid(parent)]);
    let mut children: Vec<Oid> = rows
        .iter()
        .filter(|row| leaving || row.flag("inhdetachpending") != Some(true))
        .map(|row| row.oid("inhrelid"))
        .collect();
    children.sort_unstable();
    children
}

/// The direct parents.
pub fn parents(child: Oid) -> Vec<Oid> {
    catalog::rows(&catalog::PARENTS, &[Value::Oid(child)])
        .iter()
        .map(|row| row.oid("inhparent"))
        .collect()
}

/// The `pg_index` rows of a table.
pub fn index_rows(table: Oid) -> Vec<Row> {
    catalog::rows(&catalog::INDEXES_OF_TABLE, &[Value::Oid(table)])
}

fn read_relation(oid: Oid) -> Option<Relation> {
    let row = class_row(oid)?;
    let kind = RelationKind::from_relkind(row.letter("relkind"))?;
    let namespace = row.oid("relnamespace");
    // SAFETY: a syscache look-up that returns a palloc'd string or null.
    let schema = node::text(unsafe { pg_sys::get_namespace_name(namespace.into()) });
    Some(Relation {
        oid,
        schema,
        name: row.name("relname"),
        kind,
        temporary: row.letter("relpersistence") == b't',
        new_in_transaction: created_here(oid),
        measured: false,
        rows: 0,
        bytes: 0,
    })
}

/// Whether the current transaction created it; `rd_createSubid` of the relation cache. A transaction without an id has
/// created nothing.
pub fn created_here(oid: Oid) -> bool {
    // SAFETY: the entry is pinned while its field is read; 0 is InvalidSubTransactionId.
    session::transaction_id().is_some()
        && with_relation(oid, |relation| unsafe { (*relation).rd_createSubid } != 0).unwrap_or(false)
}

/// Pins a relation cache entry while `read` looks at it; `None` if the relation is gone.
pub fn with_relation<T>(oid: Oid, read: impl FnOnce(pg_sys::Relation) -> T) -> Option<T> {
    // SAFETY: pinned while it is read; after an error the surrounding subtransaction lets it go.
    unsafe {
        let relation = pg_sys::RelationIdGetRelation(oid.into());
        if relation.is_null() {
            return None;
        }
        let result = read(relation);
        pg_sys::RelationClose(relation);
        Some(result)
    }
}
