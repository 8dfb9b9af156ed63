//! ALTER COLUMN TYPE: `ATPrepAlterColumnType`, `RememberAllDependentForRebuilding` and `ATPostAlterTypeCleanup` of
//! `commands/tablecmds.c`.

use super::builder::Builder;
use crate::model::facts::AlterColumnType;
use crate::model::lock_mode::LockMode;
use crate::model::lock_profile::{Cause, WorkKind};

/// Either the heap is written anew with every index, or the indexes and constraints on the column are made again, which
/// may or may not cost a build, a scan or a join.
pub fn profile(facts: &AlterColumnType, lock: LockMode, builder: &mut Builder) {
    let (column, from, to) = (&facts.column, &facts.from, &facts.to);
    let members = facts.members.iter().map(|change| (change, facts.rewrites));
    for (change, rewrites) in members.chain(facts.elsewhere.iter().map(|change| (change, false))) {
        if rewrites {
            let cause = Cause::TypeChange {
                column: column.clone(),
                from: from.clone(),
                to: to.clone(),
                base: facts.base.clone(),
            };
            builder.rewrite(change.table, lock, cause.clone());
            // One that is dead is passed over then, but is made again where the column is its own.
            for (index, _) in &change.indexes {
                if !builder.mentions(*index) {
                    builder.rebuild(change.table, &[*index], lock, cause.clone());
                }
            }
        } else {
            for (index, reusable) in &change.indexes {
                builder.lock(*index, LockMode::AccessExclusive);
                if !reusable {
                    let cause = Cause::TypeChangeIndex {
                        column: column.clone(),
                        from: from.clone(),
                        to: to.clone(),
                    };
                    builder.rebuild(change.table, &[*index], lock, cause);
                }
            }
            for constraint in &change.checks {
                let cause = Cause::TypeChangeCheck {
                    column: column.clone(),
                    constraint: constraint.clone(),
                };
                builder.work(change.table, WorkKind::Scan, lock, cause);
            }
        }
    }
    for (table, under) in &facts.completed {
        let cause = Cause::TypeChangeIndex {
            column: column.clone(),
            from: from.clone(),
            to: to.clone(),
        };
        builder.work(*table, WorkKind::BuildIndex, *under, cause);
    }
    for key in &facts.foreign_keys {
        builder.lock(key.referencing, LockMode::AccessExclusive);
        let at_other_end = if key.enforced {
            LockMode::AccessExclusive
        } else {
            LockMode::ShareRowExclusive
        };
        builder.lock(key.referenced, at_other_end);
        if key.validated_again {
            builder.profile().joined.extend([key.referencing, key.referenced]);
            let cause = Cause::TypeChangeForeignKey {
                column: column.clone(),
                constraint: key.constraint.clone(),
            };
            builder.work(key.referencing, WorkKind::Scan, LockMode::AccessExclusive, cause);
        }
    }
    for sequence in &facts.sequences {
        builder.renew(*sequence, LockMode::ShareRowExclusive);
    }
    for (table, mode) in &facts.locked {
        builder.lock(*table, *mode);
    }
}
