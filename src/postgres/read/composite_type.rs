//! ALTER TYPE of a composite type: `ATTypedTableRecursion` of `commands/tablecmds.c` carries each subcommand to the tables
//! of the type and to what inherits from them. Nothing else stores values of the type, or the server refuses.

use pgrx::pg_sys;
use pgrx::pg_sys::AlterTableType as At;

use super::alter_table;
use super::relations::Relations;
use super::types;
use crate::model::facts::{AlterTable, Statement};
use crate::model::lock_mode::LockMode;
use crate::model::relation::Oid;

/// The facts of ALTER TYPE … ATTRIBUTE.
pub fn alter(statement: &pg_sys::AlterTableStmt, relation: Oid, relations: &mut Relations) -> Statement {
    let mut tables = types::typed_tables(relation);
    tables.push(relation);
    let mut whole = AlterTable {
        target: relation,
        lock: LockMode::AccessExclusive,
        members: vec![],
        commands: vec![],
    };
    for table in tables {
        let alter = alter_table::read_for(statement, table, table != relation, relations);
        whole.members.extend(alter.members);
        // Of the type itself only what depends on an attribute that goes, a view say, or changes.
        if table != relation || takes_along(statement) {
            whole.commands.extend(alter.commands);
        }
    }
    Statement::AlterTable(whole)
}

fn takes_along(statement: &pg_sys::AlterTableStmt) -> bool {
    alter_table::subcommands(statement)
        .into_iter()
        .any(|command| matches!(command.subtype, At::AT_DropColumn | At::AT_AlterColumnType))
}
