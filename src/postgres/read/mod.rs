//! From a parse tree and the live catalog to facts.
//!
//! Called inside [`super::subtransaction::reading`]. Nothing here decides anything: what a fact means is the business of
//! the profile floor. A statement that is not modelled says so.

mod add_column;
mod added;
mod alter_constraint;
mod alter_table;
mod changes;
mod column_definition;
mod column_type;
mod columns;
mod composite_type;
mod constraint;
mod constraints;
mod context;
mod create;
mod deletion;
mod dependencies;
mod domain;
mod drop;
mod enable_trigger;
mod expressions;
mod faults;
mod foreign_key;
mod foreseen;
mod function;
mod index;
mod index_constraint;
mod index_match;
mod maintenance;
mod not_null;
mod object_names;
mod objects;
mod oids;
mod owned;
mod owners;
mod partition;
mod partition_bound;
mod partition_key;
mod permission;
mod publication;
mod query;
mod relations;
mod rename;
mod rewrites;
mod size;
mod standing;
mod statements;
mod storage;
mod subcommands;
mod transaction;
mod types;
mod view;
mod walk;
mod written;

use pgrx::pg_sys;

use crate::model::facts::{Facts, Statement};
use crate::postgres::node::{self, Node};
pub use changes::{Source, as_written as changes_as_written, changes, rows_added, rows_read};
pub use columns::exists as has_column;
pub use constraints::{is_name_taken, not_null_to_validate};
pub use foreseen::foreseen;
use relations::{Relations, written_name};
pub use relations::{one as relation, with_relation};
pub use size::measure;
pub use transaction::{commits_for_concurrency, doomed_by, fails_in_block, fails_read_only, held_tables, roots};

/// Whether a utility statement is one the guard looks at at all. This is the one branch that every other statement costs.
pub fn is_ours(statement: Node) -> bool {
    use pg_sys::NodeTag::*;
    !matches!(
        node::tag(statement),
        T_Invalid
            | T_TransactionStmt
            | T_VariableSetStmt
            | T_VariableShowStmt
            | T_FetchStmt
            | T_ClosePortalStmt
            | T_DeclareCursorStmt
            | T_PrepareStmt
            | T_ExecuteStmt
            | T_DeallocateStmt
            | T_DiscardStmt
            | T_ListenStmt
            | T_NotifyStmt
            | T_UnlistenStmt
            | T_CheckPointStmt
            | T_ConstraintsSetStmt
            | T_ExplainStmt
            | T_CopyStmt
            | T_CallStmt
            | T_DoStmt
            | T_LoadStmt
            | T_AlterSystemStmt
    )
}

/// The facts of a statement. What the `earlier` ones, which have not run yet, do to its table is taken for done as far as
/// constraints and columns go.
pub fn facts(statement: Node, earlier: &[Node]) -> Facts {
    let mut relations = Relations::after(earlier);
    let mut read = statements::read(statement, &mut relations);
    for relation in rewrites::rewritten(&read) {
        relations.indexes(relation);
    }
    let permitted = permission::permitted(&read, node::tag(statement));
    // What an earlier one is to make is no fault.
    if permitted && earlier.is_empty() {
        read = faults::found(statement, read);
    }
    Facts {
        command_tag: node::command_tag(statement),
        commits_internally: commits_internally(statement, &read),
        statement: read,
        tables: relations.into_tables(),
        permitted,
    }
}

/// Whether a statement begins (true) or ends (false) a transaction block; `None` if it does neither.
pub fn transaction_boundary(statement: Node) -> Option<bool> {
    use pg_sys::TransactionStmtKind::*;
    let kind = node::cast::<pg_sys::TransactionStmt>(statement, pg_sys::NodeTag::T_TransactionStmt)?.kind;
    match kind {
        TRANS_STMT_BEGIN | TRANS_STMT_START => Some(true),
        TRANS_STMT_COMMIT | TRANS_STMT_ROLLBACK | TRANS_STMT_PREPARE => Some(false),
        _ => None,
    }
}

/// The relation a statement creates, by its name as written.
pub fn created_relation(statement: Node) -> Option<String> {
    use pg_sys::NodeTag::*;
    let range_var = match node::tag(statement) {
        T_CreateStmt => node::cast::<pg_sys::CreateStmt>(statement, T_CreateStmt)?.relation,
        T_CreateForeignTableStmt => {
            node::cast::<pg_sys::CreateForeignTableStmt>(statement, T_CreateForeignTableStmt)?
                .base
                .relation
        }
        T_ViewStmt => node::cast::<pg_sys::ViewStmt>(statement, T_ViewStmt)?.view,
        T_CreateSeqStmt => node::cast::<pg_sys::CreateSeqStmt>(statement, T_CreateSeqStmt)?.sequence,
        T_CreateTableAsStmt => {
            // SAFETY: the parser gives every CREATE TABLE AS its target.
            unsafe { (*node::cast::<pg_sys::CreateTableAsStmt>(statement, T_CreateTableAsStmt)?.into).rel }
        }
        T_IndexStmt => {
            let index = node::cast::<pg_sys::IndexStmt>(statement, T_IndexStmt)?;
            return node::optional_text(index.idxname);
        }
        _ => return None,
    };
    // SAFETY: a RangeVar of the parse tree.
    unsafe { range_var.as_ref() }.map(written_name)
}

/// Commands that start and end transactions of their own.
fn commits_internally(node: Node, statement: &Statement) -> bool {
    match statement {
        Statement::AlterTable(_) => alter_table::detaches_concurrently(node),
        Statement::CreateIndex(index) => index.concurrently,
        Statement::DropIndex { concurrently, .. } => *concurrently,
        Statement::Reindex {
            concurrently,
            one_by_one,
            ..
        } => *concurrently || *one_by_one,
        Statement::Copy { one_by_one, .. } => *one_by_one,
        Statement::Vacuum { .. } => true,
        Statement::Several(statements) => statements.iter().any(|each| commits_internally(node, each)),
        _ => false,
    }
}
