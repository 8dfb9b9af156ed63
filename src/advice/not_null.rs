//! NOT NULL without a look at every row under a blocking lock.

use crate::model::relation::{Relation, quote_identifier};

/// Steps that make a column NOT NULL while reads and writes go on.
pub fn set_not_null(relation: &Relation, column: &str, major: u32) -> String {
    let table = relation.qualified_name();
    let constraint = quote_identifier(&format!("{}_{column}_not_null", relation.name));
    let column = quote_identifier(column);
    if major >= 18 {
        return format!(
            "ALTER TABLE {table} ADD CONSTRAINT {constraint} NOT NULL {column} NOT VALID; \
             ALTER TABLE {table} VALIDATE CONSTRAINT {constraint};"
        );
    }
    format!(
        "ALTER TABLE {table} ADD CONSTRAINT {constraint} CHECK ({column} IS NOT NULL) NOT VALID; \
         ALTER TABLE {table} VALIDATE CONSTRAINT {constraint}; \
         ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL; \
         ALTER TABLE {table} DROP CONSTRAINT {constraint};"
    )
}
