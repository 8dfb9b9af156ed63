//! Which relations a statement writes anew: their indexes follow, so they have to be known. Nobody else's are.

use crate::model::facts::{AlterCommand, NewColumnValue, Statement};
use crate::model::relation::Oid;

/// The relations that get new storage with all their indexes.
pub fn rewritten(statement: &Statement) -> Vec<Oid> {
    match statement {
        Statement::Copy { relations, .. } => relations.clone(),
        Statement::AlterTable(alter) => alter.commands.iter().flat_map(by_subcommand).collect(),
        Statement::Several(statements) => statements.iter().flat_map(rewritten).collect(),
        _ => vec![],
    }
}

fn by_subcommand(command: &AlterCommand) -> Vec<Oid> {
    match command {
        AlterCommand::AddColumn(column) => match column.value {
            NewColumnValue::Null | NewColumnValue::Stored | NewColumnValue::VirtualGenerated => vec![],
            _ => column.members.clone(),
        },
        AlterCommand::AlterColumnType(change) if change.rewrites => {
            change.members.iter().map(|member| member.table).collect()
        }
        AlterCommand::Rewrite { relations, .. } => relations.clone(),
        _ => vec![],
    }
}
