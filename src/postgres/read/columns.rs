//! Columns, as `pg_attribute` keeps them.

use std::ffi::CStr;

use pgrx::pg_sys;

use crate::model::relation::Oid;
use crate::postgres::catalog::{self, Value};
use crate::postgres::{encoding, node};

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
    match encoding::as_stored(name) {
        Some(stored) => cached(table, name, &stored),
        None => of_table(table).into_iter().find(|column| column.name == name),
    }
}

/// Whether a table has a column of this name.
pub fn exists(table: Oid, name: &str) -> bool {
    named(table, name).is_some()
}

/// From the server's cache, because of a table with many columns and partitions it is asked for again and again.
fn cached(table: Oid, name: &str, stored: &CStr) -> Option<Column> {
    // SAFETY: a look-up in a transaction; a column that is dropped is not found; what is found is copied before it is
    // released.
    unsafe {
        let tuple = pg_sys::SearchSysCacheAttName(table.into(), stored.as_ptr());
        if tuple.is_null() {
            return None;
        }
        let form = &*pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_attribute>();
        let column = Column {
            name: name.to_owned(),
            attnum: form.attnum,
            type_oid: form.atttypid.to_u32(),
            type_modifier: form.atttypmod,
            collation: form.attcollation.to_u32(),
            not_null: form.attnotnull,
            generated: form.attgenerated as u8,
            identity: form.attidentity != 0,
            inherited: form.attinhcount as i16,
            local: form.attislocal,
        };
        pg_sys::ReleaseSysCache(tuple);
        (column.attnum > 0).then_some(column)
    }
}

/// The name of a column by its number.
pub fn name(table: Oid, attnum: i16) -> Option<String> {
    // SAFETY: a syscache look-up that returns a palloc'd string or null.
    node::optional_text(unsafe { pg_sys::get_attname(table.into(), attnum, true) })
}

/// The names of columns, in the order of their numbers here.
pub fn names(table: Oid, attnums: &[i16]) -> Vec<String> {
    let columns = of_table(table);
    attnums
        .iter()
        .filter_map(|attnum| columns.iter().find(|column| column.attnum == *attnum))
        .map(|column| column.name.clone())
        .collect()
}
