//! NOT NULL without a look at every row under a blocking lock.

use super::names::ToValidate;
use crate::model::relation::{Relation, quote_identifier};

/// Steps that make a column NOT NULL while reads and writes go on, by a constraint of this name, quoted. `options`: what the
/// constraint is written with, from 18 on; before, it goes when the column is NOT NULL.
pub fn set_not_null(relation: &Relation, column: &str, constraint: &str, options: &str, major: u32) -> String {
    let table = relation.qualified_name();
    let column = quote_identifier(column);
    if major >= 18 {
        return format!(
            "ALTER TABLE {table} ADD CONSTRAINT {constraint} NOT NULL {column}{options} NOT VALID; \
             ALTER TABLE {table} VALIDATE CONSTRAINT {constraint};"
        );
    }
    format!(
        "ALTER TABLE {table} ADD CONSTRAINT {constraint} CHECK ({column} IS NOT NULL) NOT VALID; {}",
        by_check(&table, &column, constraint)
    )
}

/// Those that are left when such a constraint is there already.
pub fn validate_not_null(relation: &Relation, column: &str, begun: &ToValidate) -> String {
    let (table, constraint) = (relation.qualified_name(), quote_identifier(&begun.name));
    if begun.is_check {
        return by_check(&table, &quote_identifier(column), &constraint);
    }
    format!("ALTER TABLE {table} VALIDATE CONSTRAINT {constraint};")
}

fn by_check(table: &str, column: &str, constraint: &str) -> String {
    format!(
        "ALTER TABLE {table} VALIDATE CONSTRAINT {constraint}; \
         ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL; \
         ALTER TABLE {table} DROP CONSTRAINT {constraint};"
    )
}
