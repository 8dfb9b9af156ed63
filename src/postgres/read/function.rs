//! CREATE FUNCTION and PROCEDURE in SQL: what the server looks at in their bodies; `fmgr_sql_validator` of
//! `catalog/pg_proc.c`.

use std::ffi::c_int;

use pgrx::pg_sys;
use pgrx::pg_sys::FunctionParameterMode::{FUNC_PARAM_OUT, FUNC_PARAM_TABLE};
use pgrx::pg_sys::NodeTag::*;

use super::query::{self, Until};
use super::relations::Relations;
use super::types;
use super::walk;
use crate::model::facts::Statement;
use crate::postgres::node::{self, Node};

/// CREATE FUNCTION and PROCEDURE: a body of statements is analyzed, and rewritten if `check_function_bodies` says so; one
/// that is a string is both or neither.
pub fn create(function: &pg_sys::CreateFunctionStmt, relations: &mut Relations) -> Statement {
    let _settings = Settings::of(function);
    let checked = checks_bodies();
    if !function.sql_body.is_null() {
        let until = if checked { Until::Rewritten } else { Until::Analyzed };
        return query::statement(&walk::statements_of_body(function.sql_body), until, relations);
    }
    let Some(body) = text_in_sql(function).filter(|_| checked && !has_polymorphic_argument(function)) else {
        return Statement::NoExistingRelation;
    };
    // SAFETY: a NUL-terminated string of the parse tree.
    let parsed = unsafe { pg_sys::raw_parser(body.sval, pg_sys::RawParseMode::RAW_PARSE_DEFAULT) };
    let statements: Vec<Node> = node::list(parsed)
        .into_iter()
        .filter_map(|raw| node::cast::<pg_sys::RawStmt>(raw, T_RawStmt))
        .map(|raw| raw.stmt)
        .collect();
    // A query in a utility statement goes no further than `transformStmt` of `parser/analyze.c`.
    let (rewritten, utility): (Vec<Node>, Vec<Node>) =
        statements.into_iter().partition(|statement| is_plain(*statement));
    let analyzed: Vec<Node> = utility.into_iter().filter_map(inner).collect();
    Statement::Several(vec![
        query::statement(&rewritten, Until::Rewritten, relations),
        query::statement(&analyzed, Until::Analyzed, relations),
    ])
}

fn checks_bodies() -> bool {
    // SAFETY: a setting of the server.
    unsafe { pg_sys::check_function_bodies }
}

/// Whether it is a query that makes no table.
fn is_plain(statement: Node) -> bool {
    walk::is_query(statement) && !walk::makes_table(statement)
}

/// The query in a utility statement.
fn inner(statement: Node) -> Option<Node> {
    let query = match node::tag(statement) {
        T_ExplainStmt => node::cast::<pg_sys::ExplainStmt>(statement, T_ExplainStmt)?.query,
        T_DeclareCursorStmt => node::cast::<pg_sys::DeclareCursorStmt>(statement, T_DeclareCursorStmt)?.query,
        T_CreateTableAsStmt => node::cast::<pg_sys::CreateTableAsStmt>(statement, T_CreateTableAsStmt)?.query,
        _ => return Some(statement).filter(|statement| walk::is_query(*statement)),
    };
    inner(query)
}

/// The string that is the body of a function in SQL.
fn text_in_sql(function: &pg_sys::CreateFunctionStmt) -> Option<&pg_sys::String> {
    let option = |name| options(function).find(|option| node::text(option.defname) == name);
    let language = node::cast::<pg_sys::String>(option("language")?.arg, T_String)?;
    let body = node::list(option("as")?.arg.cast()).first().copied()?;
    node::cast::<pg_sys::String>(body, T_String).filter(|_| node::text(language.sval) == "sql")
}

fn options<'a>(function: &pg_sys::CreateFunctionStmt) -> impl Iterator<Item = &'a pg_sys::DefElem> {
    let options = node::list(function.options).into_iter();
    options.filter_map(|option| node::cast::<pg_sys::DefElem>(option, T_DefElem))
}

/// As long as the types of its arguments are not known, a body is only parsed.
fn has_polymorphic_argument(function: &pg_sys::CreateFunctionStmt) -> bool {
    node::list(function.parameters)
        .into_iter()
        .filter_map(|parameter| node::cast::<pg_sys::FunctionParameter>(parameter, T_FunctionParameter))
        .filter(|parameter| !matches!(parameter.mode, FUNC_PARAM_OUT | FUNC_PARAM_TABLE))
        .any(|parameter| types::is_polymorphic(types::written(parameter.argType, true)))
}

/// The settings that a function brings along, as far as they matter to its body, in force while this lives:
/// `ProcedureCreate` of `catalog/pg_proc.c`. Statements are resolved when they are parsed, before that.
struct Settings(c_int);

impl Settings {
    fn of(function: &pg_sys::CreateFunctionStmt) -> Self {
        // SAFETY: undone when this is dropped, or else with the subtransaction.
        let level = Self(unsafe { pg_sys::NewGUCNestLevel() });
        let settings = options(function)
            .filter(|option| node::text(option.defname) == "set")
            .filter_map(|option| node::cast::<pg_sys::VariableSetStmt>(option.arg, T_VariableSetStmt))
            .filter(|setting| setting.kind == pg_sys::VariableSetKind::VAR_SET_VALUE && checks_bodies());
        for setting in settings {
            let matters = match node::text(setting.name).to_lowercase().as_str() {
                "search_path" => function.sql_body.is_null(),
                "check_function_bodies" => true,
                _ => false,
            };
            if matters {
                // SAFETY: a name and values of the parse tree.
                unsafe { pg_sys::SetPGVariable(setting.name, setting.args, true) };
            }
        }
        level
    }
}

impl Drop for Settings {
    fn drop(&mut self) {
        // SAFETY: ends the level begun above as if it had failed, so that everything is as before.
        unsafe { pg_sys::AtEOXact_GUC(false, self.0) };
    }
}
