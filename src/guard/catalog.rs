//! What hints ask of the catalog. Whatever cannot be read is not there.

use crate::advice::names::{Catalog, ToValidate};
use crate::model::relation::Relation;
use crate::postgres::read;
use crate::postgres::subtransaction::reading;

/// The server's own.
pub struct ServersCatalog;

impl Catalog for ServersCatalog {
    fn is_taken(&self, relation: &Relation, name: &str) -> bool {
        reading(|| read::is_name_taken(relation.oid, name)).unwrap_or(false)
    }

    fn has_column(&self, relation: &Relation, name: &str) -> bool {
        reading(|| read::has_column(relation.oid, name)).unwrap_or(false)
    }

    fn not_null_to_validate(&self, relation: &Relation, column: &str) -> Option<ToValidate> {
        let (name, is_check) = reading(|| read::not_null_to_validate(relation.oid, column))
            .ok()
            .flatten()?;
        Some(ToValidate { name, is_check })
    }
}
