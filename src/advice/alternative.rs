//! The safe form of a statement, written with its real names.

use super::sql::{AlterTable, ColumnConstraint, Subcommand, after_word, dollar_quoted, quoted_literal};
use super::{leftover, mass_change, partition, rename};
use crate::model::facts::{DomainCheck, IndexConstraint};
use crate::model::lock_profile::{Cause, LockProfile};
use crate::model::relation::{Relation, RelationKind, quote_identifier};
use crate::policy::Finding;

/// The safe way to what `statement` wants, as sentences and SQL; `None` where there is none to tell.
///
/// `major` is the major version of the server, because 18 can validate NOT NULL without a detour.
pub fn alternative(profile: &LockProfile, finding: &Finding, statement: &str, major: u32) -> Option<String> {
    if let Some(said) = leftover::alternative(profile, finding).or(mass_change::alternative(profile, finding)) {
        return Some(said);
    }
    let relation = &profile.effect(finding.relation)?.relation;
    let Some(work) = &finding.work else {
        return rename::alternative(profile.destroys.as_ref()?, relation, statement);
    };
    let table = relation.qualified_name();
    let partitioned = relation.kind == RelationKind::PartitionedTable;
    let alter = AlterTable::parse(statement);
    Some(match &work.cause {
        Cause::VolatileDefault {
            column,
            type_name,
            default,
        } => {
            let not_null = alter
                .and_then(|alter| alter.added_column(column).map(Subcommand::says_not_null))
                .unwrap_or_default();
            let name = quote_identifier(column);
            format!(
                "Add the column without a default, set the default for new rows, and fill the old ones in batches: \
                 ALTER TABLE {table} ADD COLUMN {name} {type_name}; \
                 ALTER TABLE {table} ALTER COLUMN {name} SET DEFAULT {default}; {}{}",
                fill(&table, &name, default),
                and_not_null(not_null, relation, column, major)
            )
        }
        Cause::SequenceDefault { column, type_name, .. } => {
            let name = quote_identifier(column);
            let sequence = quote_identifier(&format!("{}_{column}_seq", relation.name));
            let sequence = format!("{}.{sequence}", quote_identifier(&relation.schema));
            let next = format!("nextval({})", quoted_literal(&sequence));
            format!(
                "Add a plain column, number new rows by a sequence, and fill the old ones in batches: \
                 ALTER TABLE {table} ADD COLUMN {name} {type_name}; \
                 CREATE SEQUENCE {sequence} OWNED BY {table}.{name}; \
                 ALTER TABLE {table} ALTER COLUMN {name} SET DEFAULT {next}; {}{}",
                fill(&table, &name, &next),
                and_not_null(true, relation, column, major)
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
                 old rows in batches: ALTER TABLE {table} ADD COLUMN {column} {type_name}; {}",
                fill(&table, &column, expression)
            )
        }
        Cause::ConstrainedDomain { column, domain } => {
            let column = quote_identifier(column);
            format!(
                "Add the column with the base type of {domain} and the domain's constraints as CHECKs that are \
                 validated later: ALTER TABLE {table} ADD COLUMN {column} ...; \
                 ALTER TABLE {table} ADD CONSTRAINT ... CHECK (...) NOT VALID; then VALIDATE CONSTRAINT in a transaction of its own."
            )
        }
        Cause::NewColumnNotNull { column } => {
            let name = quote_identifier(column);
            let add = alter
                .as_ref()
                .and_then(|alter| alter.added_column(column))
                .map_or_else(|| format!("ADD COLUMN {name} ..."), Subcommand::without_not_null);
            format!(
                "Give it a constant default, which costs nothing; or add it nullable, fill it, and then make it NOT NULL: \
                 ALTER TABLE {table} {add}; {} {}",
                fill(&table, &name, "..."),
                set_not_null(relation, column, major)
            )
        }
        Cause::TypeChange { column, to, .. } => {
            let using = alter.as_ref().and_then(|alter| {
                let changes = |each: &&Subcommand| each.altered_column().as_deref() == Some(column);
                alter.subcommands.iter().find(changes)?.after("USING")
            });
            let (fresh, column) = (quote_identifier(&format!("{column}_new")), quote_identifier(column));
            let value = using.unwrap_or(&column);
            format!(
                "Fill a new column in batches and swap the names: ALTER TABLE {table} ADD COLUMN {fresh} {to}; keep \
                 {fresh} up to date by a BEFORE INSERT OR UPDATE trigger, and give it the default, constraints and indexes \
                 of {column}; CALL interlock.safe_backfill({}, {}, {}); then in one transaction \
                 ALTER TABLE {table} DROP COLUMN {column}; ALTER TABLE {table} RENAME COLUMN {fresh} TO {column};",
                quoted_literal(&table),
                dollar_quoted(&format!("{fresh} = {value}")),
                dollar_quoted(&format!("{fresh} IS NULL AND {column} IS NOT NULL"))
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
            format!(
                "Prove it first, without blocking: {}",
                set_not_null(relation, column, major)
            )
        }
        Cause::PrimaryKeyNullable { column } => format!(
            "Make the column NOT NULL first, without blocking: {} Then run the statement again.",
            set_not_null(relation, column, major)
        ),
        Cause::Check { constraint } => not_valid(alter.as_ref(), relation, constraint.as_deref()),
        Cause::ForeignKey { .. } if partitioned && major < 18 => format!(
            "A foreign key of a partitioned table cannot be NOT VALID in this version. Add it to each partition with \
             NOT VALID, validate each, and then add it to {table}: the validated ones are taken over without a scan."
        ),
        Cause::ForeignKey { constraint, .. } => not_valid(alter.as_ref(), relation, constraint.as_deref()),
        Cause::IndexConstraint {
            kind,
            constraint,
            columns,
        } => {
            let nullable = profile
                .effect(finding.relation)?
                .work
                .iter()
                .find_map(|work| match &work.cause {
                    Cause::PrimaryKeyNullable { column } => Some(column.as_str()),
                    _ => None,
                });
            let not_null = nullable.map_or_else(String::new, |column| set_not_null(relation, column, major) + " ");
            index_constraint(
                *kind,
                constraint.as_deref(),
                columns,
                relation,
                alter.as_ref(),
                &not_null,
            )
        }
        Cause::Validate { constraint } => format!(
            "Run it alone, in a transaction of its own, where it blocks neither reads nor writes: \
             ALTER TABLE {table} VALIDATE CONSTRAINT {};",
            quote_identifier(constraint)
        ),
        Cause::Partition(_) => partition::alternative(profile, statement, major),
        Cause::Domain { domain, check } => alter_domain(domain, check, statement),
        Cause::CreateIndex { .. } if partitioned => format!(
            "Create the index with ON ONLY on {table}, then with CONCURRENTLY on each partition, and attach each with \
             ALTER INDEX ... ATTACH PARTITION."
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

fn and_not_null(wanted: bool, relation: &Relation, column: &str, major: u32) -> String {
    if wanted {
        format!(" And make it NOT NULL: {}", set_not_null(relation, column, major))
    } else {
        String::new()
    }
}

/// No way validates a domain while writes go on; NOT VALID holds new values to the constraint.
fn alter_domain(domain: &str, check: &DomainCheck, statement: &str) -> String {
    let add = match check {
        DomainCheck::NotNull => format!("ALTER DOMAIN {domain} ADD CHECK (VALUE IS NOT NULL)"),
        DomainCheck::Constraint(_) => statement.trim_end_matches([';', ' ']).to_owned(),
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

/// Steps that make a column NOT NULL while reads and writes go on.
fn set_not_null(relation: &Relation, column: &str, major: u32) -> String {
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

/// The constraints of a statement, each added with NOT VALID and validated on its own, and the rest as it is.
fn not_valid(alter: Option<&AlterTable>, relation: &Relation, constraint: Option<&str>) -> String {
    let table = relation.qualified_name();
    let (mut steps, mut validations, mut rest) = (vec![], vec![], vec![]);
    let mut add = |name: Option<String>, column: Option<String>, definition: &str| {
        let kind = if definition.to_ascii_uppercase().starts_with("CHECK") {
            "check"
        } else {
            "fkey"
        };
        let default = || {
            let parts = [Some(relation.name.clone()), column, Some(kind.to_owned())];
            parts.into_iter().flatten().collect::<Vec<_>>().join("_")
        };
        let name = quote_identifier(&name.unwrap_or_else(default));
        steps.push(format!("ADD CONSTRAINT {name} {definition} NOT VALID"));
        validations.push(format!("ALTER TABLE {table} VALIDATE CONSTRAINT {name};"));
    };
    for each in alter.map(|alter| alter.subcommands.as_slice()).unwrap_or_default() {
        if let Some((name, definition)) = each.added_constraint(&["CHECK", "FOREIGN"]) {
            add(name, definition.first_name_in_group(), definition.text());
            continue;
        }
        let mut text = each.text().to_owned();
        while let Some(found) = Subcommand::new(&text).column_constraint(&["CHECK", "REFERENCES"]) {
            let column = quote_identifier(&found.column);
            let definition = if found.definition.to_ascii_uppercase().starts_with("CHECK") {
                found.definition
            } else {
                format!("FOREIGN KEY ({column}) {}", found.definition)
            };
            add(found.name, Some(found.column), &definition);
            text = found.without;
        }
        rest.push(text);
    }
    let (Some(alter), false) = (alter, steps.is_empty()) else {
        let name = constraint.map_or_else(|| "...".to_owned(), quote_identifier);
        return format!(
            "Add the constraint with NOT VALID; and then, in a transaction of its own, \
             ALTER TABLE {table} VALIDATE CONSTRAINT {name};"
        );
    };
    rest.extend(steps);
    format!(
        "Run {} {}; and then, in a transaction of its own, {}",
        alter.head,
        rest.join(", "),
        validations.join(" ")
    )
}

/// The beginnings of constraints that are unique indexes.
const KINDS: &[&str] = &["PRIMARY", "UNIQUE"];
const NOT_CONCURRENTLY: &str = "An exclusion constraint cannot be built beside writes; add it in a maintenance window.";

fn index_constraint(
    kind: IndexConstraint,
    constraint: Option<&str>,
    columns: &[String],
    relation: &Relation,
    alter: Option<&AlterTable>,
    not_null: &str,
) -> String {
    let table = relation.qualified_name();
    let (words, suffix) = match kind {
        IndexConstraint::PrimaryKey => ("PRIMARY KEY", "pkey".to_owned()),
        IndexConstraint::Unique => ("UNIQUE", format!("{}_key", columns.join("_"))),
        IndexConstraint::Exclusion => {
            return NOT_CONCURRENTLY.to_owned();
        }
    };
    if relation.kind == RelationKind::PartitionedTable {
        return format!(
            "Give each partition the constraint first: CREATE UNIQUE INDEX CONCURRENTLY ... on the partition, and ALTER \
             TABLE ... ADD {words} USING INDEX ... .  Then run the statement on {table} again: it takes them over and \
             builds nothing."
        );
    }
    let name = constraint.map_or_else(
        || quote_identifier(&format!("{}_{suffix}", relation.name)),
        quote_identifier,
    );
    let subcommands = alter.map(|alter| alter.subcommands.as_slice()).unwrap_or_default();
    let of_table = subcommands
        .iter()
        .filter_map(|each| each.added_constraint(KINDS))
        .find(|(name, _)| name.as_deref() == constraint);
    let of_column: Vec<ColumnConstraint> = subcommands
        .iter()
        .filter_map(|each| each.column_constraint(KINDS))
        .collect();
    let (column_first, definition) = match (&of_table, of_column.first(), alter) {
        (None, Some(first), Some(alter)) => {
            let columns: Vec<&str> = of_column.iter().map(|each| each.without.as_str()).collect();
            let columns = columns.join(", ");
            (
                format!(
                    "Add the column without the constraint and fill it: {} {columns};  ",
                    alter.head
                ),
                first.definition.as_str(),
            )
        }
        (written, ..) => (
            String::new(),
            written.as_ref().map_or("", |(_, definition)| definition.text()),
        ),
    };
    if definition.to_ascii_uppercase().contains("WITHOUT OVERLAPS") {
        return NOT_CONCURRENTLY.to_owned();
    }
    let columns: Vec<String> = columns.iter().map(|column| quote_identifier(column)).collect();
    let options = index_options(&Subcommand::new(definition));
    format!(
        "{column_first}Build the index beside the writers, outside a transaction block, and take it over: \
         CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} ({}){}; {not_null}\
         ALTER TABLE {table} ADD CONSTRAINT {name} {words} USING INDEX {name}{};",
        columns.join(", "),
        options.of_index,
        options.of_constraint
    )
}

/// What is said beside the columns of a constraint.
#[derive(Default)]
struct IndexOptions {
    of_index: String,
    of_constraint: String,
}

fn index_options(definition: &Subcommand) -> IndexOptions {
    let mut options = IndexOptions::default();
    if let Some(included) = definition.group_after("INCLUDE") {
        options.of_index += &format!(" INCLUDE ({included})");
    }
    if definition.says(&["NULLS", "NOT", "DISTINCT"]) {
        options.of_index += " NULLS NOT DISTINCT";
    }
    if let Some(parameters) = definition.group_after("WITH") {
        options.of_index += &format!(" WITH ({parameters})");
    }
    for words in [["DEFERRABLE"].as_slice(), &["INITIALLY", "DEFERRED"]] {
        if definition.says(words) && !definition.says(&["NOT", "DEFERRABLE"]) {
            options.of_constraint += &format!(" {}", words.join(" "));
        }
    }
    options
}

/// REINDEX INDEX i → REINDEX INDEX CONCURRENTLY i
fn reindex_concurrently(statement: &str) -> String {
    ["INDEX", "TABLE", "SCHEMA", "DATABASE"]
        .into_iter()
        .find_map(|word| {
            let changed = after_word(statement, word, "CONCURRENTLY");
            changed.contains("CONCURRENTLY").then_some(changed)
        })
        .unwrap_or_else(|| statement.to_owned())
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
    }
}
