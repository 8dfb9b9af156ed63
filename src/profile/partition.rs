//! A partition joins or leaves: `ATExecAttachPartition` and `ATExecDetachPartition` of `commands/tablecmds.c`,
//! `check_default_partition_contents` of `partitioning/partbounds.c`.

use super::builder::Builder;
use crate::model::lock_mode::LockMode;
use crate::model::lock_profile::{Cause, WorkKind};
use crate::model::partition::{LeavingPartition, NewPartition, PartitionCause};

/// CREATE TABLE … PARTITION OF
pub fn create(facts: &NewPartition, builder: &mut Builder) {
    builder.profile().target = Some(facts.parent);
    builder.lock(facts.parent, LockMode::AccessExclusive);
    join(facts, builder);
}

/// What is read and built is locked by then so that nobody else can use it.
pub fn join(facts: &NewPartition, builder: &mut Builder) {
    const LOCK: LockMode = LockMode::AccessExclusive;
    for (oid, mode) in &facts.locked {
        builder.first_lock(*oid, *mode);
    }
    for (oid, mode) in facts.locked.iter().chain(&facts.locked_later) {
        builder.lock(*oid, *mode);
    }
    for bound in &facts.bounds {
        let (table, condition) = (bound.table, bound.condition.clone());
        let cause = Cause::Partition(if facts.attached == Some(table) {
            PartitionCause::Bound { table, condition }
        } else {
            PartitionCause::Default {
                table,
                condition,
                created: facts.attached.is_none(),
            }
        });
        for leaf in &bound.scanned {
            builder.work(*leaf, WorkKind::Scan, LOCK, cause.clone());
        }
    }
    for index in &facts.indexes {
        let cause = Cause::Partition(PartitionCause::Index {
            table: facts.attached.unwrap_or_default(),
            index: index.name.clone(),
            unique: index.unique,
            definition: index.definition.clone(),
            constraint: index.constraint,
        });
        for leaf in &index.builds {
            builder.work(*leaf, WorkKind::BuildIndex, LOCK, cause.clone());
        }
    }
    for key in &facts.foreign_keys {
        let cause = Cause::Partition(PartitionCause::ForeignKey {
            table: key.table,
            constraint: key.name.clone(),
            definition: key.definition.clone(),
        });
        if !key.checked.is_empty() {
            let both = key.checked.iter().chain(&key.referenced);
            builder.profile().joined.extend(both);
        }
        for leaf in &key.checked {
            builder.work(*leaf, WorkKind::Scan, LOCK, cause.clone());
        }
    }
}

/// DETACH PARTITION. Tables that refer to it are read under ShareLock, `CONCURRENTLY` or not; then their part of the
/// foreign key is dropped under a stronger one.
pub fn leave(facts: &LeavingPartition, builder: &mut Builder) {
    for (oid, mode) in &facts.locked {
        builder.lock(*oid, *mode);
    }
    if !facts.checked.is_empty() {
        builder.profile().joined.extend(&facts.partition);
    }
    for referring in &facts.checked {
        // With an index on it, the planner may read the partition instead.
        let both = referring.leaves.iter().chain([&referring.table]);
        builder.profile().joined.extend(both);
        let cause = Cause::Partition(PartitionCause::Referred {
            table: referring.table,
            constraint: referring.constraint.clone(),
            definition: referring.definition.clone(),
        });
        // A leaf is spoken of where it is locked for another reason.
        for leaf in referring
            .leaves
            .iter()
            .filter(|leaf| builder.held(**leaf).is_some())
            .copied()
            .collect::<Vec<_>>()
        {
            builder.work(leaf, WorkKind::Scan, LockMode::Share, cause.clone());
        }
        builder.work(referring.table, WorkKind::Scan, LockMode::Share, cause);
    }
}
