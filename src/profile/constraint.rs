//! Constraints that are indexes, and VALIDATE: `ATExecAddIndexConstraint`, `ATExecAddIndex` and
//! `ATExecValidateConstraint` of `commands/tablecmds.c`.

use super::builder::Builder;
use crate::model::facts::AddIndexConstraint;
use crate::model::lock_mode::LockMode;
use crate::model::lock_profile::{Cause, WorkKind};
use crate::model::relation::Oid;

/// ADD PRIMARY KEY, UNIQUE, EXCLUDE, with or without USING INDEX.
pub fn add(facts: &AddIndexConstraint, lock: LockMode, builder: &mut Builder) {
    if let Some(index) = facts.using_index.filter(|_| facts.renames_index) {
        builder.lock(index, LockMode::ShareUpdateExclusive);
    }
    for (partition, mode) in &facts.partitions {
        builder.lock(*partition, *mode);
    }
    for (table, column) in &facts.nullable {
        builder.work(
            *table,
            WorkKind::Scan,
            lock,
            Cause::PrimaryKeyNullable { column: column.clone() },
        );
    }
    for table in &facts.builds {
        let cause = Cause::IndexConstraint {
            kind: facts.kind,
            constraint: facts.constraint.clone(),
            columns: facts.columns.clone(),
        };
        let under = builder.held(*table).unwrap_or(lock);
        builder.work(*table, WorkKind::BuildIndex, under, cause);
    }
}

/// VALIDATE CONSTRAINT; alone it takes ShareUpdateExclusiveLock, beside other subcommands the lock of the statement.
pub fn validate(
    constraint: &str,
    scanned: &[Oid],
    referenced: &[(Oid, LockMode)],
    lock: LockMode,
    builder: &mut Builder,
) {
    for table in scanned {
        builder.work(
            *table,
            WorkKind::Scan,
            lock,
            Cause::Validate {
                constraint: constraint.to_owned(),
            },
        );
    }
    if !referenced.is_empty() {
        let other_end = referenced.iter().map(|(table, _)| table);
        builder.profile().joined.extend(scanned.iter().chain(other_end));
    }
    for (table, mode) in referenced.iter().filter(|(_, mode)| *mode > LockMode::AccessShare) {
        builder.lock(*table, *mode);
    }
}
