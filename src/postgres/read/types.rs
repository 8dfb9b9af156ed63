//! Types, as `pg_type` keeps them.

use pgrx::pg_sys;

use crate::model::facts::Oid;
use crate::postgres::catalog::{self, Row};

/// The type of a qualified name; an error if there is none, as PostgreSQL would say it.
pub fn named(name: *mut pg_sys::List) -> Oid {
    // SAFETY: a list of String nodes of the parse tree; without a ParseState errors only lack a position.
    unsafe { pg_sys::typenameTypeId(std::ptr::null_mut(), pg_sys::makeTypeNameFromNameList(name)) }.to_u32()
}

/// The `pg_type` row.
pub fn row(oid: Oid) -> Option<Row> {
    catalog::row(&catalog::TYPE, oid)
}

/// Whether a type is a domain.
pub fn is_domain(oid: Oid) -> bool {
    row(oid).is_some_and(|row| row.letter("typtype") == b'd')
}
