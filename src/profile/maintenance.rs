//! CLUSTER, VACUUM, REFRESH MATERIALIZED VIEW: `cluster_rel` of `commands/cluster.c`, `vacuum_rel` of
//! `commands/vacuum.c`, `ExecRefreshMatView` of `commands/matview.c`.

use super::builder::Builder;
use crate::model::facts::CopyBy;
use crate::model::lock_mode::LockMode;
use crate::model::lock_profile::{Cause, WorkKind};
use crate::model::relation::Oid;

/// CLUSTER, VACUUM FULL, REFRESH MATERIALIZED VIEW: new storage under AccessExclusiveLock.
pub fn copy(by: CopyBy, relations: &[Oid], locked: &[(Oid, LockMode)], builder: &mut Builder) {
    // Not a temporary table of another session that is come across.
    let parent = locked.iter().map(|(oid, _)| *oid).find(|oid| builder.is_shared(*oid));
    builder.profile().target = parent.or_else(|| relations.first().copied());
    if let Some(relation) = relations.first() {
        builder.first_lock(*relation, LockMode::AccessExclusive);
    }
    for (oid, mode) in locked {
        builder.lock(*oid, *mode);
    }
    let cause = match by {
        CopyBy::Cluster => Cause::Cluster,
        CopyBy::VacuumFull => Cause::VacuumFull,
        CopyBy::Refresh => Cause::Refresh,
    };
    for relation in relations {
        builder.rewrite(*relation, LockMode::AccessExclusive, cause.clone());
    }
}

/// REFRESH MATERIALIZED VIEW WITH NO DATA
pub fn refresh_empty(relation: Oid, builder: &mut Builder) {
    builder.profile().target = Some(relation);
    builder.empty(relation, LockMode::AccessExclusive);
}

/// REFRESH MATERIALIZED VIEW CONCURRENTLY joins the old content with the new. ExclusiveLock keeps out who else would
/// refresh it, and nobody but REFRESH writes to a materialized view; so what goes on under it hinders no more than it would
/// under ShareUpdateExclusiveLock.
pub fn refresh_concurrently(relation: Oid, builder: &mut Builder) {
    builder.profile().target = Some(relation);
    builder.lock(relation, LockMode::Exclusive);
    builder.profile().joined.push(relation);
    builder.work(relation, WorkKind::Scan, LockMode::ShareUpdateExclusive, Cause::Refresh);
}

/// VACUUM without FULL, ANALYZE: reads and writes go on.
pub fn vacuum(relations: &[Oid], builder: &mut Builder) {
    builder.profile().target = relations.first().copied();
    for relation in relations {
        builder.lock(*relation, LockMode::ShareUpdateExclusive);
    }
}
