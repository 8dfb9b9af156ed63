//! The safe form of a statement, written with its real names.

use crate::model::facts::IndexConstraint;
use crate::model::lock_profile::{Cause, LockProfile};
use crate::model::relation::{Relation, RelationKind, quote_identifier};
use crate::policy::Finding;

/// The safe way to what `statement` wants, as sentences and SQL; `None` where there is none to tell.
///
/// `major` is the major version of the server, because 18 can validate NOT NULL without a detour.
pub fn alternative(profile: &LockProfile, finding: &Finding, statement: &str, major: u32) -> Option<String> {
    let work = finding.work.as_ref()?;
    let relation = &profile.effect(finding.relation)?.relation;
    let table = relation.qualified_name();
    let partitioned = relation.kind == RelationKind::PartitionedTable;
    let name = |suffix: &str| quote_identifier(&format!("{}_{suffix}", relation.name));
    Some(match &work.cause {
        Cause::VolatileDefault {
            column,
            type_name,
            default,
        } => {
            let column = quote_identifier(column);
            format!(
                "Add the column without a default, set the default for new rows, and fill the old ones in batches: \
                 ALTER TABLE {table} ADD COLUMN {column} {type_name}; \
                 ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT {default}; \
                 CALL interlock.safe_backfill('{table}', $${column} = {default}$$, $${column} IS NULL$$);"
            )
        }
        Cause::SequenceDefault { column, type_name, .. } => {
            let (sequence, column) = (name(&format!("{column}_seq")), quote_identifier(column));
            let sequence = format!("{}.{sequence}", quote_identifier(&relation.schema));
            format!(
                "Add a plain column, number new rows by a sequence, and fill the old ones in batches: \
                 ALTER TABLE {table} ADD COLUMN {column} {type_name}; \
                 CREATE SEQUENCE {sequence} OWNED BY {table}.{column}; \
                 ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT nextval('{sequence}'); \
                 CALL interlock.safe_backfill('{table}', $${column} = nextval('{sequence}')$$, $${column} IS NULL$$);"
            )
        }
        Cause::StoredGenerated {
            column,
            type_name,
            expression,
        } => {
            let virtual_form = if major >= 18 {
                " (or make it VIRTUAL, which stores nothing)"
            } else {
                ""
            };
            let (column, expression) = (quote_identifier(column), nonempty(expression, "the expression"));
            format!(
                "Add a plain column{virtual_form}, keep it up to date by a BEFORE INSERT OR UPDATE trigger, and fill the \
                 old rows in batches: ALTER TABLE {table} ADD COLUMN {column} {type_name}; \
                 CALL interlock.safe_backfill('{table}', $${column} = {expression}$$, $${column} IS NULL$$);"
            )
        }
        Cause::ConstrainedDomain { column, domain } => {
            let column = quote_identifier(column);
            format!(
                "Add the column with the base type of {domain} and the domain's constraints as CHECKs that are \
                 validated later: ALTER TABLE {table} ADD COLUMN {column} …; \
                 ALTER TABLE {table} ADD CONSTRAINT … CHECK (…) NOT VALID; then VALIDATE CONSTRAINT in a transaction of its own."
            )
        }
        Cause::NewColumnNotNull { column } => {
            let column = quote_identifier(column);
            format!(
                "Add the column nullable, fill it with CALL interlock.safe_backfill('{table}', $${column} = …$$, \
                 $${column} IS NULL$$), then make it NOT NULL: {}",
                set_not_null(relation, &column, major)
            )
        }
        Cause::TypeChange { column, to, .. } => {
            let (fresh, column) = (quote_identifier(&format!("{column}_new")), quote_identifier(column));
            format!(
                "Fill a new column in batches and swap the names: ALTER TABLE {table} ADD COLUMN {fresh} {to}; keep \
                 {fresh} up to date by a BEFORE INSERT OR UPDATE trigger; CALL interlock.safe_backfill('{table}', \
                 $${fresh} = {column}$$, $${fresh} IS NULL AND {column} IS NOT NULL$$); then in one transaction \
                 ALTER TABLE {table} DROP COLUMN {column}; ALTER TABLE {table} RENAME COLUMN {fresh} TO {column};"
            )
        }
        Cause::TypeChangeIndex { column, .. } => format!(
            "Drop the indexes on column {} that cannot be kept with DROP INDEX CONCURRENTLY, change the type, and build \
             them again with CREATE INDEX CONCURRENTLY.",
            quote_identifier(column)
        ),
        Cause::TypeChangeCheck { constraint, .. } | Cause::TypeChangeForeignKey { constraint, .. } => {
            let constraint = quote_identifier(constraint);
            format!(
                "Drop constraint {constraint}, change the type, add the constraint again with NOT VALID, and run \
                 ALTER TABLE … VALIDATE CONSTRAINT {constraint} in a transaction of its own."
            )
        }
        Cause::SetNotNull { column } => {
            format!(
                "Prove it first, without blocking: {}",
                set_not_null(relation, &quote_identifier(column), major)
            )
        }
        Cause::PrimaryKeyNullable { column } => format!(
            "Make the column NOT NULL first, without blocking: {} Then run the statement again.",
            set_not_null(relation, &quote_identifier(column), major)
        ),
        Cause::Check { constraint } => not_valid(statement, &table, constraint.as_deref()),
        Cause::ForeignKey { .. } if partitioned && major < 18 => format!(
            "A foreign key of a partitioned table cannot be NOT VALID in this version. Add it to each partition with \
             NOT VALID, validate each, and then add it to {table}: the validated ones are taken over without a scan."
        ),
        Cause::ForeignKey { constraint, .. } => not_valid(statement, &table, constraint.as_deref()),
        Cause::IndexConstraint {
            kind,
            constraint,
            columns,
        } => index_constraint(*kind, constraint.as_deref(), columns, relation, partitioned)?,
        Cause::Validate { constraint } => format!(
            "Run it alone, in a transaction of its own, where it blocks neither reads nor writes: \
             ALTER TABLE {table} VALIDATE CONSTRAINT {};",
            quote_identifier(constraint)
        ),
        Cause::CreateIndex { .. } if partitioned => format!(
            "Create the index with ON ONLY on {table}, then with CONCURRENTLY on each partition, and attach each with \
             ALTER INDEX … ATTACH PARTITION."
        ),
        Cause::CreateIndex { .. } => format!(
            "Run it outside a transaction block as {};",
            after_word(statement, "INDEX", "CONCURRENTLY")
        ),
        Cause::Reindex => format!(
            "Run it outside a transaction block as {};",
            reindex_concurrently(statement)
        ),
        Cause::Unpredicted => return None,
        Cause::Cluster | Cause::VacuumFull => format!(
            "Use pg_repack or pg_squeeze, which rebuild {table} beside its users, or run it in a maintenance window."
        ),
        Cause::Refresh => format!(
            "With a unique index on the materialized view, REFRESH MATERIALIZED VIEW CONCURRENTLY {table} lets readers go on."
        ),
        Cause::SetExpression { column } => format!(
            "Drop the expression, which keeps the values, keep the column up to date by a trigger, and compute it anew in \
             batches: ALTER TABLE {table} ALTER COLUMN {column} DROP EXPRESSION; CALL interlock.safe_backfill('{table}', …);",
            column = quote_identifier(column)
        ),
        Cause::SetTablespace { tablespace } if relation.kind.is_index() => format!(
            "Run outside a transaction block REINDEX (TABLESPACE {}) INDEX CONCURRENTLY {table};",
            quote_identifier(tablespace)
        ),
        Cause::SetLogged { .. } | Cause::SetAccessMethod { .. } | Cause::SetTablespace { .. } => {
            "There is no form of it that does not block; run it in a maintenance window, or fill a new table and swap \
             the names."
                .to_owned()
        }
    })
}

