//! Floor 1, pure: from facts about a statement to its lock profile, one file per statement family.
//!
//! The profile is what the guard judges, what `interlock.explain_lock_profile` shows and what the oracle tests hold
//! against the server. Each file names the C functions it mirrors.

#![forbid(unsafe_code)]

mod add_column;
mod alter_table;
mod builder;
mod column_type;
mod constraint;
mod domain;
mod drop;
mod foreign_key;
mod index;
mod maintenance;
mod partition;
mod rename;

use crate::model::facts::{Facts, Statement};
use crate::model::lock_profile::{LockProfile, Unknown};
use builder::Builder;

/// The lock profile of a statement.
pub fn profile(facts: &Facts) -> LockProfile {
    let mut builder = Builder::new(facts);
    self::statement(&facts.statement, &mut builder);
    builder.finish()
}

fn statement(statement: &Statement, builder: &mut Builder) {
    match statement {
        Statement::Several(statements) => {
            statements.iter().for_each(|each| self::statement(each, builder));
            // It is about none of them more than about another, and does one after the other.
            builder.profile().target = None;
            builder.profile().first_locks.clear();
        }
        Statement::NoExistingRelation => {}
        Statement::MissingRelation(name) => {
            builder.profile().unknown = Some(Unknown::MissingRelation(name.clone()));
        }
        Statement::Unmodelled { relation } => {
            builder.profile().target = *relation;
            builder.profile().unknown = Some(Unknown::Unmodelled);
        }
        Statement::LocksOnly(locks) => {
            let first = locks.first().map(|(oid, _)| *oid);
            let target = &mut builder.profile().target;
            *target = target.or(first);
            for (oid, mode) in locks {
                builder.lock(*oid, *mode);
            }
        }
        Statement::Fails(locks) => {
            builder.profile().target = locks.first().map(|(oid, _)| *oid);
            for (oid, mode) in locks {
                builder.first_lock(*oid, *mode);
                builder.lock(*oid, *mode);
            }
        }
        Statement::Rename(statement) => rename::profile(statement, builder),
        Statement::AlterTable(statement) => alter_table::profile(statement, builder),
        Statement::CreatePartition(statement) => partition::create(statement, builder),
        Statement::CreateIndex(statement) => index::create(statement, builder),
        Statement::DropIndex {
            indexes,
            concurrently,
            locked,
        } => index::drop(indexes, *concurrently, locked, builder),
        Statement::Reindex {
            tables,
            locked,
            concurrently,
            one_by_one,
        } => {
            builder.profile().one_by_one = *one_by_one;
            index::reindex(tables, locked, *concurrently, builder);
        }
        Statement::Copy {
            by,
            relations,
            locked,
            one_by_one,
        } => {
            builder.profile().one_by_one = *one_by_one;
            maintenance::copy(*by, relations, locked, builder);
        }
        Statement::Vacuum { relations } => maintenance::vacuum(relations, builder),
        Statement::RefreshConcurrently { relation } => maintenance::refresh_concurrently(*relation, builder),
        Statement::AlterDomain(statement) => domain::alter(statement, builder),
        Statement::RefreshEmpty { relation } => maintenance::refresh_empty(*relation, builder),
        Statement::Truncate { relations, sequences } => drop::truncate(relations, sequences, builder),
        Statement::Drop { named, dropped, locked } => drop::relations(named, dropped, locked, builder),
    }
}
