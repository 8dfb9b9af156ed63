//! SET LOGGED, UNLOGGED, ACCESS METHOD, TABLESPACE, EXPRESSION: whether the target gets new storage.

use pgrx::pg_sys;

use super::alter_table::Context;
#[cfg(any(feature = "pg17", feature = "pg18"))]
use super::columns;
use super::dependencies;
use super::relations::class_row;
#[cfg(any(feature = "pg17", feature = "pg18"))]
use crate::model::facts::Oid;
use crate::model::facts::{AlterCommand, RewriteBy};
use crate::model::relation::RelationKind;
use crate::postgres::node;

pub fn set_persistence(logged: bool, context: &mut Context) -> AlterCommand {
    let persistence = class_row(context.target).map_or(0, |row| row.letter("relpersistence"));
    let unchanged = if logged { b'p' } else { b'u' };
    if persistence == unchanged || persistence == b't' {
        return AlterCommand::CatalogOnly;
    }
    let why = if logged { RewriteBy::Logged } else { RewriteBy::Unlogged };
    if context.relations.with_rows(&[context.target]).is_empty() && !is_sequence(context) {
        return AlterCommand::CatalogOnly;
    }
    let sequences = if is_sequence(context) {
        vec![context.target]
    } else {
        dependencies::owned_sequences(context.target)
    };
    sequences.iter().for_each(|sequence| {
        context.relations.load(*sequence);
    });
    AlterCommand::Rewrite {
        why,
        relations: context.relations.with_rows(&[context.target]),
        sequences,
    }
}

fn is_sequence(context: &mut Context) -> bool {
    context.relations.kind(context.target) == Some(RelationKind::Sequence)
}

pub fn set_access_method(name: &str, context: &mut Context) -> AlterCommand {
    let row = class_row(context.target);
    let name = if name.is_empty() {
        default_access_method()
    } else {
        name.to_owned()
    };
    let Ok(method_name) = std::ffi::CString::new(name.clone()) else {
        return AlterCommand::Unmodelled;
    };
    // SAFETY: a syscache look-up by name; raises the server's own error for a method that does not exist.
    let wanted = unsafe { pg_sys::get_table_am_oid(method_name.as_ptr(), false) }.to_u32();
    let storage = context
        .relations
        .kind(context.target)
        .is_some_and(RelationKind::has_rows);
    if !storage || row.is_some_and(|row| row.oid("relam") == wanted) {
        return AlterCommand::CatalogOnly;
    }
    AlterCommand::Rewrite {
        why: RewriteBy::AccessMethod(name),
        relations: vec![context.target],
        sequences: vec![],
    }
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
    // SAFETY: set when the session connected to its database.
    let of_database = unsafe { pg_sys::MyDatabaseTableSpace }.to_u32();
    let now = class_row(context.target).map_or(0, |row| row.oid("reltablespace"));
    let now = if now == 0 { of_database } else { now };
    let kind = context.relations.kind(context.target);
    let storage = kind.is_some_and(|kind| kind.has_rows() || kind == RelationKind::Index);
    if !storage || now == wanted {
        return AlterCommand::CatalogOnly;
    }
    AlterCommand::MoveFiles { tablespace: name }
}

#[cfg(any(feature = "pg17", feature = "pg18"))]
pub fn set_expression(name: String, context: &mut Context) -> AlterCommand {
    let stored: Vec<Oid> = context
        .family
        .iter()
        .copied()
        .filter(|member| columns::named(*member, &name).is_some_and(|column| column.generated == b's'))
        .collect();
    let relations = context.relations.with_rows(&stored);
    if relations.is_empty() {
        // A virtual column: rows are looked at only where it may not be null.
        let mut unproved = context.family.clone();
        unproved.retain(|member| columns::named(*member, &name).is_some_and(|column| column.not_null));
        return AlterCommand::SetNotNull {
            column: name,
            unproved: context.relations.with_rows(&unproved),
        };
    }
    AlterCommand::Rewrite {
        why: RewriteBy::Expression(name),
        relations,
        sequences: vec![],
    }
}
