//! Objects and what refers to them in `pg_depend`.

use super::relations::class_row;
use crate::model::relation::Oid;
use crate::postgres::catalog::{self, Path, Value};

/// An object as `pg_depend` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Object {
    /// The catalog it is in.
    pub class: Oid,
    /// Its oid.
    pub oid: Oid,
    /// The column of a relation; 0 for the whole.
    pub column: i32,
}

impl Object {
    /// An object of the catalog that `path` leads into.
    pub fn whole(path: &Path, oid: Oid) -> Self {
        Self {
            class: path.catalog(),
            oid,
            column: 0,
        }
    }

    /// A relation.
    pub fn relation(oid: Oid) -> Self {
        Self {
            class: catalog::CLASS.catalog(),
            oid,
            column: 0,
        }
    }

    /// A column of a relation.
    pub fn column(oid: Oid, attnum: i16) -> Self {
        Self {
            column: i32::from(attnum),
            ..Self::relation(oid)
        }
    }

    /// A schema.
    pub fn schema(oid: Oid) -> Self {
        Self {
            class: catalog::SCHEMA,
            oid,
            column: 0,
        }
    }

    /// A constraint.
    pub fn constraint(oid: Oid) -> Self {
        Self {
            class: catalog::CONSTRAINT.catalog(),
            oid,
            column: 0,
        }
    }
}

/// Every object that refers to `object` in `pg_depend`, with the kind of dependency.
pub fn references(object: Object) -> Vec<(Object, u8)> {
    let mut values = vec![Value::Oid(object.class), Value::Oid(object.oid)];
    if object.column != 0 {
        values.push(Value::Int(object.column));
    }
    catalog::rows(&catalog::REFERENCES_TO_OBJECT, &values)
        .iter()
        .map(|row| {
            let dependent = Object {
                class: row.oid("classid"),
                oid: row.oid("objid"),
                column: row.int4("objsubid"),
            };
            (dependent, row.letter("deptype"))
        })
        .collect()
}

/// The sequence of an identity column: `getIdentitySequence` of `catalog/pg_depend.c`.
pub fn identity_sequence(table: Oid, attnum: i16) -> Option<Oid> {
    references(Object::column(table, attnum))
        .into_iter()
        .filter(|(object, kind)| object.class == catalog::CLASS.catalog() && *kind == b'i')
        .map(|(object, _)| object.oid)
        .find(|oid| class_row(*oid).is_some_and(|row| row.letter("relkind") == b'S'))
}

/// The sequences that belong to columns of a table: `getOwnedSequences` of `catalog/pg_depend.c`.
pub fn owned_sequences(table: Oid) -> Vec<Oid> {
    references(Object::relation(table))
        .into_iter()
        .filter(|(object, kind)| object.class == catalog::CLASS.catalog() && matches!(kind, b'a' | b'i'))
        .map(|(object, _)| object.oid)
        .filter(|oid| class_row(*oid).is_some_and(|row| row.letter("relkind") == b'S'))
        .collect()
}
