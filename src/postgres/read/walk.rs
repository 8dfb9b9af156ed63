//! Queries inside a query: those of its FROM clause, its WITH clause and its expressions.

use std::ffi::c_void;

use pgrx::pg_sys;
use pgrx::pg_sys::NodeTag;

use crate::postgres::node::{self, Node};

type Walker = unsafe extern "C-unwind" fn(*mut pg_sys::Node, *mut c_void) -> bool;

// Of `nodes/nodeFuncs.h`. SAFETY: declared as there; 16 made macros of the names. What the callbacks do between the
// server's functions has nothing to drop, so that an error may jump over them.
unsafe extern "C-unwind" {
    #[cfg_attr(not(feature = "pg15"), link_name = "query_tree_walker_impl")]
    fn query_tree_walker(query: *mut pg_sys::Query, walker: Walker, found: *mut c_void, flags: i32) -> bool;
    #[cfg_attr(not(feature = "pg15"), link_name = "expression_tree_walker_impl")]
    fn expression_tree_walker(node: *mut pg_sys::Node, walker: Walker, found: *mut c_void) -> bool;
    #[cfg_attr(not(feature = "pg15"), link_name = "raw_expression_tree_walker_impl")]
    fn raw_expression_tree_walker(node: *mut pg_sys::Node, walker: Walker, found: *mut c_void) -> bool;
}

/// An analyzed query and all queries inside it.
pub fn queries(query: *mut pg_sys::Query) -> Vec<*mut pg_sys::Query> {
    let mut found = vec![query];
    let mut next = 0;
    while let Some(query) = found.get(next).copied() {
        found.extend(directly_inside(query, 0));
        next += 1;
    }
    found
}

/// The queries directly inside an analyzed one that are not in its FROM clause.
pub fn beside_from(query: *mut pg_sys::Query) -> Vec<*mut pg_sys::Query> {
    directly_inside(query, pg_sys::QTW_IGNORE_RT_SUBQUERIES as i32)
}

fn directly_inside(query: *mut pg_sys::Query, flags: i32) -> Vec<*mut pg_sys::Query> {
    let mut inside: Vec<*mut pg_sys::Query> = vec![];
    let flags = flags | pg_sys::QTW_IGNORE_JOINALIASES as i32;
    // SAFETY: a Query of the server, which is only read; the callback knows the vector's type.
    unsafe {
        pg_sys::ffi::pg_guard_ffi_boundary(|| {
            query_tree_walker(query, collect_queries, (&raw mut inside).cast(), flags)
        })
    };
    inside
}

/// # Safety
/// `found` is the vector of [`directly_inside`].
unsafe extern "C-unwind" fn collect_queries(node: *mut pg_sys::Node, found: *mut c_void) -> bool {
    // SAFETY: as the caller promises; a null pointer has no tag.
    unsafe {
        match node::tag(node) {
            NodeTag::T_Invalid => false,
            NodeTag::T_Query => {
                (*found.cast::<Vec<*mut pg_sys::Query>>()).push(node.cast());
                false
            }
            _ => expression_tree_walker(node, collect_queries, found),
        }
    }
}

/// The statements directly inside a node of the raw parse tree, which is not counted itself.
pub fn raw_statements(within: Node) -> Vec<Node> {
    let mut inside: Vec<Node> = vec![];
    // SAFETY: a node of the raw parse tree, which is only read; the callback knows the vector's type.
    unsafe {
        pg_sys::ffi::pg_guard_ffi_boundary(|| {
            raw_expression_tree_walker(within, collect_statements, (&raw mut inside).cast())
        })
    };
    inside
}

/// # Safety
/// `found` is the vector of [`raw_statements`].
unsafe extern "C-unwind" fn collect_statements(node: *mut pg_sys::Node, found: *mut c_void) -> bool {
    // SAFETY: as the caller promises; a null pointer has no tag.
    unsafe {
        if is_query(node) {
            (*found.cast::<Vec<Node>>()).push(node);
        }
        !node.is_null() && !is_query(node) && raw_expression_tree_walker(node, collect_statements, found)
    }
}

/// The statements of a function's body in SQL: RETURN with what it computes, or BEGIN ATOMIC with lists of statements, where
/// there may be nothing between two semicolons.
pub fn statements_of_body(body: Node) -> Vec<Node> {
    match node::tag(body) {
        NodeTag::T_List => node::list(body.cast())
            .into_iter()
            .flat_map(statements_of_body)
            .collect(),
        NodeTag::T_ReturnStmt => node::cast::<pg_sys::ReturnStmt>(body, NodeTag::T_ReturnStmt)
            .map_or_else(Vec::new, |body| raw_statements_at(body.returnval)),
        _ if is_query(body) => vec![body],
        _ => vec![],
    }
}

/// The statement that a node is, or else those directly inside it.
fn raw_statements_at(node: Node) -> Vec<Node> {
    if is_query(node) {
        vec![node]
    } else {
        raw_statements(node)
    }
}

/// Whether a node of the raw parse tree is a query.
pub fn is_query(node: Node) -> bool {
    use NodeTag::*;
    matches!(
        node::tag(node),
        T_SelectStmt | T_InsertStmt | T_UpdateStmt | T_DeleteStmt | T_MergeStmt
    )
}
