//! CLUSTER, VACUUM, REFRESH MATERIALIZED VIEW.

use pgrx::pg_sys;

use super::index;
use super::index_constraint::locked_with;
use super::oids::Oids;
use super::permission::{MAINTAIN, may, may_maintain};
use super::query;
use super::relations::{
    Relations, class_row, everywhere, is_of_other_session, partitioned_everywhere, resolve, with_catalogs, written_name,
};
use crate::model::facts::{CopyBy, Statement};
use crate::model::lock_mode::LockMode;
use crate::model::relation::{Oid, RelationKind};
use crate::postgres::{catalog, node, version};

/// CLUSTER, of one table or of all that were clustered before
pub fn cluster(statement: &pg_sys::ClusterStmt, relations: &mut Relations) -> Statement {
    if statement.relation.is_null() {
        let clustered: Oids = catalog::all(&catalog::INDEX)
            .iter()
            .filter(|row| row.flag("indisclustered") == Some(true))
            .map(|row| row.oid("indrelid"))
            .collect();
        let tables = everywhere(|row| clustered.contains(row.oid("oid")) && may(row.oid("oid"), MAINTAIN));
        let (tables, others) = without_others(tables, relations);
        return Statement::Copy {
            by: CopyBy::Cluster,
            relations: tables,
            locked: locked_with(&others, LockMode::AccessExclusive),
            one_by_one: true,
        };
    }
    // SAFETY: just checked.
    let range_var = unsafe { &*statement.relation };
    let Some(table) = resolve(range_var) else {
        return Statement::MissingRelation(written_name(range_var));
    };
    let partitioned = relations.kind(table) == Some(RelationKind::PartitionedTable);
    // By the index, which a partition whose detaching is pending still has a part of.
    let family = relations.family_with_leaving(table, partitioned);
    let mut copied = relations.with_rows(&family);
    let mut locked = if partitioned { vec![table] } else { vec![] };
    if partitioned {
        // `get_tables_to_cluster_partitioned`: others' leaves are passed over. Before 17 the owner of the database finds that
        // out when they are locked.
        if version::major() < 17 {
            locked.extend(
                copied
                    .iter()
                    .copied()
                    .filter(|leaf| may_maintain(*leaf) && !may(*leaf, MAINTAIN)),
            );
        }
        copied.retain(|leaf| may(*leaf, MAINTAIN));
    } else if is_unpopulated(table) {
        // Since 18 it is let go of at once.
        if version::major() < 18 {
            locked.append(&mut copied);
        }
        copied.clear();
        let index = node::optional_text(statement.indexname).and_then(|name| index::beside(table, &name));
        locked.extend(index.filter(|index| relations.load(*index).is_some()));
    }
    Statement::Copy {
        by: CopyBy::Cluster,
        relations: copied,
        locked: locked_with(&locked, LockMode::AccessExclusive),
        one_by_one: partitioned,
    }
}

/// A materialized view without content has nothing to copy.
fn is_unpopulated(relation: Oid) -> bool {
    class_row(relation).is_some_and(|row| row.letter("relkind") == b'm' && row.flag("relispopulated") == Some(false))
}

