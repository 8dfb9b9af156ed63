//! New storage announces itself: the last line of defence, which no prediction can miss.
//!
//! Every rewrite makes a new heap (`make_new_heap` of `commands/cluster.c`) and every new index a new relation
//! (`index_create` of `catalog/index.c`), and both call `object_access_hook` before the first row is read, whoever asked
//! for it: a statement, a function, or a C extension that goes past ProcessUtility.

use std::ffi::{c_int, c_void};
use std::sync::OnceLock;

use pgrx::pg_sys::panic::pgrx_extern_c_guard;
use pgrx::pg_sys::{self, ObjectAccessType};

use super::catalog::{self, Value};
use super::hook::{self, ThrowErrorData};
use super::read::with_relation;
use super::report;
use crate::model::report::Report;

/// What is about to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewStorage {
    /// A new heap for a table or materialized view.
    Rewrite {
        /// Its oid.
        table: u32,
    },
    /// A new index.
    Index {
        /// Its table's oid.
        table: u32,
    },
}

type Witness = fn(NewStorage) -> Option<Report>;

static WITNESS: OnceLock<Witness> = OnceLock::new();

/// The hook that was there before ours. Written once, while the library is loaded.
static mut PREVIOUS: pg_sys::object_access_hook_type = None;

/// Says who is told of new storage. To be called once, from `_PG_init`.
pub fn init(witness: Witness) {
    if WITNESS.set(witness).is_err() {
        return;
    }
    // SAFETY: the server loads a library in one thread; the hook is called only after this.
    unsafe {
        PREVIOUS = pg_sys::object_access_hook;
        pg_sys::object_access_hook = Some(on_access);
    }
}

/// # Safety
/// Called by the server with its own arguments.
unsafe extern "C-unwind" fn on_access(
    access: ObjectAccessType::Type,
    class: pg_sys::Oid,
    object: pg_sys::Oid,
    part: c_int,
    argument: *mut c_void,
) {
    // SAFETY: as in the frame of ProcessUtility: nothing here would have to be dropped when an error jumps over it.
    unsafe {
        if let Some(previous) = PREVIOUS {
            previous(access, class, object, part, argument);
        }
        if access == ObjectAccessType::OAT_POST_CREATE && class == pg_sys::RelationRelationId && part == 0 {
            let report = pgrx_extern_c_guard(|| judge(object.to_u32()));
            if !report.is_null() {
                ThrowErrorData(report);
            }
        }
    }
}

fn judge(relation: u32) -> *mut pg_sys::ErrorData {
    let report = WITNESS.get().filter(|_| hook::may_act()).and_then(|witness| {
        let storage = new_storage(relation)?;
        witness(storage)
    });
    report.as_ref().map_or(std::ptr::null_mut(), report::error_data)
}

/// What a relation that was just made is to be.
fn new_storage(relation: u32) -> Option<NewStorage> {
    let (kind, rewritten, fresh, temporary) = with_relation(relation, |entry| {
        // SAFETY: the entry is pinned. It is complete, though the row of pg_class cannot be seen yet.
        let class = unsafe { &*(*entry).rd_rel };
        let fresh = class.relfilenode.to_u32() == relation;
        (
            class.relkind as u8,
            class.relrewrite.to_u32(),
            fresh,
            class.relpersistence as u8 == b't',
        )
    })?;
    match kind {
        // A temporary heap beside a permanent one is REFRESH … CONCURRENTLY, which leaves the old one in place.
        b'r' | b'm' if rewritten != 0 && (!temporary || is_temporary(rewritten)) => {
            Some(NewStorage::Rewrite { table: rewritten })
        }
        // An index that takes over the storage of another (`TryReuseIndex`) does not have its own oid as file number.
        b'i' if fresh => {
            let row = catalog::uncommitted_row(&catalog::INDEX, &[Value::Oid(relation)])?;
            Some(NewStorage::Index {
                table: row.oid("indrelid"),
            })
        }
        _ => None,
    }
}

fn is_temporary(relation: u32) -> bool {
    catalog::row(&catalog::CLASS, relation).is_some_and(|row| row.letter("relpersistence") == b't')
}
