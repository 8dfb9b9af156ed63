//! Reads the SET list and the condition of an UPDATE that a user passed as text, with PostgreSQL's own parser.
//!
//! Each is parsed alone, without the statement it will be put into, so that text which only makes sense in a particular
//! surrounding (`true) OR (true`, `a = 1 WHERE …`, a second statement) is an error and changes no meaning. Names are not
//! resolved here: the server does that when it explains the whole statement.

use std::ffi::{CStr, CString};

use pgrx::{PgList, PgTryBuilder, pg_sys};

/// Why a clause cannot be used.
pub enum Fault {
    /// The parser rejects it. Whoever lets the server run the same text gets its error with every field.
    Syntax,
    /// It parses, but as something else.
    Shape(&'static str),
}

/// The columns that a SET list assigns.
pub fn assigned_columns(assignments: &str) -> Result<Vec<String>, Fault> {
    const NOT_A_LIST: Fault = Fault::Shape("assignments must be the SET list of an UPDATE and nothing else");
    let update = parse_update(&format!("UPDATE t SET {assignments}\n"))?.ok_or(NOT_A_LIST)?;
    // SAFETY: `update` is a parse tree that the current memory context keeps alive; its targetList holds ResTargets.
    unsafe {
        if !(*update).whereClause.is_null() || !(*update).fromClause.is_null() || returns(update) {
            return Err(NOT_A_LIST);
        }
        let targets = PgList::<pg_sys::ResTarget>::from_pg((*update).targetList);
        Ok(targets
            .iter_ptr()
            .map(|target| CStr::from_ptr((*target).name).to_string_lossy().into_owned())
            .collect())
    }
}

/// Fails unless the text is one expression that can stand after WHERE.
pub fn check_condition(condition: &str) -> Result<(), Fault> {
    const NOT_AN_EXPRESSION: Fault = Fault::Shape("condition must be one expression and nothing else");
    let update = parse_update(&format!("UPDATE t SET c = NULL WHERE {condition}\n"))?.ok_or(NOT_AN_EXPRESSION)?;
    // SAFETY: `update` is a parse tree that the current memory context keeps alive.
    if unsafe { (*update).whereClause.is_null() || returns(update) } {
        return Err(NOT_AN_EXPRESSION);
    }
    Ok(())
}

/// The tree of `statement`, if it is a single UPDATE.
fn parse_update(statement: &str) -> Result<Option<*mut pg_sys::UpdateStmt>, Fault> {
    let Ok(statement) = CString::new(statement) else {
        return Ok(None);
    };
    // The parser only allocates in the current memory context, so its error can be caught without a subtransaction.
    let statements = PgTryBuilder::new(|| {
        // SAFETY: the string is terminated and outlives the call.
        Some(unsafe { pg_sys::raw_parser(statement.as_ptr(), pg_sys::RawParseMode::RAW_PARSE_DEFAULT) })
    })
    .catch_others(|_| None)
    .execute()
    .ok_or(Fault::Syntax)?;
    // SAFETY: the parser returned a list of RawStmts, each with a node, and the tag is checked before the cast.
    unsafe {
        let statements = PgList::<pg_sys::RawStmt>::from_pg(statements);
        let [statement] = statements.iter_ptr().collect::<Vec<_>>()[..] else {
            return Ok(None);
        };
        let node = (*statement).stmt;
        Ok(((*node).type_ == pg_sys::NodeTag::T_UpdateStmt).then(|| node.cast()))
    }
}

/// # Safety
/// `update` points to a live parse tree.
unsafe fn returns(update: *mut pg_sys::UpdateStmt) -> bool {
    // SAFETY: by the contract above.
    unsafe {
        #[cfg(feature = "pg18")]
        return !(*update).returningClause.is_null();
        #[cfg(not(feature = "pg18"))]
        return !(*update).returningList.is_null();
    }
}
