//! SET LOGGED, UNLOGGED, ACCESS METHOD, TABLESPACE, EXPRESSION: whether the target gets new storage.

use pgrx::pg_sys;

use super::context::Context;
use super::dependencies;
use super::relations::{Relations, class_row, is_toast_namespace};
#[cfg(any(feature = "pg17", feature = "pg18"))]
use super::{column_type, columns, not_null};
use crate::model::facts::{AlterCommand, AlterTable, RewriteBy, Statement};
use crate::model::lock_mode::LockMode;
use crate::model::relation::{FIRST_NORMAL_OBJECT_ID, Oid, RelationKind};
use crate::postgres::version::{self, Backported};
use crate::postgres::{catalog, node};

/// A sequence is locked like its table before it follows it.
const OWNED_SEQUENCES_LOCKED: Backported = &[150_008, 160_004];

pub fn set_persistence(logged: bool, context: &mut Context) -> AlterCommand {
    if !changes_persistence(logged, context) {
        return AlterCommand::CatalogOnly;
    }
    let why = if logged { RewriteBy::Logged } else { RewriteBy::Unlogged };
    if context.relations.with_rows(&[context.target]).is_empty() && !is_sequence(context) {
        return AlterCommand::CatalogOnly;
    }
    let sequences = if is_sequence(context) {
        vec![context.target]
    } else {
        // Those of columns that go, or cease to be identities, go first.
        let gone = context.gone();
        let identities: Vec<Oid> = context.dropped_identities();
        let mut sequences = dependencies::owned_sequences(context.target);
        sequences.retain(|sequence| !gone.relations.contains(sequence) && !identities.contains(sequence));
        sequences
    };
    sequences.iter().for_each(|sequence| {
        context.relations.load(*sequence);
    });
    let of_sequences = if version::has(OWNED_SEQUENCES_LOCKED) {
        LockMode::AccessExclusive
    } else {
        LockMode::RowExclusive
    };
    AlterCommand::Rewrite {
        why,
        relations: context.relations.with_rows(&[context.target]),
        sequences: sequences.into_iter().map(|sequence| (sequence, of_sequences)).collect(),
    }
}

/// Whether it is not so already. A partitioned table has no storage, and counts as rewritten all the same.
pub fn changes_persistence(logged: bool, context: &Context) -> bool {
    let persistence = class_row(context.target).map_or(0, |row| row.letter("relpersistence"));
    let unchanged = if logged { b'p' } else { b'u' };
    persistence != unchanged && persistence != b't'
}

fn is_sequence(context: &mut Context) -> bool {
    context.relations.kind(context.target) == Some(RelationKind::Sequence)
}

pub fn set_access_method(name: &str, context: &mut Context) -> AlterCommand {
    let storage = context
        .relations
        .kind(context.target)
        .is_some_and(RelationKind::has_rows);
    if !changes_access_method(name, context) || !storage {
        return AlterCommand::CatalogOnly;
    }
    let name = if name.is_empty() {
        default_access_method()
    } else {
        name.to_owned()
    };
    AlterCommand::Rewrite {
        why: RewriteBy::AccessMethod(name),
        relations: vec![context.target],
        sequences: vec![],
    }
}

/// Whether it has another one; DEFAULT, which has no name here, takes that of a partitioned table away.
pub fn changes_access_method(name: &str, context: &mut Context) -> bool {
    let partitioned = context.is_partitioned(context.target);
    let wanted = match (name, partitioned) {
        ("", true) => 0,
        ("", false) => access_method(&default_access_method()),
        (name, _) => access_method(name),
    };
    class_row(context.target).is_some_and(|row| row.oid("relam") != wanted)
}

fn access_method(name: &str) -> Oid {
    // A name with a NUL is none of the parser's.
    let name = std::ffi::CString::new(name).unwrap_or_default();
    // SAFETY: a syscache look-up by name; raises the server's own error for a method that does not exist.
    unsafe { pg_sys::get_table_am_oid(name.as_ptr(), false) }.to_u32()
}

fn default_access_method() -> String {
    // SAFETY: a string setting of the server, never null.
    node::text(unsafe { pg_sys::default_table_access_method })
}

