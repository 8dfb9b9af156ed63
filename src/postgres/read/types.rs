//! Types, as `pg_type` keeps them.

use pgrx::pg_sys;

use super::dependencies::{Object, references};
use super::relations::class_row;
use crate::model::relation::Oid;
use crate::postgres::catalog::{self, Row};

/// The type of a qualified name; an error if there is none, as PostgreSQL would say it.
pub fn named(name: *mut pg_sys::List) -> Oid {
    // SAFETY: a list of String nodes of the parse tree; without a ParseState errors only lack a position.
    unsafe { pg_sys::typenameTypeId(std::ptr::null_mut(), pg_sys::makeTypeNameFromNameList(name)) }.to_u32()
}

/// The type of a TypeName; 0 if there is none and that is allowed.
pub fn written(name: *const pg_sys::TypeName, missing_ok: bool) -> Oid {
    // SAFETY: a TypeName of the parse tree; without a ParseState errors only lack a position.
    unsafe { pg_sys::LookupTypeNameOid(std::ptr::null_mut(), name, missing_ok) }.to_u32()
}

/// The `pg_type` row.
pub fn row(oid: Oid) -> Option<Row> {
    catalog::row(&catalog::TYPE, oid)
}

/// Whether a type is a domain.
pub fn is_domain(oid: Oid) -> bool {
    row(oid).is_some_and(|row| row.letter("typtype") == b'd')
}

/// `IsPolymorphicType` of `catalog/pg_type.h`.
pub fn is_polymorphic(type_oid: Oid) -> bool {
    /// anyelement, anyarray, anynonarray, anyenum, anyrange, anymultirange and the anycompatible family
    const POLYMORPHIC: [u32; 11] = [2283, 2277, 2776, 3500, 3831, 4537, 5077, 5078, 5079, 5080, 4538];
    POLYMORPHIC.contains(&type_oid)
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
