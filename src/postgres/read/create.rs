//! CREATE TABLE and CREATE VIEW: what they lock beside what they make.

use pgrx::pg_sys;

use super::relations::{Relations, resolve};
use crate::model::facts::Statement;
use crate::model::lock_mode::LockMode;
use crate::postgres::node::{self, Node};

/// CREATE TABLE by itself locks nothing that exists; with a parent or a foreign key it is not modelled.
pub fn table(statement: Node) -> Statement {
    let Some(create) = node::cast::<pg_sys::CreateStmt>(statement, pg_sys::NodeTag::T_CreateStmt) else {
        return Statement::Unmodelled { relation: None };
    };
    let parts = node::list(create.tableElts);
    let refers = parts.iter().any(|part| is_foreign_key(*part) || column_refers(*part));
    if refers || !create.inhRelations.is_null() || !create.partbound.is_null() {
        return Statement::Unmodelled { relation: None };
    }
    Statement::NoExistingRelation
}

fn is_foreign_key(part: Node) -> bool {
    node::cast::<pg_sys::Constraint>(part, pg_sys::NodeTag::T_Constraint)
        .is_some_and(|constraint| constraint.contype == pg_sys::ConstrType::CONSTR_FOREIGN)
}

fn column_refers(part: Node) -> bool {
    node::cast::<pg_sys::ColumnDef>(part, pg_sys::NodeTag::T_ColumnDef)
        .is_some_and(|column| node::list(column.constraints).into_iter().any(is_foreign_key))
}

/// CREATE VIEW; OR REPLACE locks the view that is replaced: `DefineVirtualRelation` of `commands/view.c`.
pub fn view(statement: Node, relations: &mut Relations) -> Statement {
    let Some(view) = node::cast::<pg_sys::ViewStmt>(statement, pg_sys::NodeTag::T_ViewStmt) else {
        return Statement::Unmodelled { relation: None };
    };
    match resolve(view.view).filter(|oid| view.replace && relations.load(*oid).is_some()) {
        Some(replaced) => Statement::LocksOnly(vec![(replaced, LockMode::AccessExclusive)]),
        None => Statement::NoExistingRelation,
    }
}
