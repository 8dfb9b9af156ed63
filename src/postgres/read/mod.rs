//! From a parse tree and the live catalog to facts.
//!
//! Called inside [`super::subtransaction::reading`]. Nothing here decides anything: what a fact means is the business of
//! the profile floor. A statement that is not modelled says so.

mod add_column;
mod alter_constraint;
mod alter_table;
mod column_type;
mod columns;
mod composite_type;
mod constraint;
mod constraints;
mod create;
mod dependencies;
mod domain;
mod drop;
mod enable_trigger;
mod expressions;
mod foreign_key;
mod index;
mod index_constraint;
mod index_match;
mod maintenance;
mod not_null;
mod object_names;
mod oids;
mod owned;
mod owners;
mod partition;
mod partition_bound;
mod partition_key;
mod permission;
mod relations;
mod rewrites;
mod size;
mod storage;
mod types;

use pgrx::pg_sys;

use crate::model::facts::{Facts, Statement};
use crate::model::lock_mode::LockMode;
use crate::model::relation::RelationKind;
use crate::postgres::node::{self, Node};
use relations::{Relations, resolve, written_name};
pub use relations::{one as relation, with_relation};
pub use size::measure;

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
    let read = self::statement(statement, &mut relations);
    for relation in rewrites::rewritten(&read) {
        relations.indexes(relation);
    }
    let permitted = permission::permitted(&read);
    Facts {
        command_tag: node::command_tag(statement),
        commits_internally: commits_internally(statement, &read),
        statement: read,
        tables: relations.into_tables(),
        permitted,
    }
}

fn statement(statement: Node, relations: &mut Relations) -> Statement {
    use pg_sys::NodeTag::*;
    macro_rules! read {
        ($tag:ident, $type:ident, $read:expr) => {
            match node::cast::<pg_sys::$type>(statement, $tag) {
                Some(node) => $read(node, relations),
                None => Statement::Unmodelled { relation: None },
            }
        };
    }
    match node::tag(statement) {
        T_AlterTableStmt => read!(T_AlterTableStmt, AlterTableStmt, alter_table),
        T_IndexStmt => read!(T_IndexStmt, IndexStmt, index::create),
        T_ReindexStmt => read!(T_ReindexStmt, ReindexStmt, index::reindex),
        T_ClusterStmt => read!(T_ClusterStmt, ClusterStmt, maintenance::cluster),
        T_VacuumStmt => read!(T_VacuumStmt, VacuumStmt, maintenance::vacuum),
        T_RefreshMatViewStmt => read!(T_RefreshMatViewStmt, RefreshMatViewStmt, maintenance::refresh),
        T_AlterDomainStmt => read!(T_AlterDomainStmt, AlterDomainStmt, domain::alter),
        T_TruncateStmt => read!(T_TruncateStmt, TruncateStmt, drop::truncate),
        T_DropOwnedStmt => read!(T_DropOwnedStmt, DropOwnedStmt, owned::drop),
        T_ReassignOwnedStmt => read!(T_ReassignOwnedStmt, ReassignOwnedStmt, owned::reassign),
        T_DropStmt => read!(T_DropStmt, DropStmt, drop::drop),
        _ => other(statement, relations),
    }
}

fn alter_table(statement: &pg_sys::AlterTableStmt, relations: &mut Relations) -> Statement {
    // SAFETY: the parser gives every ALTER TABLE its relation.
    let range_var = unsafe { &*statement.relation };
    let Some(target) = resolve(range_var) else {
        let name = written_name(range_var);
        return if statement.missing_ok {
            Statement::NoExistingRelation
        } else {
            Statement::MissingRelation(name)
        };
    };
    if relations.kind(target) == Some(RelationKind::CompositeType) {
        return composite_type::alter(statement, target, relations);
    }
    alter_table::read(statement, target, relations)
}

