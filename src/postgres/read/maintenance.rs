//! CLUSTER, VACUUM, REFRESH MATERIALIZED VIEW.

use pgrx::pg_sys;

use super::relations::{Relations, resolve, written_name};
use crate::model::facts::{CopyBy, Oid, Statement};
use crate::model::lock_mode::LockMode;
use crate::model::relation::RelationKind;
use crate::postgres::{node, version};

/// CLUSTER table
pub fn cluster(statement: &pg_sys::ClusterStmt, relations: &mut Relations) -> Statement {
    if statement.relation.is_null() {
        return Statement::Unmodelled { relation: None };
    }
    // SAFETY: just checked.
    let range_var = unsafe { &*statement.relation };
    let Some(table) = resolve(range_var) else {
        return Statement::MissingRelation(written_name(range_var));
    };
    let partitioned = relations.kind(table) == Some(RelationKind::PartitionedTable);
    let family = relations.family(table, partitioned);
    let copied = relations.with_rows(&family);
    Statement::Copy {
        by: CopyBy::Cluster,
        relations: copied,
        locked: if partitioned {
            vec![(table, LockMode::AccessExclusive)]
        } else {
            vec![]
        },
        one_by_one: partitioned,
    }
}

/// VACUUM and ANALYZE
pub fn vacuum(statement: &pg_sys::VacuumStmt, relations: &mut Relations) -> Statement {
    let full = statement.is_vacuumcmd && node::option_on(statement.options, "full");
    let named: Vec<&pg_sys::VacuumRelation> = node::list(statement.rels)
        .into_iter()
        .filter_map(|relation| node::cast(relation, pg_sys::NodeTag::T_VacuumRelation))
        .collect();
    if named.is_empty() {
        return Statement::Unmodelled { relation: None };
    }
    let (mut all, mut locked): (Vec<Oid>, Vec<(Oid, LockMode)>) = (vec![], vec![]);
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
        let family = relations.family(oid, recurse);
        let copied = if full {
            relations.with_rows(&family)
        } else {
            family.clone()
        };
        // One without storage is opened like the others, before the server sees that there is nothing to do.
        let others = family.into_iter().filter(|member| !copied.contains(member));
        locked.extend(others.map(|member| (member, LockMode::AccessExclusive)));
        all.extend(copied);
    }
    if full {
        Statement::Copy {
            by: CopyBy::VacuumFull,
            relations: all,
            locked,
            one_by_one: true,
        }
    } else {
        Statement::Vacuum { relations: all }
    }
}

/// REFRESH MATERIALIZED VIEW
pub fn refresh(statement: &pg_sys::RefreshMatViewStmt, relations: &mut Relations) -> Statement {
    // SAFETY: the parser gives every REFRESH its relation.
    let range_var = unsafe { &*statement.relation };
    let Some(view) = resolve(range_var) else {
        return Statement::MissingRelation(written_name(range_var));
    };
    relations.load(view);
    if statement.concurrent {
        return Statement::RefreshConcurrently { relation: view };
    }
    if statement.skipData {
        // WITH NO DATA: it is emptied.
        return Statement::LocksOnly(vec![(view, LockMode::AccessExclusive)]);
    }
    Statement::Copy {
        by: CopyBy::Refresh,
        relations: vec![view],
        locked: vec![],
        one_by_one: false,
    }
}