/// Steps that make a column NOT NULL while reads and writes go on.
fn set_not_null(relation: &Relation, column: &str, major: u32) -> String {
    let table = relation.qualified_name();
    let constraint = quote_identifier(&format!("{}_{}_not_null", relation.name, column.trim_matches('"')));
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

fn not_valid(statement: &str, table: &str, constraint: Option<&str>) -> String {
    let name = constraint.map_or_else(|| "…".to_owned(), quote_identifier);
    let single = !statement.contains(';') && !statement.to_ascii_uppercase().contains("ADD COLUMN");
    let first = if single {
        format!("{statement} NOT VALID")
    } else {
        "add the constraint with NOT VALID".to_owned()
    };
    format!("Run {first}; and then, in a transaction of its own, ALTER TABLE {table} VALIDATE CONSTRAINT {name};")
}

fn index_constraint(
    kind: IndexConstraint,
    constraint: Option<&str>,
    columns: &[String],
    relation: &Relation,
    partitioned: bool,
) -> Option<String> {
    let table = relation.qualified_name();
    let (words, suffix) = match kind {
        IndexConstraint::PrimaryKey => ("PRIMARY KEY", "pkey".to_owned()),
        IndexConstraint::Unique => ("UNIQUE", format!("{}_key", columns.join("_"))),
        IndexConstraint::Exclusion => {
            return Some(
                "An exclusion constraint cannot be built beside writes; add it in a maintenance window.".to_owned(),
            );
        }
    };
    if partitioned {
        return Some(format!(
            "Create a unique index with ON ONLY on {table}, then one with CONCURRENTLY on each partition, and attach \
             each with ALTER INDEX … ATTACH PARTITION."
        ));
    }
    let name = constraint.map_or_else(
        || quote_identifier(&format!("{}_{suffix}", relation.name)),
        quote_identifier,
    );
    let columns: Vec<String> = columns.iter().map(|column| quote_identifier(column)).collect();
    Some(format!(
        "Build the index beside the writers, outside a transaction block, and take it over: \
         CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} ({}); \
         ALTER TABLE {table} ADD CONSTRAINT {name} {words} USING INDEX {name};",
        columns.join(", ")
    ))
}

/// REINDEX INDEX i → REINDEX INDEX CONCURRENTLY i
fn reindex_concurrently(statement: &str) -> String {
    ["INDEX", "TABLE", "SCHEMA", "DATABASE"]
        .into_iter()
        .find_map(|word| {
            let changed = after_word(statement, word, "CONCURRENTLY");
            (changed != statement).then_some(changed)
        })
        .unwrap_or_else(|| statement.to_owned())
}

/// Puts a word after the first keyword `after` of a statement; unchanged if it has none. Comments are not keywords.
fn after_word(statement: &str, after: &str, word: &str) -> String {
    let bytes = statement.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at..].starts_with(b"--") {
            at += statement[at..].find('\n').unwrap_or(bytes.len() - at);
        } else if bytes[at..].starts_with(b"/*") {
            at += statement[at..].find("*/").map_or(bytes.len() - at, |end| end + 2);
        } else if bytes[at] == b'"' || bytes[at] == b'(' {
            // A name or a list of options: the keyword looked for comes before any of the statement's own names.
            let close = if bytes[at] == b'"' { '"' } else { ')' };
            at += 1 + statement[at + 1..].find(close).map_or(bytes.len(), |end| end + 1);
        } else if bytes[at].is_ascii_alphabetic() {
            let length = bytes[at..]
                .iter()
                .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
                .count();
            let end = at + length;
            if statement[at..end].eq_ignore_ascii_case(after) {
                return format!("{} {word}{}", &statement[..end], &statement[end..]);
            }
            at = end;
        } else {
            at += 1;
        }
    }
    statement.to_owned()
}

fn nonempty<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_put_after_the_keyword_and_not_into_comments() {
        assert_eq!(
            after_word("create /* index */ unique index i on t (a)", "INDEX", "CONCURRENTLY"),
            "create /* index */ unique index CONCURRENTLY i on t (a)"
        );
        assert_eq!(
            after_word("CREATE INDEX ON t (a)", "INDEX", "CONCURRENTLY"),
            "CREATE INDEX CONCURRENTLY ON t (a)"
        );
        assert_eq!(
            reindex_concurrently("REINDEX (VERBOSE) TABLE t"),
            "REINDEX (VERBOSE) TABLE CONCURRENTLY t"
        );
        assert_eq!(after_word("-- index", "INDEX", "CONCURRENTLY"), "-- index");
        assert_eq!(after_word("create \"", "INDEX", "CONCURRENTLY"), "create \"");
    }
}
