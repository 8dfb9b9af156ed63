//! What a partition's bound says about rows, and whether CHECKs prove it: `get_qual_from_partbound` and
//! `check_default_partition_contents` of `partitioning/partbounds.c`, `QueuePartitionConstraintValidation` of
//! `commands/tablecmds.c`.

use pgrx::{PgList, pg_sys};

use super::relations::{Relations, children, class_row, with_relation};

use crate::model::partition::Bound;
use crate::model::relation::{Oid, RelationKind};
use crate::postgres::{node, version};

// Of `parser/parse_utilcmd.h`, `catalog/partition.h` and `utils/partcache.h`, which pgrx does not bind.
// SAFETY: the declarations are those of the headers, the same in every major.
unsafe extern "C-unwind" {
    fn transformPartitionBound(
        state: *mut pg_sys::ParseState,
        parent: pg_sys::Relation,
        spec: *mut pg_sys::PartitionBoundSpec,
    ) -> *mut pg_sys::PartitionBoundSpec;
    fn get_proposed_default_constraint(constraints: *mut pg_sys::List) -> *mut pg_sys::List;
    fn map_partition_varattnos(
        expression: *mut pg_sys::List,
        varno: std::ffi::c_int,
        to: pg_sys::Relation,
        from: pg_sys::Relation,
    ) -> *mut pg_sys::List;
    fn RelationGetPartitionQual(relation: pg_sys::Relation) -> *mut pg_sys::List;
}

/// Calls what may raise an error in PostgreSQL's own way.
macro_rules! guarded {
    ($call:expr) => {
        pg_sys::ffi::pg_guard_ffi_boundary(|| $call)
    };
}

/// A bound that rows are held against, and the relations that are locked for it.
pub struct LookedAt {
    pub bound: Bound,
    pub visited: Vec<Oid>,
}

/// A condition over the columns of a table: clauses that all have to hold.
#[derive(Clone, Copy)]
struct Condition {
    of: Oid,
    clauses: *mut pg_sys::List,
}

/// What is read when a table is attached with this bound: it, and the default partition beside it.
pub fn attached(
    parent: Oid,
    bound: &pg_sys::PartitionBoundSpec,
    table: Oid,
    default: Option<Oid>,
    relations: &mut Relations,
) -> Vec<LookedAt> {
    let Some((of_bound, whole)) = with_relation(parent, |relation| {
        let of_bound = clauses_of(relation, bound);
        // SAFETY: the relation is pinned; both lists are new.
        let whole = unsafe {
            let above = guarded!(RelationGetPartitionQual(relation));
            pg_sys::list_concat(pg_sys::list_copy(of_bound), above)
        };
        (of_bound, whole)
    }) else {
        return vec![];
    };
    let mut found = vec![];
    if !whole.is_null() {
        let joined = Condition {
            of: parent,
            clauses: simplified(whole),
        };
        found.extend(looked_at(joined, table, relations));
    }
    if let Some(default) = default {
        // Before 18 what the parent's own bound says is taken for a part of the new one's.
        let excluded = if version::major() < 18 { whole } else { of_bound };
        found.extend(looked_at(excluding(parent, excluded), default, relations));
    }
    found
}

/// What is read of the default partition when one with this bound is created. It is held against the new condition leaf by
/// leaf.
pub fn created(
    parent: Oid,
    bound: &pg_sys::PartitionBoundSpec,
    default: Oid,
    relations: &mut Relations,
) -> Option<LookedAt> {
    let clauses = with_relation(parent, |relation| clauses_of(relation, bound))?;
    let condition = mapped(excluding(parent, clauses), default)?;
    let proved = is_proved(default, condition.clauses);
    let visited = relations.family(default, !proved);
    let mut scanned = if proved { vec![] } else { relations.with_rows(&visited) };
    // The columns of a leaf are taken for those of the default partition.
    scanned.retain(|leaf| *leaf == default || !is_proved(*leaf, condition.clauses));
    let bound = Bound {
        table: default,
        condition: text(condition),
        scanned,
    };
    Some(LookedAt { bound, visited })
}

/// The clauses of a bound over the columns of the partitioned table, which the server takes it for without a look.
fn clauses_of(parent: pg_sys::Relation, bound: &pg_sys::PartitionBoundSpec) -> *mut pg_sys::List {
    // SAFETY: the relation is pinned; works on a copy of the bound.
    unsafe {
        let state = pg_sys::make_parsestate(std::ptr::null_mut());
        let copy = node::copy(std::ptr::from_ref(bound).cast_mut().cast());
        let bound = guarded!(transformPartitionBound(state, parent, copy.cast()));
        pg_sys::get_qual_from_partbound(parent, bound)
    }
}

/// As one clause with constants folded.
fn simplified(clauses: *mut pg_sys::List) -> *mut pg_sys::List {
    // SAFETY: new nodes made of a list of transformed clauses.
    unsafe {
        let folded = pg_sys::eval_const_expressions(std::ptr::null_mut(), clauses.cast());
        let mut list = PgList::<pg_sys::Node>::new();
        list.push(pg_sys::make_ands_explicit(folded.cast()).cast());
        list.into_pg()
    }
}

/// That rows are not those of a partition with these clauses.
fn excluding(parent: Oid, clauses: *mut pg_sys::List) -> Condition {
    // SAFETY: works on a list of transformed clauses, of which it makes a new one.
    let clauses = unsafe { guarded!(get_proposed_default_constraint(clauses)) };
    Condition { of: parent, clauses }
}

/// The leaves that have to be read, found as the server does: below what is proved nothing is asked.
fn looked_at(condition: Condition, table: Oid, relations: &mut Relations) -> Option<LookedAt> {
    let condition = mapped(condition, table)?;
    let (mut scanned, mut visited) = (vec![], vec![]);
    let mut queue = vec![condition];
    while let Some(condition) = queue.pop() {
        visited.push(condition.of);
        if is_proved(condition.of, condition.clauses) {
            continue;
        }
        match relations.kind(condition.of) {
            Some(RelationKind::PartitionedTable) => {
                let below = children(condition.of).into_iter();
                queue.extend(below.filter_map(|child| mapped(condition, child)));
            }
            _ => scanned.extend(relations.with_rows(&[condition.of])),
        }
    }
    let bound = Bound {
        table,
        condition: text(condition),
        scanned,
    };
    Some(LookedAt { bound, visited })
}

/// A condition over the columns of another table of the tree.
fn mapped(condition: Condition, table: Oid) -> Option<Condition> {
    let clauses = with_relation(condition.of, |from| {
        with_relation(table, |to| {
            // SAFETY: both are pinned; the list is copied on the way.
            unsafe { guarded!(map_partition_varattnos(condition.clauses, 1, to, from)) }
        })
    })??;
    Some(Condition { of: table, clauses })
}

fn is_proved(table: Oid, clauses: *mut pg_sys::List) -> bool {
    // SAFETY: the relation is pinned; the function only reads.
    with_relation(table, |relation| unsafe {
        pg_sys::PartConstraintImpliedByRelConstraint(relation, clauses)
    })
    .unwrap_or(false)
}

/// A condition in words of SQL.
fn text(condition: Condition) -> String {
    let Some(name) = class_row(condition.of).map(|row| row.name("relname")) else {
        return String::new();
    };
    let name = std::ffi::CString::new(name).unwrap_or_default();
    // SAFETY: deparsing only reads.
    unsafe {
        let context = pg_sys::deparse_context_for(name.as_ptr(), condition.of.into());
        let expression = pg_sys::make_ands_explicit(condition.clauses);
        node::text(pg_sys::deparse_expression(expression.cast(), context, false, false))
    }
}
