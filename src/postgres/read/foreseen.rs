//! The rows that a statement would change or add if it ran now: for the explanation, which has no plan from the executor.
//!
//! It is planned as EXPLAIN would plan it. The locks that this takes are given back with the subtransaction, and one that is
//! not free within a millisecond is not waited for: then nothing is foreseen.

use std::ffi::CString;

use pgrx::pg_sys;
use pgrx::pg_sys::NodeTag::*;

use super::changes::{self, Source};
use super::create;
use super::walk;
use crate::model::change::Change;
use crate::model::relation::Oid;
use crate::postgres::node::{self, Node};
use crate::postgres::plan::Plan;

/// `lock_timeout` while it lives.
struct Impatience(i32);

impl Impatience {
    fn new() -> Self {
        // SAFETY: a setting of this process, put back when this is dropped.
        unsafe {
            let before = pg_sys::LockTimeout;
            pg_sys::LockTimeout = 1;
            Self(before)
        }
    }
}

impl Drop for Impatience {
    fn drop(&mut self) {
        // SAFETY: as above.
        unsafe { pg_sys::LockTimeout = self.0 };
    }
}

/// What is foreseen of a statement.
#[derive(Default)]
pub struct Foreseen {
    /// Each change of rows that others can see.
    pub changes: Vec<Change>,
    /// The rows that it adds to tables, if it adds any.
    pub rows_added: Option<i64>,
    /// The table that it adds them to, if that is there already.
    pub added_to: Option<Oid>,
    /// The rows of the tables that are read from end to end.
    pub rows_read: i64,
}

/// To be called in a subtransaction of its own, which an error undoes: one that the statement itself would raise, too.
pub fn foreseen(statement: Node, text: &str) -> Foreseen {
    let Some((query, fills)) = run(statement).filter(|(query, fills)| *fills || writes_rows(*query)) else {
        return Foreseen::default();
    };
    let Ok(text) = CString::new(text) else {
        return Default::default();
    };
    let _impatience = Impatience::new();
    let mut raw = pg_sys::RawStmt {
        type_: T_RawStmt,
        stmt: query,
        ..pg_sys::RawStmt::default()
    };
    // SAFETY: a copy of the parse tree, and a text that outlives the plans; the caller's snapshot is active.
    let plans = unsafe {
        let (raw, text) = (&raw mut raw, text.as_ptr());
        let queries = pg_sys::pg_analyze_and_rewrite_fixedparams(raw, text, std::ptr::null(), 0, std::ptr::null_mut());
        pg_sys::pg_plan_queries(
            queries,
            text,
            pg_sys::CURSOR_OPT_PARALLEL_OK as i32,
            std::ptr::null_mut(),
        )
    };
    let source = Source {
        query: text.as_ptr(),
        parameters: false,
    };
    let plans = node::list(plans).into_iter().filter(|plan| is_planned(*plan));
    let mut foreseen = Foreseen::default();
    for plan in plans.map(|plan| Plan::of(plan.cast())) {
        foreseen.changes.extend(changes::changes(plan, source));
        let filled = fills.then(|| changes::within_reason(plan.rows_returned(), plan));
        let added = changes::rows_added(plan).into_iter().chain(filled);
        foreseen.rows_added = foreseen.rows_added.into_iter().chain(added).reduce(i64::saturating_add);
        let added_to = plan.additions().into_iter().find_map(|addition| addition.relation);
        foreseen.added_to = foreseen.added_to.or(added_to);
        foreseen.rows_read += changes::rows_read(plan);
    }
    foreseen
}

/// A copy of the query that a statement runs, and whether a new table is filled by it.
fn run(statement: Node) -> Option<(Node, bool)> {
    match node::tag(statement) {
        T_ExplainStmt => node::cast::<pg_sys::ExplainStmt>(statement, T_ExplainStmt)
            .filter(|explain| node::option_on(explain.options, "analyze"))
            .and_then(|explain| run(explain.query)),
        T_CopyStmt => run(node::cast::<pg_sys::CopyStmt>(statement, T_CopyStmt)?.query),
        T_CreateTableAsStmt => {
            let create = node::cast::<pg_sys::CreateTableAsStmt>(statement, T_CreateTableAsStmt)?;
            // SAFETY: the parser gives every CREATE TABLE AS its target.
            let filled = unsafe { !(*create.into).skipData } && !create::is_there_already(create);
            run(create.query).filter(|_| filled).map(|(query, _)| (query, true))
        }
        _ if walk::is_query(statement) => {
            let copy = node::copy(statement);
            Some((copy, take_into(copy)))
        }
        _ => None,
    }
}

/// Takes the INTO out of a SELECT; whether there was one.
fn take_into(query: Node) -> bool {
    let found = walk::into_clause(query);
    if let Some(select) = found {
        // SAFETY: a copy of the parse tree, which is ours alone.
        unsafe { (*select).intoClause = std::ptr::null_mut() };
    }
    found.is_some()
}

/// Whether a query, or one inside it, changes rows or adds some.
fn writes_rows(query: Node) -> bool {
    matches!(
        node::tag(query),
        T_UpdateStmt | T_DeleteStmt | T_MergeStmt | T_InsertStmt
    ) || (!query.is_null() && walk::raw_statements(query).into_iter().any(writes_rows))
}

/// Whether it is no utility statement, as the action of a rule can be.
fn is_planned(plan: Node) -> bool {
    node::cast::<pg_sys::PlannedStmt>(plan, T_PlannedStmt).is_some_and(|plan| !plan.planTree.is_null())
}
