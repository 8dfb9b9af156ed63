//! DROP and TRUNCATE: `RemoveRelations`, `ATExecDropColumn`, `ATExecDropConstraint` and `ExecuteTruncate` of
//! `commands/tablecmds.c`, `performDeletion` of `catalog/dependency.c`. They are quick; what they take with them is what
//! the rules about destruction are for.

use super::builder::Builder;
use crate::model::facts::Dropped;
use crate::model::lock_mode::LockMode;
use crate::model::lock_profile::Destruction;
use crate::model::relation::Oid;

/// DROP TABLE, MATERIALIZED VIEW, VIEW, SEQUENCE …
pub fn relations(named: &[Oid], dropped: &[Oid], locked: &[(Oid, LockMode)], builder: &mut Builder) {
    builder.profile().target = named.first().copied();
    builder.profile().destroys = Some(Destruction::Relation);
    builder.profile().losing = named.iter().chain(dropped).copied().collect();
    for oid in named.iter().chain(dropped) {
        builder.lock(*oid, LockMode::AccessExclusive);
    }
    for (oid, mode) in locked {
        builder.lock(*oid, *mode);
    }
}

/// DROP COLUMN, DROP CONSTRAINT
pub fn part(target: Oid, what: &Dropped, locked: &[(Oid, LockMode)], builder: &mut Builder) {
    builder.profile().destroys = Some(match what {
        Dropped::Column(name) => Destruction::Column(name.clone()),
        Dropped::Constraint(name) => Destruction::Constraint(name.clone()),
    });
    builder.profile().losing.push(target);
    for (oid, mode) in locked {
        builder.lock(*oid, *mode);
    }
}

/// TRUNCATE
pub fn truncate(relations: &[Oid], sequences: &[Oid], builder: &mut Builder) {
    builder.profile().target = relations.first().copied();
    builder.profile().destroys = Some(Destruction::Rows);
    builder.profile().losing = relations.to_vec();
    for oid in relations.iter().chain(sequences) {
        builder.empty(*oid, LockMode::AccessExclusive);
    }
}
