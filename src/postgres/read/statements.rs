//! Every statement that PostgreSQL has, and who reads it; a test walks through the server's own list of command tags.

use pgrx::pg_sys;

use super::query::{self, Until};
use super::relations::{Relations, resolve};
use super::{
    alter_table, composite_type, create, domain, drop, function, index, maintenance, objects, owned, publication,
    rename, storage, walk,
};
use crate::model::facts::Statement;
use crate::model::relation::RelationKind;
use crate::postgres::node::{self, Node};

/// The facts of a statement, by its kind.
pub fn read(statement: Node, relations: &mut Relations) -> Statement {
    use pg_sys::NodeTag::*;
    macro_rules! read {
        ($tag:ident, $type:ident, $read:expr) => {
            match node::cast::<pg_sys::$type>(statement, $tag) {
                Some(node) => $read(node, relations),
                None => Statement::NoExistingRelation,
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
        T_DiscardStmt => read!(T_DiscardStmt, DiscardStmt, drop::discard),
        T_RenameStmt => read!(T_RenameStmt, RenameStmt, rename::rename),
        T_AlterObjectSchemaStmt => read!(T_AlterObjectSchemaStmt, AlterObjectSchemaStmt, rename::set_schema),
        T_AlterOwnerStmt => read!(T_AlterOwnerStmt, AlterOwnerStmt, rename::set_owner),
        T_CreateTrigStmt | T_CreateStatsStmt => objects::part_of_table(statement, relations),
        T_CreatePolicyStmt => read!(
            T_CreatePolicyStmt,
            CreatePolicyStmt,
            |policy: &pg_sys::CreatePolicyStmt, relations: &mut _| {
                with_queries(statement, &[policy.qual, policy.with_check], relations)
            }
        ),
        T_AlterPolicyStmt => read!(
            T_AlterPolicyStmt,
            AlterPolicyStmt,
            |policy: &pg_sys::AlterPolicyStmt, relations: &mut _| {
                with_queries(statement, &[policy.qual, policy.with_check], relations)
            }
        ),
        T_RuleStmt => read!(T_RuleStmt, RuleStmt, |rule: &pg_sys::RuleStmt, relations: &mut _| {
            // NOTIFY is an action too.
            let mut parts = node::list(rule.actions);
            parts.retain(|action| walk::is_query(*action));
            parts.push(rule.whereClause);
            with_queries(statement, &parts, relations)
        }),
        T_CommentStmt => read!(T_CommentStmt, CommentStmt, objects::comment),
        T_SecLabelStmt => read!(T_SecLabelStmt, SecLabelStmt, objects::security_label),
        T_AlterExtensionContentsStmt => {
            read!(
                T_AlterExtensionContentsStmt,
                AlterExtensionContentsStmt,
                objects::extension_member
            )
        }
        T_AlterObjectDependsStmt => read!(T_AlterObjectDependsStmt, AlterObjectDependsStmt, objects::depends),
        T_AlterSeqStmt => read!(T_AlterSeqStmt, AlterSeqStmt, objects::sequence),
        T_LockStmt => read!(T_LockStmt, LockStmt, objects::lock),
        T_CreatePublicationStmt => read!(T_CreatePublicationStmt, CreatePublicationStmt, publication::create),
        T_AlterPublicationStmt => read!(T_AlterPublicationStmt, AlterPublicationStmt, publication::alter),
        T_AlterTableMoveAllStmt => read!(T_AlterTableMoveAllStmt, AlterTableMoveAllStmt, storage::move_all),
        T_CreateSchemaStmt => read!(T_CreateSchemaStmt, CreateSchemaStmt, create::schema),
        T_CreateStmt | T_CreateForeignTableStmt => create::table(statement, relations),
        T_ViewStmt => read!(T_ViewStmt, ViewStmt, create::view),
        T_CreateTableAsStmt => read!(
            T_CreateTableAsStmt,
            CreateTableAsStmt,
            |create: &pg_sys::CreateTableAsStmt, relations: &mut _| {
                // SAFETY: the parser gives every CREATE TABLE AS its target.
                let empty = unsafe { (*create.into).skipData };
                create::table_as(create, if empty { Until::Analyzed } else { Until::Run }, relations)
            }
        ),
        T_CreateFunctionStmt => read!(T_CreateFunctionStmt, CreateFunctionStmt, function::create),
        T_SelectStmt | T_InsertStmt | T_UpdateStmt | T_DeleteStmt | T_MergeStmt => {
            query::statement(&[statement], Until::Run, relations)
        }
        T_DeclareCursorStmt => read!(
            T_DeclareCursorStmt,
            DeclareCursorStmt,
            |cursor: &pg_sys::DeclareCursorStmt, relations: &mut _| {
                query::statement(&[cursor.query], Until::Run, relations)
            }
        ),
        T_PrepareStmt => read!(
            T_PrepareStmt,
            PrepareStmt,
            |prepare: &pg_sys::PrepareStmt, relations: &mut _| {
                query::statement(&[prepare.query], Until::Rewritten, relations)
            }
        ),
        T_ExecuteStmt => read!(
            T_ExecuteStmt,
            ExecuteStmt,
            |execute: &pg_sys::ExecuteStmt, relations: &mut _| query::execute(execute, Until::Run, relations)
        ),
        T_ExplainStmt => read!(T_ExplainStmt, ExplainStmt, explain),
        T_CopyStmt => read!(T_CopyStmt, CopyStmt, query::copy),
        // What they run comes to the hook by itself, statement by statement; of the calls it cannot be told beforehand.
        T_DoStmt | T_CallStmt | T_CreateExtensionStmt | T_AlterExtensionStmt | T_ImportForeignSchemaStmt => {
            Statement::NoExistingRelation
        }
        // The session, its transaction, its cursors and settings; the cluster.
        T_TransactionStmt
        | T_ConstraintsSetStmt
        | T_VariableSetStmt
        | T_VariableShowStmt
        | T_FetchStmt
        | T_ClosePortalStmt
        | T_DeallocateStmt
        | T_ListenStmt
        | T_NotifyStmt
        | T_UnlistenStmt
        | T_LoadStmt
        | T_CheckPointStmt
        | T_AlterSystemStmt
        | T_CreateRoleStmt
        | T_AlterRoleStmt
        | T_AlterRoleSetStmt
        | T_DropRoleStmt
        | T_GrantRoleStmt
        | T_CreatedbStmt
        | T_DropdbStmt
        | T_AlterDatabaseStmt
        | T_AlterDatabaseSetStmt
        | T_AlterDatabaseRefreshCollStmt
        | T_CreateTableSpaceStmt
        | T_DropTableSpaceStmt
        | T_AlterTableSpaceOptionsStmt => Statement::NoExistingRelation,
        // Objects that are no relations, and relations that are only looked at.
        T_GrantStmt
        | T_AlterDefaultPrivilegesStmt
        | T_CreateSeqStmt
        | T_CompositeTypeStmt
        | T_AlterFunctionStmt
        | T_CreateEnumStmt
        | T_AlterEnumStmt
        | T_CreateRangeStmt
        | T_CreateDomainStmt
        | T_AlterTypeStmt
        | T_DefineStmt
        | T_CreateCastStmt
        | T_CreateConversionStmt
        | T_AlterCollationStmt
        | T_AlterOperatorStmt
        | T_CreateOpClassStmt
        | T_CreateOpFamilyStmt
        | T_AlterOpFamilyStmt
        | T_CreatePLangStmt
        | T_CreateTransformStmt
        | T_CreateAmStmt
        | T_AlterTSDictionaryStmt
        | T_AlterTSConfigurationStmt
        | T_CreateFdwStmt
        | T_AlterFdwStmt
        | T_CreateForeignServerStmt
        | T_AlterForeignServerStmt
        | T_CreateUserMappingStmt
        | T_AlterUserMappingStmt
        | T_DropUserMappingStmt
        | T_CreateEventTrigStmt
        | T_AlterEventTrigStmt
        | T_AlterStatsStmt
        | T_CreateSubscriptionStmt
        | T_AlterSubscriptionStmt
        | T_DropSubscriptionStmt => Statement::NoExistingRelation,
        // A major that is not known yet.
        _ => Statement::Unmodelled { relation: None },
    }
}

/// A part of a table in which queries are written, which are analyzed with it.
fn with_queries(statement: Node, parts: &[Node], relations: &mut Relations) -> Statement {
    let table = objects::part_of_table(statement, relations);
    let queries: Vec<Node> = parts.iter().flat_map(|part| walk::raw_statements_at(*part)).collect();
    Statement::Several(vec![table, query::statement(&queries, Until::Analyzed, relations)])
}

fn alter_table(statement: &pg_sys::AlterTableStmt, relations: &mut Relations) -> Statement {
    let Some(target) = resolve(statement.relation) else {
        return objects::missing(statement.relation, statement.missing_ok);
    };
    if relations.kind(target) == Some(RelationKind::CompositeType) {
        return composite_type::alter(statement, target, relations);
    }
    alter_table::read(statement, target, relations)
}

/// EXPLAIN plans a query, which takes its locks; with ANALYZE it runs.
fn explain(explain: &pg_sys::ExplainStmt, relations: &mut Relations) -> Statement {
    use pg_sys::NodeTag::*;
    let runs = node::option_on(explain.options, "analyze");
    let until = if runs { Until::Run } else { Until::Planned };
    if let Some(execute) = node::cast::<pg_sys::ExecuteStmt>(explain.query, T_ExecuteStmt) {
        return query::execute(execute, until, relations);
    }
    // It is planned whether or not it is to have content.
    if let Some(create) = node::cast::<pg_sys::CreateTableAsStmt>(explain.query, T_CreateTableAsStmt) {
        return create::table_as(create, until, relations);
    }
    match node::tag(explain.query) {
        T_Query | T_SelectStmt | T_InsertStmt | T_UpdateStmt | T_DeleteStmt | T_MergeStmt => {
            query::statement(&[explain.query], until, relations)
        }
        // It has no plan: `ExplainOneUtility` of `commands/explain.c`.
        T_RefreshMatViewStmt => Statement::NoExistingRelation,
        _ => read(explain.query, relations),
    }
}
