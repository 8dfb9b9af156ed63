//! Constraints, as `pg_constraint` keeps them.

use crate::model::facts::Oid;
use crate::postgres::catalog::{self, Row, Value};

/// One constraint.
pub struct Constraint {
    pub oid: Oid,
    pub name: String,
    /// `c` check, `f` foreign key, `n` not null (18), `p` primary key, `u` unique, `x` exclusion
    pub kind: u8,
    pub table: Oid,
    pub index: Oid,
    pub referenced: Oid,
    pub validated: bool,
    pub enforced: bool,
    pub columns: Vec<i16>,
    /// Not carried to children.
    pub no_inherit: bool,
    /// Parents it is inherited from.
    pub inherited: i16,
    /// Defined here too.
    pub local: bool,
    /// The constraint of the partitioned table that this one is a part of.
    pub parent: Oid,
    /// The row, for what only some constraints have.
    pub row: Row,
}

impl Constraint {
    fn from_row(row: Row) -> Self {
        Self {
            oid: row.oid("oid"),
            name: row.name("conname"),
            kind: row.letter("contype"),
            table: row.oid("conrelid"),
            index: row.oid("conindid"),
            referenced: row.oid("confrelid"),
            validated: row.flag("convalidated").unwrap_or(true),
            // Before 18 every constraint is enforced.
            enforced: row.flag("conenforced").unwrap_or(true),
            columns: row.attnums("conkey"),
            no_inherit: row.flag("connoinherit").unwrap_or(false),
            inherited: row.int2("coninhcount"),
            local: row.flag("conislocal").unwrap_or(false),
            parent: row.oid("conparentid"),
            row,
        }
    }
}

/// All constraints of a table.
pub fn of_table(table: Oid) -> Vec<Constraint> {
    catalog::rows(&catalog::CONSTRAINTS_OF_TABLE, &[Value::Oid(table)])
        .into_iter()
        .map(Constraint::from_row)
        .collect()
}

/// A table's constraint of this name.
pub fn named(table: Oid, name: &str) -> Option<Constraint> {
    of_table(table).into_iter().find(|constraint| constraint.name == name)
}

/// The constraint of this oid.
pub fn by_oid(oid: Oid) -> Option<Constraint> {
    catalog::row(&catalog::CONSTRAINT, oid).map(Constraint::from_row)
}

/// The copies of a constraint that partitions have.
pub fn children(parent: Oid) -> Vec<Constraint> {
    catalog::rows(&catalog::CONSTRAINTS_OF_PARENT, &[Value::Oid(parent)])
        .into_iter()
        .map(Constraint::from_row)
        .collect()
}
