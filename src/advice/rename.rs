//! The safe form of a RENAME: the old name goes on as a view, until nothing uses it any more.

use super::names::Names;
use super::sql::without_comments_around;
use crate::model::lock_profile::Destruction;
use crate::model::relation::{Relation, RelationKind, quote_identifier};

/// The safe way to a new name; `None` where the loss is not one of a name, or nothing could stand in for it.
pub fn alternative(loss: &Destruction, relation: &Relation, statement: &str, names: &mut Names) -> Option<String> {
    let selectable = !matches!(
        relation.kind,
        RelationKind::Sequence | RelationKind::CompositeType | RelationKind::Index | RelationKind::PartitionedIndex
    );
    let old = relation.qualified_name();
    let statement = without_comments_around(statement);
    match loss {
        Destruction::Name(new) if selectable => {
            let schema = new.schema.as_ref().unwrap_or(&relation.schema);
            let name = new.name.as_ref().unwrap_or(&relation.name);
            let new = format!("{}.{}", quote_identifier(schema), quote_identifier(name));
            Some(format!(
                "Keep the old name as a view in the same transaction, and drop the view when nothing uses it any more: \
                 BEGIN; {statement}; CREATE VIEW {old} AS SELECT * FROM {new}; COMMIT;"
            ))
        }
        Destruction::ColumnName(column, new) if selectable => {
            let (column, new) = (quote_identifier(column), quote_identifier(new));
            let base = names.choose(relation, &[&relation.name], "base");
            let table = format!("{}.{base}", quote_identifier(&relation.schema));
            Some(format!(
                "Let a view with the old names stand in until nothing uses them any more: BEGIN; {statement}; \
                 ALTER TABLE {old} RENAME TO {base}; CREATE VIEW {old} AS SELECT ..., {new} AS {column} FROM {table}; COMMIT;"
            ))
        }
        _ => None,
    }
}
