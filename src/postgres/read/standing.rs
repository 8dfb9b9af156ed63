//! Constraints as the subcommands of one ALTER TABLE leave them: what VALIDATE and ALTER CONSTRAINT find, which come last
//! (`AT_PASS_MISC`).

use std::collections::BTreeMap;
use std::rc::Rc;

use pgrx::pg_sys;
use pgrx::pg_sys::AlterTableType as At;
use pgrx::pg_sys::ConstrType::{CONSTR_CHECK, CONSTR_FOREIGN, CONSTR_NOTNULL};

use super::add_column;
use super::constraints::Constraint;
use super::context::Context;
use super::relations;
use super::subcommands::{self, column_definition};
use super::walk;
use crate::model::relation::Oid;
use crate::postgres::{encoding, node};

/// A constraint that is found under a name.
pub enum Standing {
    /// It was there before.
    There(Constraint),
    /// The statement itself adds it.
    Added(Added),
}

/// A constraint that a subcommand adds.
#[derive(Clone)]
pub struct Added {
    pub part: &'static pg_sys::Constraint,
    /// The columns of a foreign key, at this end, or of NOT NULL; the new column it is written with.
    pub columns: Vec<String>,
    /// It was written with a new column.
    pub with_column: bool,
}

/// Those that subcommands add, by the name that is given to them or that the server gives them as long as nothing else has it.
pub type ByName = BTreeMap<String, Vec<Added>>;

/// The constraint of the target that has this name when everything else of the statement is done.
pub fn find(name: &str, context: &mut Context) -> Option<Standing> {
    if let Some(there) = context.constraint_that_stays(context.target, name) {
        return Some(Standing::There(there));
    }
    let known = by_name(context);
    let base = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
    // Where a name was taken, a number is behind it, from the second on.
    let number = name.strip_prefix(base).and_then(|digits| digits.parse::<usize>().ok());
    let found = known.get(name).and_then(|found| found.first()).or_else(|| {
        let found = known.get(base)?;
        found.get(number.unwrap_or(0)).or(found.first())
    });
    found.cloned().map(Standing::Added)
}

fn by_name(context: &mut Context) -> Rc<ByName> {
    if let Some(known) = &context.added {
        return known.clone();
    }
    let mut known = ByName::new();
    for added in added(context) {
        let given = node::optional_text(added.part.conname);
        if let Some(name) = given.or_else(|| generated_name(context.target, &added)) {
            known.entry(name).or_default().push(added);
        }
    }
    let known = Rc::new(known);
    context.added = Some(known.clone());
    known
}

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

/// All that subcommands add.
pub fn added(context: &Context) -> impl Iterator<Item = Added> {
    let alone = context.subcommands.of_kind(At::AT_AddConstraint);
    alone
        .filter_map(subcommands::constraint)
        .map(Added::alone)
        .chain(with_columns(context))
}

/// The constraints that are written with new columns.
fn with_columns(context: &Context) -> impl Iterator<Item = Added> {
    context
        .subcommands
        .of_kind(At::AT_AddColumn)
        .filter_map(column_definition)
        .flat_map(|definition| {
            let parts = add_column::parts(definition).into_iter();
            parts.map(|part| Added {
                part,
                columns: vec![node::text(definition.colname)],
                with_column: true,
            })
        })
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