pub fn set_tablespace(name: String, context: &mut Context) -> AlterCommand {
    let Ok(tablespace) = std::ffi::CString::new(name.clone()) else {
        return AlterCommand::Unmodelled;
    };
    // SAFETY: a syscache look-up by name; raises the server's own error for a tablespace that does not exist.
    let wanted = unsafe { pg_sys::get_tablespace_oid(tablespace.as_ptr(), false) }.to_u32();
    let now = class_row(context.target).map_or(0, |row| row.oid("reltablespace"));
    let storage = context.relations.kind(context.target).is_some_and(has_files);
    if !storage || now == own_tablespace(wanted) {
        return AlterCommand::CatalogOnly;
    }
    AlterCommand::MoveFiles { tablespace: name }
}

/// ALTER TABLE, INDEX, MATERIALIZED VIEW ALL IN TABLESPACE: `AlterTableMoveAll` of `commands/tablecmds.c`, which locks all of
/// them and then moves one after the other.
pub fn move_all(statement: &pg_sys::AlterTableMoveAllStmt, relations: &mut Relations) -> Statement {
    // SAFETY: look-ups of NUL-terminated strings of the parse tree, with the server's own error for what does not exist.
    let [from, to] = [statement.orig_tablespacename, statement.new_tablespacename]
        .map(|name| own_tablespace(unsafe { pg_sys::get_tablespace_oid(name, false) }.to_u32()));
    // SAFETY: RoleSpecs of the parse tree; an error if there is no such role.
    let roles: Vec<Oid> = node::list(statement.roles)
        .into_iter()
        .map(|role| unsafe { pg_sys::get_rolespec_oid(role.cast(), false) }.to_u32())
        .collect();
    let is_meant = |kind: u8| match statement.objtype {
        pg_sys::ObjectType::OBJECT_TABLE => matches!(kind, b'r' | b'p'),
        // A partitioned index, which has nothing to move, is locked like every index of a table: that is not told of.
        pg_sys::ObjectType::OBJECT_INDEX => kind == b'i',
        _ => kind == b'm',
    };
    let mut moved: Vec<Oid> = vec![];
    if from != to {
        moved = catalog::all(&catalog::CLASS)
            .iter()
            .filter(|row| row.oid("reltablespace") == from && is_meant(row.letter("relkind")))
            .filter(|row| roles.is_empty() || roles.contains(&row.oid("relowner")))
            .filter(|row| row.oid("oid") >= FIRST_NORMAL_OBJECT_ID && row.letter("relpersistence") != b't')
            .filter(|row| !is_toast_namespace(row.oid("relnamespace")))
            .map(|row| row.oid("oid"))
            .collect();
    }
    let tablespace = node::text(statement.new_tablespacename);
    let alter = |target: Oid| AlterTable {
        target,
        lock: LockMode::AccessExclusive,
        members: vec![target],
        commands: match relations.kind(target) {
            Some(kind) if has_files(kind) => vec![AlterCommand::MoveFiles {
                tablespace: tablespace.clone(),
            }],
            _ => vec![],
        },
    };
    Statement::Several(moved.into_iter().map(alter).map(Statement::AlterTable).collect())
}

fn has_files(kind: RelationKind) -> bool {
    kind.has_rows() || kind == RelationKind::Index
}

/// The tablespace of the database is not written down with what is in it.
fn own_tablespace(oid: Oid) -> Oid {
    // SAFETY: set when the session connected to its database.
    let of_database = unsafe { pg_sys::MyDatabaseTableSpace }.to_u32();
    if oid == of_database { 0 } else { oid }
}

/// SET EXPRESSION: `ATExecSetExpression` of `commands/tablecmds.c`.
#[cfg(any(feature = "pg17", feature = "pg18"))]
pub fn set_expression(name: String, context: &mut Context) -> Vec<AlterCommand> {
    let lost = context.losing_column(&name);
    // One that comes back is made by the new expression at once.
    let Some(column) = columns::named(context.target, &name).filter(|_| !lost.contains(&context.target)) else {
        return vec![AlterCommand::CatalogOnly];
    };
    let mut stored = context.family.clone();
    stored.retain(|member| columns::named(*member, &name).is_some_and(|column| column.generated == b's'));
    if stored.is_empty() {
        let unproved = not_null::checked_with(&name, context);
        return vec![AlterCommand::SetNotNull { column: name, unproved }];
    }
    let dependents = column_type::set_expression(&column, context);
    let relations = context.relations.with_rows(&stored);
    if relations.is_empty() {
        return vec![dependents];
    }
    let rewrite = AlterCommand::Rewrite {
        why: RewriteBy::Expression(name),
        relations,
        sequences: vec![],
    };
    vec![rewrite, dependents]
}
