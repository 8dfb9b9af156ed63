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

/// The function calls of an expression.
pub fn calls<'a>(expression: Node) -> Vec<&'a pg_sys::FuncExpr> {
    let mut found: Vec<Node> = vec![];
    // SAFETY: an expression, which is only read; the callback knows the vector's type.
    unsafe { pg_sys::ffi::pg_guard_ffi_boundary(|| collect_calls(expression, (&raw mut found).cast())) };
    found
        .into_iter()
        .filter_map(|call| node::cast(call, NodeTag::T_FuncExpr))
        .collect()
}

/// # Safety
/// `found` is the vector of [`calls`].
unsafe extern "C-unwind" fn collect_calls(node: *mut pg_sys::Node, found: *mut c_void) -> bool {
    // SAFETY: as the caller promises; a null pointer has no tag.
    unsafe {
        if node::tag(node) == NodeTag::T_FuncExpr {
            (*found.cast::<Vec<Node>>()).push(node);
        }
        !node.is_null() && expression_tree_walker(node, collect_calls, found)
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

/// The columns that an expression of the raw parse tree names, each once.
pub fn column_names(expression: Node) -> Vec<String> {
    let mut found: Vec<Node> = vec![];
    // SAFETY: a node of the raw parse tree, which is only read; the callback knows the vector's type.
    unsafe { pg_sys::ffi::pg_guard_ffi_boundary(|| collect_columns(expression.cast(), (&raw mut found).cast())) };
    let last = |column: &Node| {
        let fields = node::list(node::cast::<pg_sys::ColumnRef>(*column, NodeTag::T_ColumnRef)?.fields);
        let name = node::cast::<pg_sys::String>(*fields.last()?, NodeTag::T_String)?;
        Some(node::text(name.sval))
    };
    let mut names: Vec<String> = found.iter().filter_map(last).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// # Safety
/// `found` is the vector of [`column_names`].
unsafe extern "C-unwind" fn collect_columns(node: *mut pg_sys::Node, found: *mut c_void) -> bool {
    // SAFETY: as the caller promises; a null pointer has no tag.
    unsafe {
        if node::tag(node) == NodeTag::T_ColumnRef {
            (*found.cast::<Vec<Node>>()).push(node);
            return false;
        }
        !node.is_null() && raw_expression_tree_walker(node, collect_columns, found)
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
pub fn raw_statements_at(node: Node) -> Vec<Node> {
    if is_query(node) {
        vec![node]
    } else {
        raw_statements(node)
    }
}

/// Whether a query is a SELECT INTO, which stands in the first of a UNION.
pub fn makes_table(query: Node) -> bool {
    into_clause(query).is_some()
}

/// The SELECT that has the INTO.
pub fn into_clause(query: Node) -> Option<*mut pg_sys::SelectStmt> {
    if node::tag(query) != NodeTag::T_SelectStmt {
        return None;
    }
    let mut select: *mut pg_sys::SelectStmt = query.cast();
    // SAFETY: a SelectStmt, the left one of which is null or another.
    unsafe {
        while !(*select).larg.is_null() {
            select = (*select).larg;
        }
        (!(*select).intoClause.is_null()).then_some(select)
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
