//! Columns, as `pg_attribute` keeps them.

use crate::model::facts::Oid;
use crate::postgres::catalog::{self, Value};

/// One column.
#[derive(Clone, Debug)]
pub struct Column {
    pub name: String,
    pub attnum: i16,
    pub type_oid: Oid,
    pub type_modifier: i32,
    pub collation: Oid,
    pub not_null: bool,
    /// `s` stored, `v` virtual, 0 not generated
    pub generated: u8,
    /// GENERATED … AS IDENTITY
    pub identity: bool,
    /// Parents it is inherited from.
    pub inherited: i16,
    /// Defined here too.
    pub local: bool,
}

/// The columns of a table that are not dropped.
pub fn of_table(table: Oid) -> Vec<Column> {
    catalog::rows(&catalog::ATTRIBUTES_OF_RELATION, &[Value::Oid(table)])
        .iter()
        .filter(|row| row.int2("attnum") > 0 && row.flag("attisdropped") == Some(false))
        .map(|row| Column {
            name: row.name("attname"),
            attnum: row.int2("attnum"),
            type_oid: row.oid("atttypid"),
            type_modifier: row.int4("atttypmod"),
            collation: row.oid("attcollation"),
            not_null: row.flag("attnotnull").unwrap_or(false),
            generated: row.letter("attgenerated"),
            identity: row.letter("attidentity") != 0,
            inherited: row.int2("attinhcount"),
            local: row.flag("attislocal").unwrap_or(false),
        })
        .collect()
}

/// A table's column of this name.
pub fn named(table: Oid, name: &str) -> Option<Column> {
    of_table(table).into_iter().find(|column| column.name == name)
}
