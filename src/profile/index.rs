//! CREATE INDEX, DROP INDEX, REINDEX: `DefineIndex` and `ReindexTable` of `commands/indexcmds.c`, `reindex_index` and
//! `index_drop` of `catalog/index.c`.

use super::builder::Builder;
use crate::model::facts::{CreateIndex, DroppedIndex};
use crate::model::lock_mode::LockMode;
use crate::model::lock_profile::{Cause, Destruction, WorkKind};
use crate::model::relation::Oid;

/// CREATE INDEX [CONCURRENTLY]
pub fn create(facts: &CreateIndex, builder: &mut Builder) {
    let lock = if facts.concurrently {
        LockMode::ShareUpdateExclusive
    } else {
        LockMode::Share
    };
    builder.profile().target = Some(facts.table);
    builder.profile().leftover.clone_from(&facts.leftover);
    builder.first_lock(facts.table, lock);
    for member in &facts.members {
        builder.lock(*member, lock);
    }
    for table in &facts.builds {
        builder.work(
            *table,
            WorkKind::BuildIndex,
            lock,
            Cause::CreateIndex {
                name: facts.name.clone(),
            },
        );
    }
}

/// DROP INDEX [CONCURRENTLY]. The concurrent form ends with a lock on the index that nobody uses any more.
pub fn drop(indexes: &[DroppedIndex], concurrently: bool, locked: &[(Oid, LockMode)], builder: &mut Builder) {
    let lock = if concurrently {
        LockMode::ShareUpdateExclusive
    } else {
        LockMode::AccessExclusive
    };
    builder.profile().target = indexes.first().and_then(|dropped| dropped.tables.first().copied());
    builder.profile().destroys = Some(Destruction::Index);
    for dropped in indexes {
        builder.profile().losing.extend(dropped.tables.iter().take(1));
        for table in &dropped.tables {
            builder.lock(*table, lock);
        }
        for index in std::iter::once(&dropped.index).chain(&dropped.children) {
            builder.lock(*index, LockMode::AccessExclusive);
        }
    }
    for (oid, mode) in locked {
        builder.lock(*oid, *mode);
    }
}

/// REINDEX [CONCURRENTLY]
pub fn reindex(tables: &[(Oid, Vec<Oid>)], locked: &[(Oid, LockMode)], concurrently: bool, builder: &mut Builder) {
    builder.profile().target = locked
        .first()
        .map(|(oid, _)| *oid)
        .or_else(|| tables.first().map(|(table, _)| *table));
    let lock = if concurrently {
        LockMode::ShareUpdateExclusive
    } else {
        LockMode::Share
    };
    if let Some((table, _)) = tables.first() {
        builder.first_lock(*table, lock);
    }
    for (oid, mode) in locked {
        builder.lock(*oid, *mode);
    }
    for (table, indexes) in tables {
        builder.lock(*table, lock);
        if concurrently {
            for index in indexes {
                builder.work(*table, WorkKind::BuildIndex, lock, Cause::Reindex);
                builder.work(*index, WorkKind::Rewrite, lock, Cause::Reindex);
            }
        } else {
            builder.rebuild(*table, indexes, lock, Cause::Reindex);
        }
    }
}
