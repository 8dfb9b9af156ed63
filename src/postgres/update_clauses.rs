//! Reads the SET list and the condition of an UPDATE that a user passed as text, with PostgreSQL's own parser.
//!
//! Each is parsed alone, without the statement it will be put into, so that text which only makes sense in a particular
//! surrounding (`true) OR (true`, `a = 1 WHERE …`, a second statement) is an error and changes no meaning. Names are not
//! resolved here: the server does that when it explains the whole statement.

use std::ffi::{CStr, CString};

use pgrx::{PgList, pg_sys};

/// The columns that a SET list assigns, or what is wrong with its shape. A syntax error is raised by the parser itself.
pub fn assigned_columns(assignments: &str) -> Result<Vec<String>, &'static str> {
    const NOT_A_LIST: &str = "assignments must be the SET list of an UPDATE and nothing else";
    let update = parse_update(&format!("UPDATE t SET {assignments}\n")).ok_or(NOT_A_LIST)?;
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

/// Fails unless the text is one expression that can stand after WHERE. A syntax error is raised by the parser itself.
pub fn check_condition(condition: &str) -> Result<(), &'static str> {
    const NOT_AN_EXPRESSION: &str = "condition must be one expression and nothing else";
    let update = parse_update(&format!("UPDATE t SET c = NULL WHERE {condition}\n")).ok_or(NOT_AN_EXPRESSION)?;
    // SAFETY: `update` is a parse tree that the current memory context keeps alive.
    if unsafe { (*update).whereClause.is_null() || returns(update) } {
        return Err(NOT_AN_EXPRESSION);
    }
    Ok(())
}

/// The tree of `statement`, if it is a single UPDATE.
fn parse_update(statement: &str) -> Option<*mut pg_sys::UpdateStmt> {
    let statement = CString::new(statement).ok()?;
    // SAFETY: the string is terminated and outlives the call. The parser only allocates in the current memory context,
    // and the nodes read are those that it returned, checked by tag before the cast.
    unsafe {
        let statements = PgList::<pg_sys::RawStmt>::from_pg(pg_sys::raw_parser(
            statement.as_ptr(),
            pg_sys::RawParseMode::RAW_PARSE_DEFAULT,
        ));
        if statements.len() != 1 {
            return None;
        }
        let node = (*statements.get_ptr(0)?).stmt;
        ((*node).type_ == pg_sys::NodeTag::T_UpdateStmt).then(|| node.cast())
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