/// VACUUM and ANALYZE
pub fn vacuum(statement: &pg_sys::VacuumStmt, relations: &mut Relations) -> Statement {
    let full = statement.is_vacuumcmd && node::option_on(statement.options, "full");
    // 16: PROCESS_MAIN false
    let main = node::option(statement.options, "process_main").unwrap_or(true);
    let named: Vec<&pg_sys::VacuumRelation> = node::list(statement.rels)
        .into_iter()
        .filter_map(|relation| node::cast(relation, pg_sys::NodeTag::T_VacuumRelation))
        .collect();
    if named.is_empty() {
        // 16: VACUUM (ONLY_DATABASE_STATS)
        if node::option_on(statement.options, "only_database_stats") {
            return Statement::NoExistingRelation;
        }
        if !full {
            // ANALYZE reads partitioned tables too, and VACUUM locks them before it sees that there is nothing to do.
            let mut all = everywhere(|row| may_maintain(row.oid("oid")));
            all.extend(partitioned_everywhere(|row| may_maintain(row.oid("oid"))));
            all.retain(|oid| relations.load(*oid).is_some());
            return Statement::Vacuum { relations: all };
        }
        let tables = with_catalogs(|row| may_maintain(row.oid("oid")));
        let (tables, others) = without_others(tables, relations);
        let mut without_rows = partitioned_everywhere(|row| may_maintain(row.oid("oid")));
        without_rows.retain(|table| relations.load(*table).is_some());
        without_rows.extend(others);
        return full_vacuum(tables, without_rows, main, relations);
    }
    let (mut all, mut without_rows) = (vec![], vec![]);
    for each in named {
        // SAFETY: the parser gives every VacuumRelation a RangeVar.
        let range_var = unsafe { &*each.relation };
        let Some(oid) = resolve(range_var) else {
            return Statement::MissingRelation(written_name(range_var));
        };
        // `expand_vacuum_rel` of `commands/vacuum.c`: since 18 inheriting tables are included, and ONLY is heeded.
        let recurse = if version::major() >= 18 {
            range_var.inh
        } else {
            relations.kind(oid) == Some(RelationKind::PartitionedTable)
        };
        // What is named and not the user's is passed over; what is below it is looked at by itself.
        let mut members = relations.family(oid, recurse);
        members.retain(|member| *member != oid || may_maintain(oid));
        for member in members {
            let copied = relations.kind(member).is_some_and(RelationKind::has_rows) && !is_unpopulated(member);
            if full && (!copied || !may_maintain(member)) {
                without_rows.push(member);
            } else {
                all.push(member);
            }
        }
    }
    if full {
        return full_vacuum(all, without_rows, main, relations);
    }
    if !statement.is_vacuumcmd {
        // `analyze_rel` of `commands/analyze.c` lets go at once of what it cannot or may not analyze.
        all.retain(|oid| may_maintain(*oid) && relations.kind(*oid) != Some(RelationKind::View));
    }
    Statement::Vacuum { relations: all }
}

/// Those of a whole database's tables that are copied, and those that are only locked, before the server sees that they
/// belong to another session or have no content: `vacuum_rel` of `commands/vacuum.c`, `cluster_rel` of `commands/cluster.c`.
fn without_others(mut tables: Vec<Oid>, relations: &mut Relations) -> (Vec<Oid>, Vec<Oid>) {
    tables.retain(|table| relations.load(*table).is_some());
    tables
        .into_iter()
        .partition(|table| class_row(*table).is_some_and(|row| !is_of_other_session(&row)) && !is_unpopulated(*table))
}

/// VACUUM FULL of tables; what has no rows is opened like them, before the server sees that there is nothing to do.
/// `main`: they are copied themselves, and not their TOAST tables alone, which is done while they are locked: `vacuum_rel`
/// of `commands/vacuum.c`.
fn full_vacuum(tables: Vec<Oid>, mut without_rows: Vec<Oid>, main: bool, relations: &mut Relations) -> Statement {
    let copied = if main {
        tables
    } else {
        let toast = tables
            .iter()
            .filter_map(|table| Some(class_row(*table)?.oid("reltoastrelid")));
        let toast: Vec<Oid> = toast.filter(|toast| relations.load(*toast).is_some()).collect();
        without_rows.extend(tables);
        toast
    };
    Statement::Copy {
        by: CopyBy::VacuumFull,
        relations: copied,
        locked: locked_with(&without_rows, LockMode::AccessExclusive),
        one_by_one: true,
    }
}

/// REFRESH MATERIALIZED VIEW
pub fn refresh(statement: &pg_sys::RefreshMatViewStmt, relations: &mut Relations) -> Statement {
    // SAFETY: the parser gives every REFRESH its relation.
    let range_var = unsafe { &*statement.relation };
    let Some(view) = resolve(range_var) else {
        return Statement::MissingRelation(written_name(range_var));
    };
    if relations.kind(view) != Some(RelationKind::MaterializedView) {
        // PostgreSQL will say that it is none.
        return Statement::LocksOnly(vec![]);
    }
    if statement.skipData {
        return Statement::RefreshEmpty { relation: view };
    }
    let refresh = if statement.concurrent {
        Statement::RefreshConcurrently { relation: view }
    } else {
        Statement::Copy {
            by: CopyBy::Refresh,
            relations: vec![view],
            locked: vec![],
            one_by_one: false,
        }
    };
    match query::of_view(view, relations) {
        Statement::NoExistingRelation => refresh,
        // It reads FOR UPDATE.
        read => Statement::Several(vec![read, refresh]),
    }
}
