//! How many rows and bytes a relation holds now.
//!
//! Rows are estimated as the planner does, from the blocks on disk and the density seen by the last ANALYZE
//! (`table_block_relation_estimate_size` of `access/table/tableam.c`), so a table never analyzed is not taken for an
//! empty one; save that a density seen on a handful of blocks is not believed of many. Bytes are those of all forks, with
//! TOAST and indexes, as `pg_total_relation_size` counts them, but read without asking for a lock.

use pgrx::pg_sys;

use super::relations::{children, class_row, index_rows, with_relation};
use crate::model::lock_profile::LockProfile;
use crate::model::relation::{Oid, RelationKind};

/// Fills in rows and bytes of every relation of the profile that `wanted` asks for.
pub fn measure(profile: &mut LockProfile, wanted: impl Fn(&crate::model::lock_profile::Effect) -> bool) {
    for effect in &mut profile.effects {
        if wanted(effect) {
            let (rows, bytes) = size(effect.relation.oid, effect.relation.kind);
            effect.relation.measured = true;
            effect.relation.rows = rows;
            effect.relation.bytes = bytes;
        }
    }
}

/// Rows and bytes of a relation.
pub fn size(oid: Oid, kind: RelationKind) -> (i64, i64) {
    match kind {
        RelationKind::PartitionedTable | RelationKind::PartitionedIndex => children(oid)
            .into_iter()
            .filter_map(|child| {
                let kind = RelationKind::from_relkind(class_row(child)?.letter("relkind"))?;
                Some(size(child, kind))
            })
            .fold((0, 0), |(rows, bytes), (more_rows, more_bytes)| {
                (rows + more_rows, bytes + more_bytes)
            }),
        RelationKind::Table | RelationKind::MaterializedView | RelationKind::Toast => {
            (rows(oid), total_bytes(oid, kind))
        }
        RelationKind::Index | RelationKind::Sequence => (0, file_bytes(oid)),
        RelationKind::View | RelationKind::ForeignTable | RelationKind::CompositeType => (0, 0),
    }
}

fn total_bytes(oid: Oid, kind: RelationKind) -> i64 {
    let indexes: i64 = index_rows(oid)
        .iter()
        .map(|row| file_bytes(row.oid("indexrelid")))
        .sum();
    let toast = match kind {
        RelationKind::Toast => None,
        _ => class_row(oid)
            .map(|row| row.oid("reltoastrelid"))
            .filter(|toast| *toast != 0),
    };
    file_bytes(oid) + indexes + toast.map_or(0, |toast| total_bytes(toast, RelationKind::Toast))
}

/// Bytes of all forks of one relation, its indexes and TOAST not counted.
fn file_bytes(oid: Oid) -> i64 {
    with_relation(oid, |relation| {
        // SAFETY: the relation cache entry is pinned; the storage manager's handle is used and not kept.
        unsafe {
            #[cfg(feature = "pg15")]
            let storage = pg_sys::smgropen((*relation).rd_node, (*relation).rd_backend);
            #[cfg(not(feature = "pg15"))]
            let storage = pg_sys::smgropen((*relation).rd_locator, (*relation).rd_backend);
            let row = &*(*relation).rd_rel;
            forks_of(row.relpersistence as u8, row.relkind as u8)
                .iter()
                .filter(|fork| pg_sys::smgrexists(storage, **fork))
                .map(|fork| i64::from(pg_sys::smgrnblocks(storage, *fork)) * i64::from(pg_sys::BLCKSZ))
                .sum()
        }
    })
    .unwrap_or(0)
}

/// The forks a relation can have: to look for a file that is not there costs as much as to measure one.
fn forks_of(persistence: u8, kind: u8) -> &'static [pg_sys::ForkNumber::Type] {
    use pg_sys::ForkNumber::*;
    match (persistence, kind) {
        (b'u', _) => &[MAIN_FORKNUM, FSM_FORKNUM, VISIBILITYMAP_FORKNUM, INIT_FORKNUM],
        (_, b'i') => &[MAIN_FORKNUM, FSM_FORKNUM],
        (_, b'S') => &[MAIN_FORKNUM],
        _ => &[MAIN_FORKNUM, FSM_FORKNUM, VISIBILITYMAP_FORKNUM],
    }
}

/// Whether nobody has counted the rows of a relation yet.
pub fn is_guess(oid: Oid) -> bool {
    // SAFETY: the relation cache entry is pinned.
    with_relation(oid, |relation| unsafe { (*(*relation).rd_rel).reltuples } < 0.0) == Some(true)
}

/// Estimated rows of a relation with storage.
pub fn rows(oid: Oid) -> i64 {
    /// What the planner assumes at the least for a table never vacuumed; not to be taken for real blocks here.
    const PLANNER_MINIMUM: u32 = 10;
    /// Tuple header and line pointer, aligned.
    const HEAP_TUPLE_OVERHEAD: i32 = 28;
    with_relation(oid, |relation| {
        // SAFETY: the relation cache entry is pinned; estimate_rel_size only reads it and the file sizes.
        unsafe {
            let real = pg_sys::RelationGetNumberOfBlocksInFork(relation, pg_sys::ForkNumber::MAIN_FORKNUM);
            if real == 0 {
                return 0;
            }
            let (mut pages, mut tuples, mut visible) = (0, 0.0, 0.0);
            pg_sys::estimate_rel_size(relation, std::ptr::null_mut(), &mut pages, &mut tuples, &mut visible);
            let assumed = if pages == PLANNER_MINIMUM && real < PLANNER_MINIMUM {
                PLANNER_MINIMUM
            } else {
                real
            };
            let estimate = (tuples * f64::from(real) / f64::from(assumed)).round() as i64;
            let known = u32::try_from((*(*relation).rd_rel).relpages).unwrap_or(0);
            if known < PLANNER_MINIMUM && known < real {
                // So few blocks, half empty maybe, say nothing of the density of many: those that came since are full.
                let width = pg_sys::get_relation_data_width((*relation).rd_id, std::ptr::null_mut());
                let row_bytes = width + HEAP_TUPLE_OVERHEAD;
                let full = i64::from(real - known) * i64::from(pg_sys::BLCKSZ) / i64::from(row_bytes);
                return estimate.max(full);
            }
            estimate
        }
    })
    .unwrap_or(0)
}
