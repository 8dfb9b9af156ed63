//! The constraints that the subcommands of one ALTER TABLE add, and what they are called.

use std::collections::BTreeMap;

use pgrx::pg_sys;
use pgrx::pg_sys::AlterTableType as At;
use pgrx::pg_sys::ConstrType::{CONSTR_CHECK, CONSTR_FOREIGN, CONSTR_NOTNULL};

use super::column_definition;
use super::relations;
use super::subcommands::{Subcommands, column_definition, constraint};
use super::walk;
use crate::model::relation::Oid;
use crate::postgres::{encoding, node};

/// A constraint that a subcommand adds.
#[derive(Clone)]
pub struct Added {
    /// As it is written.
    pub part: &'static pg_sys::Constraint,
    /// The columns of a foreign key, at this end, or of NOT NULL; the new column it is written with.
    pub columns: Vec<String>,
    /// It was written with a new column.
    pub with_column: bool,
}

/// Constraints by the name that is given to them, or that the server gives them as long as nothing else has it; those of
/// which it cannot be told are under the empty name.
pub type ByName = BTreeMap<String, Vec<Added>>;

impl Added {
    /// One that is written alone.
    pub fn alone(part: &'static pg_sys::Constraint) -> Self {
        let columns = match part.contype {
            CONSTR_FOREIGN => node::strings(part.fk_attrs),
            CONSTR_NOTNULL => node::strings(part.keys),
            _ => vec![],
        };
        Self {
            part,
            columns,
            with_column: false,
        }
    }
}

/// All that subcommands add: alone, or with a new column.
pub fn all(subcommands: &Subcommands) -> impl Iterator<Item = Added> {
    let alone = subcommands.of_kind(At::AT_AddConstraint).filter_map(constraint);
    let columns = subcommands.of_kind(At::AT_AddColumn).filter_map(column_definition);
    let with_columns = columns.flat_map(|definition| {
        let parts = column_definition::parts(definition).into_iter();
        parts.map(|part| Added {
            part,
            columns: vec![node::text(definition.colname)],
            with_column: true,
        })
    });
    alone.map(Added::alone).chain(with_columns)
}

/// The same, by their names.
pub fn by_name(table: Oid, subcommands: &Subcommands) -> ByName {
    let mut known = ByName::new();
    for added in all(subcommands) {
        let given = node::optional_text(added.part.conname);
        let name = given.or_else(|| generated_name(table, &added));
        known.entry(name.unwrap_or_default()).or_default().push(added);
    }
    known
}

/// The name that a constraint gets which has none, as long as nothing else has it: `ChooseConstraintName` of
/// `catalog/pg_constraint.c`. `None` for those that are called like their index.
pub fn generated_name(table: Oid, added: &Added) -> Option<String> {
    let columns = match added.part.contype {
        CONSTR_FOREIGN | CONSTR_NOTNULL => added.columns.join("_"),
        // `AddRelationNewConstraints` of `catalog/heap.c`: one column is a part of the name.
        CONSTR_CHECK => match walk::column_names(added.part.raw_expr).as_slice() {
            [column] => column.clone(),
            _ => String::new(),
        },
        _ => return None,
    };
    let label = match added.part.contype {
        CONSTR_FOREIGN => c"fkey",
        CONSTR_NOTNULL => c"not_null",
        _ => c"check",
    };
    let table = encoding::as_stored(&relations::class_row(table)?.name("relname"))?;
    let columns = encoding::as_stored(&columns)?;
    let columns = if columns.is_empty() {
        std::ptr::null()
    } else {
        columns.as_ptr()
    };
    // SAFETY: NUL-terminated strings; the second may be null. What comes back is a palloc'd string.
    Some(node::text(unsafe {
        pg_sys::makeObjectName(table.as_ptr(), columns, label.as_ptr())
    }))
}
