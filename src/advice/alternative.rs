//! The safe form of a statement, written with its real names.

use super::added_constraint::Added;
use super::names::Catalog;
use super::sql::{AlterTable, Subcommand, after_word, dollar_quoted, quoted_literal, without_comments_around};
use super::{leftover, mass_change, partition, rename, transaction};
use crate::model::facts::DomainCheck;
use crate::model::lock_profile::{Cause, LockProfile};
use crate::model::relation::{FIRST_NORMAL_OBJECT_ID, RelationKind, quote_identifier};
use crate::policy::Finding;

/// The safe way to what `statement` wants, as sentences and SQL; `None` where there is none to tell.
///
/// `major` is the major version of the server, because 18 can validate NOT NULL without a detour. The catalog
/// keeps its steps from names that are there already.
pub fn alternative(
    profile: &LockProfile,
    finding: &Finding,
    statement: &str,
    major: u32,
    catalog: &dyn Catalog,
) -> Option<String> {
    let said = leftover::alternative(profile, finding)
        .or_else(|| mass_change::alternative(profile, finding))
        .or_else(|| transaction::order(profile, finding, statement));
    if said.is_some() {
        return said;
    }
    let relation = &profile.effect(finding.relation)?.relation;
    let alter = AlterTable::parse(statement);
    let mut added = Added::new(alter.as_ref(), relation, major, catalog);
    let Some(work) = &finding.work else {
        return rename::alternative(profile.destroys.as_ref()?, relation, statement, &mut added.names);
    };
    let table = relation.qualified_name();
    let partitioned = relation.kind == RelationKind::PartitionedTable;
    let is_catalog = relation.oid < FIRST_NORMAL_OBJECT_ID;
    Some(match &work.cause {
        Cause::VolatileDefault {
            column,
            type_name,
            default,
        } => {
            let name = quote_identifier(column);
            format!(
                "Add the column without a default, set the default for new rows, and fill the old ones in batches: \
                 ALTER TABLE {table} ADD COLUMN {name} {type_name}{}; \
                 ALTER TABLE {table} ALTER COLUMN {name} SET DEFAULT {default}; {}{}",
                added.collation(column),
                fill(&table, &name, default),
                added.and_constraints_of(column, false)
            )
        }
        Cause::SequenceDefault { column, type_name, .. } => {
            let name = quote_identifier(column);
            let sequence = added.names.choose(relation, &[&relation.name, column], "seq");
            let sequence = format!("{}.{sequence}", quote_identifier(&relation.schema));
            let next = format!("nextval({})", quoted_literal(&sequence));
            format!(
                "Add a plain column, number new rows by a sequence, and fill the old ones in batches: \
                 ALTER TABLE {table} ADD COLUMN {name} {type_name}; \
                 CREATE SEQUENCE {sequence} AS {type_name}{} OWNED BY {table}.{name}; \
                 ALTER TABLE {table} ALTER COLUMN {name} SET DEFAULT {next}; {}{}",
                added.sequence_options(column),
                fill(&table, &name, &next),
                added.and_constraints_of(column, true)
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
            let (name, expression) = (quote_identifier(column), nonempty(expression, "the expression"));
            format!(
                "Add a plain column{virtual_form}, keep it up to date by a BEFORE INSERT OR UPDATE trigger, and fill the \
                 old rows in batches: ALTER TABLE {table} ADD COLUMN {name} {type_name}{}; {}{}",
                added.collation(column),
                fill(&table, &name, expression),
                added.and_constraints_of(column, false)
            )
        }
        Cause::ConstrainedDomain {
            column,
            domain,
            base,
            default,
            volatile,
        } => {
            let name = quote_identifier(column);
            let (with_default, filled) = match (default.as_str(), volatile) {
                ("", _) => (String::new(), String::new()),
                (default, false) => (format!(" DEFAULT {default}"), String::new()),
                (default, true) => (
                    String::new(),
                    format!(
                        " ALTER TABLE {table} ALTER COLUMN {name} SET DEFAULT {default}; {}",
                        fill(&table, &name, default)
                    ),
                ),
            };
            format!(
                "Add the column with the base type of {domain}, and hold it to the domain by a CHECK that is validated \
                 later: ALTER TABLE {table} ADD COLUMN {name} {base}{}{with_default};{filled} {}{}",
                added.collation(column),
                added.as_domain(column, &name, domain),
                added.and_constraints_of(column, false)
            )
        }
        Cause::NewColumnNotNull { column } => {
            let name = quote_identifier(column);
            let add = added
                .bare_column(column)
                .map_or_else(|| format!("ADD COLUMN {name} ..."), |bare| bare.text);
            format!(
                "Give it a constant default, which costs nothing; or add it nullable, fill it, and then make it NOT NULL: \
                 ALTER TABLE {table} {add}; {}{}",
                fill(&table, &name, "..."),
                added.and_constraints_of(column, true)
            )
        }
        Cause::TypeChange { column, to, base, .. } => {
            let using = alter.as_ref().and_then(|alter| {
                let changes = |each: &&Subcommand| each.altered_column().as_deref() == Some(column);
                alter.subcommands.iter().find(changes)?.after("USING")
            });
            let fresh = added.names.choose_column(relation, column, "new");
            let as_domain = base.as_ref().map(|_| added.as_domain(column, &fresh, to) + " ");
            let column = quote_identifier(column);
            let value = using.unwrap_or(&column);
            format!(
                "Fill a new column in batches and swap the names: ALTER TABLE {table} ADD COLUMN {fresh} {}; keep \
                 {fresh} up to date by a BEFORE INSERT OR UPDATE trigger, and give it the default, identity, constraints and \
                 indexes of {column}, and the foreign keys that refer to {column}; CALL interlock.safe_backfill({}, {}, {}); {}then in one transaction \
                 ALTER TABLE {table} DROP COLUMN {column}; ALTER TABLE {table} RENAME COLUMN {fresh} TO {column};",
                base.as_ref().unwrap_or(to),
                quoted_literal(&table),
                dollar_quoted(&format!("{fresh} = {value}")),
                dollar_quoted(&format!("{fresh} IS NULL AND {column} IS NOT NULL")),
                as_domain.unwrap_or_default()
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
                 ALTER TABLE ... VALIDATE CONSTRAINT {constraint} in a transaction of its own."
            )
        }
        Cause::SetNotNull { column } => {
            format!("Prove it first, without blocking: {}", added.set_not_null(column))
        }
        Cause::PrimaryKeyNullable { column } => format!(
            "Make the column NOT NULL first, without blocking: {} Then run the statement again.",
            added.set_not_null(column)
        ),
        Cause::Check { constraint } => added.not_valid(constraint.as_deref()),
        Cause::ForeignKey { .. } if partitioned && major < 18 => added.key_of_partitioned(),
        Cause::ForeignKey { constraint, .. } => added.not_valid(constraint.as_deref()),
        Cause::IndexConstraint {
            kind,
            constraint,
            columns,
        } => {
            let nullable = profile
                .effect(finding.relation)?
                .work
                .iter()
                .filter_map(|work| match &work.cause {
                    Cause::PrimaryKeyNullable { column } => Some(column.as_str()),
                    _ => None,
                });
            let not_null: String = nullable.map(|column| added.set_not_null(column) + " ").collect();
            added.index_constraint(*kind, constraint.as_deref(), columns, &not_null)
        }
        Cause::Validate { constraint } => format!(
            "Run it alone, in a transaction of its own, where it blocks neither reads nor writes: \
             ALTER TABLE {table} VALIDATE CONSTRAINT {};",
            quote_identifier(constraint)
        ),
        Cause::Partition(_) => partition::alternative(profile, statement, major, &mut added.names),
        Cause::Domain { domain, check } => alter_domain(domain, check, statement),
        Cause::CreateIndex { .. } if partitioned => format!(
            "Create the index with ON ONLY on {table}, then with CONCURRENTLY on each partition, and attach each with \
             ALTER INDEX ... ATTACH PARTITION."
        ),
        Cause::CreateIndex { .. } => format!(
            "Run it outside a transaction block as {};",
            after_word(statement, &["INDEX"], "CONCURRENTLY")
        ),
        Cause::Reindex | Cause::Cluster | Cause::VacuumFull if is_catalog => {
            "Run it in a maintenance window: nothing works beside it.".to_owned()
        }
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
        Cause::SetExpression { column } => {
            let expression = alter
                .as_ref()
                .and_then(|alter| {
                    let changes = |each: &&Subcommand| each.altered_column().as_deref() == Some(column);
                    alter.subcommands.iter().find(changes)?.group_after("AS")
                })
                .unwrap_or("...");
            let column = quote_identifier(column);
            format!(
                "Drop the expression, which keeps the values, keep the column up to date by a BEFORE INSERT OR UPDATE \
                 trigger, and compute it anew in batches: ALTER TABLE {table} ALTER COLUMN {column} DROP EXPRESSION; \
                 CALL interlock.safe_backfill({}, {}, {});",
                quoted_literal(&table),
                dollar_quoted(&format!("{column} = {expression}")),
                dollar_quoted(&format!("{column} IS DISTINCT FROM ({expression})"))
            )
        }
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

/// Fills a new column in batches.
fn fill(table: &str, column: &str, value: &str) -> String {
    format!(
        "CALL interlock.safe_backfill({}, {}, {});",
        quoted_literal(table),
        dollar_quoted(&format!("{column} = {value}")),
        dollar_quoted(&format!("{column} IS NULL"))
    )
}

/// No way validates a domain while writes go on; NOT VALID holds new values to the constraint.
fn alter_domain(domain: &str, check: &DomainCheck, statement: &str) -> String {
    let add = match check {
        DomainCheck::NotNull => format!("ALTER DOMAIN {domain} ADD CHECK (VALUE IS NOT NULL)"),
        DomainCheck::Constraint(_) => without_comments_around(statement).to_owned(),
        DomainCheck::Validate(_) => {
            return "Leave it NOT VALID, which new values are held to, and look for old ones that break it with queries; \
                    or validate it in a maintenance window."
                .to_owned();
        }
    };
    format!(
        "Hold new values to it, and look for old ones that break it with queries, because VALIDATE CONSTRAINT of a domain \
         blocks writes too: {add} NOT VALID;"
    )
}

/// REINDEX INDEX i → REINDEX INDEX CONCURRENTLY i
fn reindex_concurrently(statement: &str) -> String {
    after_word(statement, &["INDEX", "TABLE", "SCHEMA", "DATABASE"], "CONCURRENTLY")
}

fn nonempty<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reindex_keeps_its_options() {
        assert_eq!(
            reindex_concurrently("REINDEX (VERBOSE) TABLE t"),
            "REINDEX (VERBOSE) TABLE CONCURRENTLY t"
        );
        assert_eq!(
            reindex_concurrently("reindex table index"),
            "reindex table CONCURRENTLY index"
        );
    }
}
