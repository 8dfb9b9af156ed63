//! What is said of changes of many rows, under a lock from before too, and of all for want of a WHERE.

use super::clauses::clauses;
use super::sql::{dollar_quoted, quoted_literal};
use super::{transaction, words};
use crate::model::change::{Change, Verb};
use crate::model::lock_profile::LockProfile;
use crate::model::relation::{Relation, RelationKind, quote_identifier};
use crate::model::rule::Rule;
use crate::policy::Finding;

/// The change that a finding is told of, if it is about one.
fn of<'a>(profile: &'a LockProfile, finding: &Finding) -> Option<&'a Change> {
    let careless = match finding.rule {
        Rule::MassChange => false,
        Rule::WorkUnderHeldLock if finding.work.is_none() && !finding.adds => false,
        Rule::ChangeWithoutWhere => true,
        _ => return None,
    };
    let changes = profile.changes.iter().rev();
    changes
        .filter(|change| change.relation == finding.relation && (change.unconditional || !careless))
        .max_by_key(|change| change.rows)
}

/// What the statement would do.
pub fn message(profile: &LockProfile, finding: &Finding, relation: &Relation) -> Option<String> {
    of(profile, finding)?;
    let what = match finding.rule {
        Rule::ChangeWithoutWhere => "change every row of",
        _ if is_of_reading(profile, finding) => "read many rows to change",
        _ => "change many rows of",
    };
    let others = match finding.relations.len() {
        0 | 1 => String::new(),
        many => format!(" and {} more", many - 1),
    };
    let when = finding
        .held
        .as_ref()
        .map_or_else(|| "at once".to_owned(), transaction::while_blocking);
    Some(format!("{what} {}{others} {when}", words::relation(relation)))
}

/// Whether rows are objected to that are read, and not changed.
fn is_of_reading(profile: &LockProfile, finding: &Finding) -> bool {
    finding.rows > changed(profile, finding)
}

fn changed(profile: &LockProfile, finding: &Finding) -> i64 {
    let changes = profile.changes.iter();
    changes
        .filter(|change| finding.relations.contains(&change.relation))
        .map(|change| change.rows)
        .sum()
}

/// Why that is wrong.
pub fn reason(profile: &LockProfile, finding: &Finding) -> Option<String> {
    let change = of(profile, finding)?;
    let why = if change.unconditional {
        "It has no WHERE"
    } else {
        "By its plan"
    };
    let rows = words::count(usize::try_from(finding.rows).unwrap_or(usize::MAX), "row", "rows");
    Some(match &finding.held {
        Some(held) if is_of_reading(profile, finding) => {
            let meanwhile = transaction::meanwhile(held);
            format!(
                "{why}: about {rows} are read, and {} of them changed.{meanwhile}",
                changed(profile, finding)
            )
        }
        Some(held) => format!("{why}: about {rows} are changed.{}", transaction::meanwhile(held)),
        None => format!(
            "{why}: about {rows} are changed, stay locked until the transaction ends, and leave dead versions behind."
        ),
    })
}

const WHERE: &str = "Write a WHERE that says which rows are meant, WHERE true if all are.";

/// The way to the same end.
pub fn alternative(profile: &LockProfile, finding: &Finding) -> Option<String> {
    let change = of(profile, finding)?;
    let relation = &profile.effect(change.relation)?.relation;
    let way = match change.verb {
        Verb::Update => update(change, relation),
        Verb::Delete => delete(change, relation),
        Verb::Merge => "Run it for a part of its source at a time, each in a transaction of its own.".to_owned(),
    };
    Some(match finding.rule {
        Rule::ChangeWithoutWhere if change.rows > change.batch => format!("{WHERE} {way}"),
        Rule::ChangeWithoutWhere => WHERE.to_owned(),
        Rule::WorkUnderHeldLock => format!("{} {way}", transaction::COMMIT_FIRST),
        _ => way,
    })
}

fn has_rows(relation: &Relation) -> bool {
    matches!(relation.kind, RelationKind::Table | RelationKind::PartitionedTable)
}

/// By the backfill engine, with the statement's own clauses where it would take them.
fn update(change: &Change, relation: &Relation) -> String {
    let written = change.written.as_ref().filter(|written| !written.only);
    let Some(written) = written.filter(|_| has_rows(relation)) else {
        return in_parts(change);
    };
    let table = quoted_literal(&relation.qualified_name());
    if written.inside {
        return "Make it a statement of its own, before this one, and change the rows in batches with \
                interlock.safe_backfill."
            .to_owned();
    }
    if written.joins {
        return format!(
            "Change the rows in batches, with queries in place of FROM and WITH: CALL interlock.safe_backfill({table}, \
             $$... = (SELECT ...)$$, $$EXISTS (SELECT ...)$$);"
        );
    }
    let found = clauses(written, &relation.name);
    let (assignments, condition) = match &found {
        Some(found) => (found.assignments.as_deref(), found.condition.as_deref()),
        None => (None, Some("...")),
    };
    let mut arguments = vec![table, dollar_quoted(assignments.unwrap_or("..."))];
    arguments.extend(condition.map(dollar_quoted));
    let (alias, values) = (
        if found.is_none() {
            ", with the name of the table in place of its alias"
        } else {
            ""
        },
        if written.parameters {
            ", with values in place of parameters and variables"
        } else {
            ""
        },
    );
    format!(
        "Change the rows in batches{alias}{values}: CALL interlock.safe_backfill({});",
        arguments.join(", ")
    )
}

