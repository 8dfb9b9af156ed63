//! What the transaction of a statement holds already, and what follows in the same query string.

use std::collections::BTreeMap;
use std::ffi::c_char;

use pgrx::pg_sys;

use super::relations::{one, parents};
use super::{alter_table, size};
use crate::model::lock_mode::LockMode;
use crate::model::relation::{Oid, Relation, RelationKind};
use crate::model::transaction::{HeldTable, holds_up};
use crate::postgres::node::{self, Node};
use crate::postgres::observe;

/// The tables that others cannot use while these locks are held, a tree of partitions or heirs as one. What the transaction
/// has dropped or created is nobody else's.
pub fn held_tables(locks: &BTreeMap<Oid, LockMode>) -> Vec<HeldTable> {
    let mut trees: BTreeMap<Oid, Vec<(Relation, LockMode)>> = BTreeMap::new();
    for (oid, mode) in locks {
        if let Some(relation) = one(*oid).filter(|relation| relation.is_shared() && holds_up(relation.kind, *mode)) {
            trees.entry(root(*oid)).or_default().push((relation, *mode));
        }
    }
    trees
        .into_iter()
        .filter_map(|(root, members)| {
            let mode = members.iter().map(|(_, mode)| *mode).max()?;
            let busy = members.iter().any(|(member, _)| observe::is_busy(member.oid));
            let (rows, bytes) = extent(root, &members);
            let relation = Relation {
                measured: true,
                rows,
                bytes,
                ..one(root)?
            };
            Some(HeldTable { relation, mode, busy })
        })
        .collect()
}

/// A partitioned table has no rows but those of its leaves.
fn extent(root: Oid, members: &[(Relation, LockMode)]) -> (i64, i64) {
    let is_whole = |relation: &Relation| relation.kind == RelationKind::PartitionedTable;
    let whole = members
        .iter()
        .find(|(member, _)| member.oid == root && is_whole(member));
    let counted = members.iter().filter(|(member, _)| member.kind.has_rows());
    let sizes = |relation: &Relation| size::size(relation.oid, relation.kind);
    match whole {
        Some((whole, _)) => sizes(whole),
        None => counted
            .map(|(member, _)| sizes(member))
            .fold((0, 0), |sum, each| (sum.0 + each.0, sum.1 + each.1)),
    }
}

/// The root of the tree that each relation of a statement is in. What ATTACH PARTITION brings is in the tree that gets it.
pub fn roots(statement: Node, relations: impl Iterator<Item = Oid>) -> BTreeMap<Oid, Oid> {
    let attached = alter_table::attached(statement);
    relations
        .map(|oid| match attached {
            Some((tree, partition)) if root(oid) == partition => (oid, root(tree)),
            _ => (oid, root(oid)),
        })
        .collect()
}

/// The topmost table that a partition or an heir comes from; itself if it is neither.
fn root(oid: Oid) -> Oid {
    let mut root = oid;
    while let Some(parent) = parents(root).into_iter().min() {
        root = parent;
    }
    root
}

/// Whether a statement has CONCURRENTLY and so fails in a transaction block; REFRESH MATERIALIZED VIEW does not.
pub fn commits_for_concurrency(statement: Node) -> bool {
    use pg_sys::NodeTag::*;
    match node::tag(statement) {
        T_IndexStmt => node::cast::<pg_sys::IndexStmt>(statement, T_IndexStmt).is_some_and(|index| index.concurrent),
        T_DropStmt => node::cast::<pg_sys::DropStmt>(statement, T_DropStmt).is_some_and(|drop| drop.concurrent),
        T_ReindexStmt => node::cast::<pg_sys::ReindexStmt>(statement, T_ReindexStmt)
            .is_some_and(|reindex| node::option_on(reindex.params, "concurrently")),
        T_AlterTableStmt => alter_table::detaches_concurrently(statement),
        _ => false,
    }
}

/// Whether a statement without CONCURRENTLY fails in a transaction block, because it needs transactions of its own:
/// `PreventInTransactionBlock` of `access/transam/xact.c`.
pub fn fails_in_block(statement: Node) -> bool {
    use pg_sys::NodeTag::*;
    match node::tag(statement) {
        T_VacuumStmt => {
            node::cast::<pg_sys::VacuumStmt>(statement, T_VacuumStmt).is_some_and(|vacuum| vacuum.is_vacuumcmd)
        }
        T_ClusterStmt => node::cast::<pg_sys::ClusterStmt>(statement, T_ClusterStmt)
            .is_some_and(|cluster| cluster.relation.is_null()),
        T_ReindexStmt => node::cast::<pg_sys::ReindexStmt>(statement, T_ReindexStmt)
            .is_some_and(|reindex| reindex.relation.is_null() && !node::option_on(reindex.params, "concurrently")),
        _ => false,
    }
}

/// Whether a statement fails in a read-only transaction: `ClassifyUtilityCommandAsReadOnly` of `tcop/utility.c`.
pub fn fails_read_only(statement: Node) -> bool {
    use pg_sys::NodeTag::*;
    match node::tag(statement) {
        T_TruncateStmt | T_RefreshMatViewStmt => true,
        T_ClusterStmt | T_ReindexStmt => false,
        _ => node::is_ddl(statement),
    }
}

/// The text of a statement of the rest of a query string that has CONCURRENTLY and comes before the transaction ends, or
/// a savepoint could save what is done until then; and how many bytes further on the answer is the same.
pub fn doomed_by(rest: *const c_char) -> (Option<String>, usize) {
    if !node::mentions(rest, "concurrently") {
        return (None, node::length(rest));
    }
    // SAFETY: the rest of a string that the server has parsed, from a semicolon on. An error (the first part of the string
    // may have changed how literals are read) ends the reading.
    let statements = unsafe { pg_sys::raw_parser(rest, pg_sys::RawParseMode::RAW_PARSE_DEFAULT) };
    for raw in node::list(statements) {
        let Some(raw) = node::cast::<pg_sys::RawStmt>(raw, pg_sys::NodeTag::T_RawStmt) else {
            break;
        };
        let place = usize::try_from(raw.stmt_location).unwrap_or(0);
        if commits_for_concurrency(raw.stmt) {
            let text = node::statement_text(rest, raw.stmt_location, raw.stmt_len);
            return (Some(text), place);
        }
        let goes_on = super::transaction_boundary(raw.stmt) == Some(true);
        if node::tag(raw.stmt) == pg_sys::NodeTag::T_TransactionStmt && !goes_on {
            return (None, place);
        }
    }
    (None, node::length(rest))
}
