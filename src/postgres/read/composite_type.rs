//! ALTER TYPE of a composite type: `ATTypedTableRecursion` of `commands/tablecmds.c` carries each subcommand to the tables
//! of the type and to what inherits from them. Nothing else stores values of the type, or the server refuses.

use pgrx::pg_sys;
use pgrx::pg_sys::AlterTableType as At;

use super::alter_table;
use super::dependencies::{Object, references};
use super::relations::{Relations, class_row};
use crate::model::facts::{AlterTable, Oid, Statement};
use crate::model::lock_mode::LockMode;
use crate::postgres::{catalog, node};

/// The facts of ALTER TYPE … ATTRIBUTE.
pub fn alter(statement: &pg_sys::AlterTableStmt, relation: Oid, relations: &mut Relations) -> Statement {
    let mut tables = typed_tables(relation);
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
        // Of the type itself only what depends on an attribute that goes: a view, say.
        if table != relation || drops(statement) {
            whole.commands.extend(alter.commands);
        }
    }
    Statement::AlterTable(whole)
}

/// `find_typed_table_dependencies`
pub fn typed_tables(relation: Oid) -> Vec<Oid> {
    let Some(type_oid) = class_row(relation).map(|row| row.oid("reltype")) else {
        return vec![];
    };
    let is_typed = |oid: Oid| class_row(oid).is_some_and(|row| row.oid("reloftype") == type_oid);
    references(Object::whole(&catalog::TYPE, type_oid))
        .into_iter()
        .filter(|(object, _)| object.class == catalog::CLASS.catalog() && object.column == 0 && is_typed(object.oid))
        .map(|(object, _)| object.oid)
        .collect()
}

fn drops(statement: &pg_sys::AlterTableStmt) -> bool {
    node::list(statement.cmds)
        .into_iter()
        .filter_map(|command| node::cast::<pg_sys::AlterTableCmd>(command, pg_sys::NodeTag::T_AlterTableCmd))
        .any(|command| command.subtype == At::AT_DropColumn)
}