/// There is no engine for it: batches by key, or by place in a plain table without one.
fn delete(change: &Change, relation: &Relation) -> String {
    let by_place = relation.kind == RelationKind::Table;
    let Some(written) = change
        .written
        .as_ref()
        .filter(|written| !written.inside && !written.only && !written.joins)
        .filter(|_| has_rows(relation) && (by_place || !change.key.is_empty()))
    else {
        return in_parts(change);
    };
    let table = relation.qualified_name();
    let (columns, order) = match &change.key[..] {
        [] => ("ctid".to_owned(), String::new()),
        key => {
            let key: Vec<String> = key.iter().map(|column| quote_identifier(column)).collect();
            (key.join(", "), format!(" ORDER BY {}", key.join(", ")))
        }
    };
    let condition = match clauses(written, &relation.name) {
        Some(found) => found.condition,
        None => Some("...".to_owned()),
    };
    // Said twice, because somebody may change a row between the look-up and its deletion, so that it is not meant any more.
    let (condition, again) = condition.map_or_else(Default::default, |condition| {
        (format!(" WHERE {condition}"), format!(" AND ({condition})"))
    });
    let left = if change.key.len() > 1 {
        format!("({columns})")
    } else {
        columns.clone()
    };
    let (values, all) = (
        if written.parameters {
            ", with values in place of parameters and variables"
        } else {
            ""
        },
        if change.unconditional {
            " (TRUNCATE removes all rows at once, under AccessExclusiveLock)"
        } else {
            ""
        },
    );
    format!(
        "Delete in batches, each in a transaction of its own, until no row is left{values}{all}: \
         DELETE FROM {table} WHERE {left} IN (SELECT {columns} FROM {table}{condition}{order} LIMIT {}){again};",
        change.batch
    )
}

fn in_parts(change: &Change) -> String {
    let done = if change.verb == Verb::Update {
        "Change"
    } else {
        "Delete"
    };
    format!("{done} fewer rows at a time, each time in a transaction of its own.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::change::Written;

    fn change(verb: Verb, text: &str, key: &[&str]) -> Change {
        Change {
            relation: 1,
            verb,
            rows: 5000,
            unconditional: false,
            written: Some(Written {
                text: text.to_owned(),
                alias: None,
                joins: false,
                only: false,
                inside: false,
                parameters: false,
            }),
            key: key.iter().map(|column| (*column).to_owned()).collect(),
            batch: 1000,
        }
    }

    fn table(kind: RelationKind) -> Relation {
        Relation {
            oid: 1,
            schema: "shop".to_owned(),
            name: "Orders".to_owned(),
            kind,
            temporary: false,
            new_in_transaction: false,
            measured: true,
            rows: 5000,
            bytes: 0,
        }
    }

    #[test]
    fn an_update_is_given_to_the_engine_as_it_is() {
        let orders = table(RelationKind::Table);
        let mut change = change(Verb::Update, "\"Orders\" SET a = '$$', b = 2 WHERE c", &["id"]);
        assert_eq!(
            update(&change, &orders),
            "Change the rows in batches: CALL interlock.safe_backfill('shop.\"Orders\"', $sql$a = '$$', b = 2$sql$, $$c$$);"
        );
        let written = |change: &mut Change, edit: fn(&mut Written)| edit(change.written.as_mut().unwrap());
        written(&mut change, |written| written.parameters = true);
        assert!(update(&change, &orders).contains("with values in place of parameters"));
        written(&mut change, |written| written.joins = true);
        assert!(update(&change, &orders).contains("'shop.\"Orders\"', $$... = (SELECT ...)$$"));
        assert!(update(&change, &table(RelationKind::View)).starts_with("Change fewer rows"));
    }

    #[test]
    fn a_delete_goes_by_key_or_by_place() {
        let delete_of = |key: &[&str], kind| delete(&change(Verb::Delete, "o WHERE c < 1 OR d", key), &table(kind));
        assert!(delete_of(&["id"], RelationKind::PartitionedTable).ends_with(
            "DELETE FROM shop.\"Orders\" WHERE id IN (SELECT id FROM shop.\"Orders\" WHERE c < 1 OR d ORDER BY id LIMIT 1000) AND (c < 1 OR d);"
        ));
        assert!(delete_of(&["a", "B"], RelationKind::Table).contains("WHERE (a, \"B\") IN (SELECT a, \"B\" FROM"));
        assert!(delete_of(&[], RelationKind::Table).contains("WHERE ctid IN (SELECT ctid FROM"));
        assert!(delete_of(&[], RelationKind::PartitionedTable).starts_with("Delete fewer rows"));
    }
}
