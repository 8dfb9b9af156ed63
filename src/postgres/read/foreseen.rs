//! The rows that a statement would change if it ran now: for the explanation, which has no plan from the executor.
//!
//! It is planned as EXPLAIN would plan it. The locks that this takes are given back with the subtransaction, and one that is
//! not free within a millisecond is not waited for: then nothing is foreseen.

use std::ffi::CString;

use pgrx::pg_sys;
use pgrx::pg_sys::NodeTag::*;

use super::changes::{self, Source};
use super::walk;
use crate::model::change::Change;
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

/// Each change of rows that others can see, and the rows of the tables that are read from end to end. To be called in a subtransaction of its own, which an error undoes: one that
/// the statement itself would raise, too.
pub fn changes(statement: Node, text: &str) -> (Vec<Change>, i64) {
    let Some(query) = run(statement).filter(|query| changes_rows(*query)) else {
        return Default::default();
    };
    let Ok(text) = CString::new(text) else {
        return Default::default();
    };
    let _impatience = Impatience::new();
    let mut raw = pg_sys::RawStmt {
        type_: T_RawStmt,
        stmt: node::copy(query),
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
    let mut foreseen = (vec![], 0);
    for plan in plans.map(|plan| Plan::of(plan.cast())) {
        foreseen.0.extend(changes::changes(plan, source));
        foreseen.1 += changes::rows_read(plan);
    }
    foreseen
}

/// The query that a statement runs.
fn run(statement: Node) -> Option<Node> {
    match node::tag(statement) {
        T_ExplainStmt => node::cast::<pg_sys::ExplainStmt>(statement, T_ExplainStmt)
            .filter(|explain| node::option_on(explain.options, "analyze"))
            .map(|explain| explain.query),
        T_CopyStmt => node::cast::<pg_sys::CopyStmt>(statement, T_CopyStmt).map(|copy| copy.query),
        _ => Some(statement).filter(|statement| walk::is_query(*statement)),
    }
}

/// Whether a query, or one inside it, changes rows that are there.
fn changes_rows(query: Node) -> bool {
    matches!(node::tag(query), T_UpdateStmt | T_DeleteStmt | T_MergeStmt)
        || (!query.is_null() && walk::raw_statements(query).into_iter().any(changes_rows))
}

/// Whether it is no utility statement, as the action of a rule can be.
fn is_planned(plan: Node) -> bool {
    node::cast::<pg_sys::PlannedStmt>(plan, T_PlannedStmt).is_some_and(|plan| !plan.planTree.is_null())
}
