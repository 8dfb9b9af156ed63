//! Partitions that join or leave: why that costs work, and the steps that do the work beforehand, beside readers and
//! writers.

use super::names::Names;
use super::sql::without_comments_around;
use crate::model::lock_profile::{Cause, LockProfile};
use crate::model::partition::PartitionCause;
use crate::model::relation::{IndexConstraint, Oid, Relation, RelationKind, quote_identifier};

/// Why work is done, as the beginning of a sentence.
pub fn because(cause: &PartitionCause) -> String {
    match cause {
        PartitionCause::Bound { .. } => "The rows of the new partition are held against its bound".to_owned(),
        PartitionCause::Default { .. } => {
            "The rows of the default partition are held against the bound of the new one".to_owned()
        }
        PartitionCause::Index { index, .. } => {
            format!("The new partition has no equal of index \"{index}\" of the partitioned table")
        }
        PartitionCause::ForeignKey { constraint, .. } => {
            format!("Foreign key \"{constraint}\" is checked for the rows of the new partition")
        }
        PartitionCause::Referred { constraint, .. } => {
            format!("No row may refer by foreign key \"{constraint}\" to the partition that leaves")
        }
    }
}

/// The foreign key that a cause is about.
pub fn constraint(cause: &PartitionCause) -> Option<String> {
    match cause {
        PartitionCause::ForeignKey { constraint, .. } | PartitionCause::Referred { constraint, .. } => {
            Some(constraint.clone())
        }
        _ => None,
    }
}

/// What is done before a statement, so that it has nothing left to do, and what is put right after it.
#[derive(Default)]
struct Steps {
    before: Vec<String>,
    after: Vec<String>,
}

/// The whole way, with the statement in its middle.
pub fn alternative(profile: &LockProfile, statement: &str, major: u32, names: &mut Names) -> String {
    let mut steps = Steps::default();
    let mut known: Vec<&PartitionCause> = vec![];
    for work in profile.effects.iter().flat_map(|effect| &effect.work) {
        if let Cause::Partition(cause) = &work.cause
            && !known.contains(&cause)
        {
            known.push(cause);
            if let Some(relation) = profile.effect(table_of(cause)).map(|effect| &effect.relation) {
                add(&mut steps, cause, relation, major, names);
            }
        }
    }
    let leaves = known
        .iter()
        .any(|cause| matches!(cause, PartitionCause::Referred { .. }));
    let introduction = if leaves {
        "The tables that refer to it are read in every form of DETACH; without their foreign keys they are not. Make sure \
         that no row refers to the partition, and then"
    } else {
        "Do the work beforehand, without blocking, each step in a transaction of its own:"
    };
    format!(
        "{introduction} {} {}; {}",
        steps.before.join(" "),
        without_comments_around(statement),
        steps.after.join(" ")
    )
    .trim_end()
    .to_owned()
}

fn table_of(cause: &PartitionCause) -> Oid {
    match cause {
        PartitionCause::Bound { table, .. }
        | PartitionCause::Default { table, .. }
        | PartitionCause::Index { table, .. }
        | PartitionCause::ForeignKey { table, .. }
        | PartitionCause::Referred { table, .. } => *table,
    }
}

fn add(steps: &mut Steps, cause: &PartitionCause, relation: &Relation, major: u32, names: &mut Names) {
    let table = relation.qualified_name();
    let partitioned = relation.kind == RelationKind::PartitionedTable;
    match cause {
        PartitionCause::Bound { condition, .. } | PartitionCause::Default { condition, .. } => {
            let name = names.choose(relation, &[&relation.name], "bound");
            steps.before.push(format!(
                "ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID; \
                 ALTER TABLE {table} VALIDATE CONSTRAINT {name};"
            ));
            steps.after.push(format!("ALTER TABLE {table} DROP CONSTRAINT {name};"));
        }
        PartitionCause::Index { index, .. } if partitioned => steps.before.push(format!(
            "Give {table} an equal of index {}: with ON ONLY, then with CONCURRENTLY on each partition, and attach each \
             with ALTER INDEX ... ATTACH PARTITION. Then",
            quote_identifier(index)
        )),
        PartitionCause::Index {
            index,
            unique,
            definition,
            constraint,
            ..
        } => {
            let name = names.choose(relation, &[&relation.name, index], "");
            let unique = if *unique { "UNIQUE " } else { "" };
            steps.before.push(match constraint {
                Some(IndexConstraint::Exclusion) => {
                    "The exclusion constraint cannot be built beside writes; that is left to a maintenance window. Then"
                        .to_owned()
                }
                None => format!("CREATE {unique}INDEX CONCURRENTLY {name} ON {table} {definition};"),
                Some(kind) => {
                    let words = if *kind == IndexConstraint::PrimaryKey {
                        "PRIMARY KEY"
                    } else {
                        "UNIQUE"
                    };
                    format!(
                        "CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} {definition}; \
                         ALTER TABLE {table} ADD CONSTRAINT {name} {words} USING INDEX {name};"
                    )
                }
            });
        }
        PartitionCause::ForeignKey {
            constraint, definition, ..
        } => {
            let name = quote_identifier(constraint);
            if let Some(definition) = definition {
                steps
                    .before
                    .push(format!("ALTER TABLE {table} ADD CONSTRAINT {name} {definition} NOT VALID;"));
            }
            steps
                .before
                .push(format!("ALTER TABLE {table} VALIDATE CONSTRAINT {name};"));
        }
        PartitionCause::Referred {
            constraint, definition, ..
        } => {
            let name = quote_identifier(constraint);
            steps
                .before
                .push(format!("ALTER TABLE {table} DROP CONSTRAINT {name};"));
            steps.after.push(if partitioned && major < 18 {
                format!(
                    "Add the foreign key to each partition of {table} with NOT VALID, validate each, and then add it to \
                     {table}: the validated ones are taken over without a scan."
                )
            } else {
                format!(
                    "ALTER TABLE {table} ADD CONSTRAINT {name} {definition} NOT VALID; \
                     ALTER TABLE {table} VALIDATE CONSTRAINT {name};"
                )
            });
        }
    }
}
