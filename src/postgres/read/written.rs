//! UPDATE and DELETE as they stand in the text that was sent: what a plan does not tell.
//!
//! The text is parsed once more, because the executor gets no parse tree. Where it says nothing (the body of a function in
//! SQL is kept as a tree), or more than one of its statements could be meant, nothing is claimed.

use std::ffi::{CStr, CString, c_char};

use pgrx::pg_sys;
use pgrx::pg_sys::NodeTag::*;

use super::relations::{children, class_row, resolve};
use super::walk;
use crate::model::change::{Verb, Written};
use crate::model::relation::Oid;
use crate::postgres::contain::contained;
use crate::postgres::encoding::decode;
use crate::postgres::node::{self, Node};

/// An UPDATE or DELETE of the text.
pub struct Found {
    /// What it does.
    pub verb: Verb,
    /// The relation that it names.
    pub relation: Option<Oid>,
    /// It has a WHERE.
    pub has_where: bool,
    /// Itself.
    pub written: Written,
}

/// Every UPDATE and DELETE of a piece of a query string.
pub fn statements(query: *const c_char, location: i32, length: i32, parameters: bool) -> Vec<Found> {
    let Ok(text) = CString::new(node::statement_bytes(query, location, length)) else {
        return vec![];
    };
    // The parser takes nothing but memory, so its error needs no subtransaction.
    let parsed = contained(|| {
        // SAFETY: a NUL-terminated string, which outlives the tree.
        node::list(unsafe { pg_sys::raw_parser(text.as_ptr(), pg_sys::RawParseMode::RAW_PARSE_DEFAULT) })
    });
    let mut found = vec![];
    for raw in parsed.unwrap_or_default() {
        if let Some(raw) = node::cast::<pg_sys::RawStmt>(raw, T_RawStmt) {
            collect(raw.stmt, &text, false, &mut found);
        }
    }
    found.iter_mut().for_each(|each| each.written.parameters = parameters);
    found
}

/// The one that changes this relation, and whether it names it and no view of it.
pub fn of(found: &[Found], verb: Verb, relation: Oid) -> Option<(&Found, bool)> {
    let alike = || found.iter().filter(move |each| each.verb == verb);
    let named = alike()
        .filter(|each| each.relation == Some(relation))
        .collect::<Vec<_>>();
    let views = alike()
        .filter(|each| each.relation.is_some_and(is_view))
        .collect::<Vec<_>>();
    match (&named[..], &views[..]) {
        ([one], []) => Some((one, true)),
        ([], [one]) => Some((one, false)),
        _ => None,
    }
}

fn is_view(relation: Oid) -> bool {
    class_row(relation).is_some_and(|row| row.letter("relkind") == b'v')
}

/// A statement, what it wraps, and the queries inside it.
fn collect(statement: Node, text: &CStr, inside: bool, found: &mut Vec<Found>) {
    let wrapped = match node::tag(statement) {
        T_ExplainStmt => node::cast::<pg_sys::ExplainStmt>(statement, T_ExplainStmt).map(|outer| outer.query),
        T_CopyStmt => node::cast::<pg_sys::CopyStmt>(statement, T_CopyStmt).map(|outer| outer.query),
        T_PrepareStmt => node::cast::<pg_sys::PrepareStmt>(statement, T_PrepareStmt).map(|outer| outer.query),
        T_DeclareCursorStmt => {
            node::cast::<pg_sys::DeclareCursorStmt>(statement, T_DeclareCursorStmt).map(|outer| outer.query)
        }
        T_CreateTableAsStmt => {
            node::cast::<pg_sys::CreateTableAsStmt>(statement, T_CreateTableAsStmt).map(|outer| outer.query)
        }
        _ => None,
    };
    if let Some(wrapped) = wrapped {
        return collect(wrapped, text, inside, found);
    }
    if !walk::is_query(statement) {
        return;
    }
    found.extend(read(statement, text, inside));
    for query in walk::raw_statements(statement) {
        collect(query, text, true, found);
    }
}

fn read(statement: Node, text: &CStr, inside: bool) -> Option<Found> {
    let (verb, relation, condition, joins) = match node::tag(statement) {
        T_UpdateStmt => {
            let update = node::cast::<pg_sys::UpdateStmt>(statement, T_UpdateStmt)?;
            let joins = !update.fromClause.is_null() || !update.withClause.is_null();
            (Verb::Update, update.relation, update.whereClause, joins)
        }
        T_DeleteStmt => {
            let delete = node::cast::<pg_sys::DeleteStmt>(statement, T_DeleteStmt)?;
            let joins = !delete.usingClause.is_null() || !delete.withClause.is_null();
            (Verb::Delete, delete.relation, delete.whereClause, joins)
        }
        _ => return None,
    };
    // SAFETY: the parser gives each of these its relation, and maybe an alias.
    let (table, alias) = unsafe {
        let table = relation.as_ref()?;
        let alias = table.alias.as_ref().map(|alias| node::text(alias.aliasname));
        (table, alias)
    };
    let start = usize::try_from(table.location).ok()?;
    let relation = resolve(table);
    Some(Found {
        verb,
        relation,
        has_where: !condition.is_null(),
        written: Written {
            text: decode(text.to_bytes().get(start..)?),
            alias,
            joins,
            only: !table.inh && relation.is_some_and(|relation| !children(relation).is_empty()),
            inside,
            parameters: false,
        },
    })
}