/// DML, statements known to lock no existing relation, and those that are not modelled.
fn other(statement: Node, relations: &mut Relations) -> Statement {
    if let Some((range_var, recurse)) = changed_table(statement) {
        let Some(oid) = resolve(range_var) else {
            return Statement::MissingRelation(written_name(range_var));
        };
        let family = relations.family(oid, recurse && range_var.inh);
        return Statement::LocksOnly(
            family
                .into_iter()
                .map(|member| (member, LockMode::RowExclusive))
                .collect(),
        );
    }
    let tag = node::tag(statement);
    if tag == pg_sys::NodeTag::T_SelectStmt || !is_ours(statement) || locks_nothing(tag) {
        return Statement::NoExistingRelation;
    }
    match tag {
        pg_sys::NodeTag::T_CreateStmt | pg_sys::NodeTag::T_CreateForeignTableStmt => {
            create::table(statement, relations)
        }
        pg_sys::NodeTag::T_ViewStmt => create::view(statement, relations),
        _ => Statement::Unmodelled { relation: None },
    }
}

/// The table that a DML statement changes, and whether its children are changed with it.
fn changed_table<'a>(statement: Node) -> Option<(&'a pg_sys::RangeVar, bool)> {
    use pg_sys::NodeTag::*;
    let (relation, recurse) = match node::tag(statement) {
        T_InsertStmt => (
            node::cast::<pg_sys::InsertStmt>(statement, T_InsertStmt)?.relation,
            false,
        ),
        T_UpdateStmt => (
            node::cast::<pg_sys::UpdateStmt>(statement, T_UpdateStmt)?.relation,
            true,
        ),
        T_DeleteStmt => (
            node::cast::<pg_sys::DeleteStmt>(statement, T_DeleteStmt)?.relation,
            true,
        ),
        T_MergeStmt => (node::cast::<pg_sys::MergeStmt>(statement, T_MergeStmt)?.relation, true),
        _ => return None,
    };
    // SAFETY: the parser gives each of these its relation.
    unsafe { relation.as_ref() }.map(|relation| (relation, recurse))
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

/// Statements about objects that are no relations, or that lock relations with AccessShareLock at most.
fn locks_nothing(tag: pg_sys::NodeTag) -> bool {
    use pg_sys::NodeTag::*;
    matches!(
        tag,
        T_CreateRoleStmt
            | T_AlterRoleStmt
            | T_AlterRoleSetStmt
            | T_DropRoleStmt
            | T_GrantRoleStmt
            | T_CreatedbStmt
            | T_DropdbStmt
            | T_AlterDatabaseStmt
            | T_AlterDatabaseSetStmt
            | T_CreateTableSpaceStmt
            | T_DropTableSpaceStmt
            | T_AlterTableSpaceOptionsStmt
            | T_CreateFunctionStmt
            | T_AlterFunctionStmt
            | T_CreateEnumStmt
            | T_AlterEnumStmt
            | T_CreateRangeStmt
            | T_CreateDomainStmt
            | T_CreateSeqStmt
            | T_DefineStmt
            | T_CreateCastStmt
            | T_CreateConversionStmt
            | T_CreateOpClassStmt
            | T_CreateOpFamilyStmt
            | T_AlterOpFamilyStmt
            | T_CreatePLangStmt
            | T_CreateFdwStmt
            | T_AlterFdwStmt
            | T_CreateForeignServerStmt
            | T_AlterForeignServerStmt
            | T_CreateUserMappingStmt
            | T_AlterUserMappingStmt
            | T_DropUserMappingStmt
            | T_AlterDefaultPrivilegesStmt
            | T_CreateAmStmt
            | T_CreateTransformStmt
            | T_CreateTableAsStmt
            | T_CompositeTypeStmt
            | T_CreateEventTrigStmt
            | T_CreateExtensionStmt
            | T_GrantStmt
    )
}

/// Commands that start and end transactions of their own.
fn commits_internally(node: Node, statement: &Statement) -> bool {
    use pg_sys::NodeTag::*;
    match statement {
        // Without a relation they take all there are, each in a transaction of its own.
        Statement::Unmodelled { relation: None } => {
            matches!(node::tag(node), T_VacuumStmt | T_ClusterStmt | T_ReindexStmt)
        }
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
        _ => false,
    }
}
