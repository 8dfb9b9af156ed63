//! Constraints in ALTER TABLE: ADD, ALTER, VALIDATE, DROP.

use std::collections::{BTreeMap, BTreeSet};

use pgrx::pg_sys;
use pgrx::pg_sys::ConstrType;

use super::added::{self, Added};
use super::alter_constraint;
use super::columns;
use super::constraints::{self, Constraint};
use super::context::{Context, constraints_that_go, dropped};
use super::dependencies::Object;
use super::foreign_key;
use super::index_constraint;
use super::index_match;
use super::not_null;
use super::permission::may_join;
use super::relations::{class_row, is_partition, resolve};
use super::standing::{self, Standing};
use super::subcommands;
use crate::model::facts::{AddIndexConstraint, AlterCommand, Dropped};
use crate::model::lock_mode::LockMode;
use crate::model::relation::Oid;
use crate::postgres::node;

/// Whether ADD CONSTRAINT takes its lock on all partitions and inheriting tables, whatever becomes of them.
#[cfg(not(feature = "pg18"))]
pub fn recurses(command: &pg_sys::AlterTableCmd, context: &mut Context) -> bool {
    let Some(part) = subcommands::constraint(command) else {
        return false;
    };
    if part.contype != ConstrType::CONSTR_PRIMARY {
        return false;
    }
    // The key columns of a PRIMARY KEY are made NOT NULL everywhere; of a partitioned table only where they are not, but
    // then the partitions are looked at with ONLY too: `ATPrepSetNotNull`.
    if !context.is_partitioned(context.target) {
        return true;
    }
    let columns = columns::of_table(context.target);
    let nullable = node::strings(part.keys)
        .iter()
        .any(|key| columns.iter().any(|column| column.name == *key && !column.not_null));
    if nullable {
        let family = context.relations.family(context.target, true);
        context.reach(&family);
    }
    false
}

/// Since 18 always: `ATPrepCmd` of `commands/tablecmds.c`. For a PRIMARY KEY over columns that lack a NOT NULL constraint
/// (`ATPrepAddPrimaryKey`) with ONLY too.
#[cfg(feature = "pg18")]
pub fn recurses(command: &pg_sys::AlterTableCmd, context: &mut Context) -> bool {
    let primary = subcommands::constraint(command).filter(|part| part.contype == ConstrType::CONSTR_PRIMARY);
    if let Some(part) = primary
        && node::strings(part.keys)
            .iter()
            .any(|key| !context.not_null.exists(context.target, key))
    {
        let family = context.relations.family(context.target, true);
        context.reach(&family);
    }
    true
}

/// ADD CONSTRAINT
pub fn add(command: &pg_sys::AlterTableCmd, context: &mut Context) -> Vec<AlterCommand> {
    let Some(part) = subcommands::constraint(command) else {
        return vec![AlterCommand::Unmodelled];
    };
    let name = node::optional_text(part.conname);
    match part.contype {
        ConstrType::CONSTR_CHECK => vec![add_check(part, name, context)],
        ConstrType::CONSTR_NOTNULL => vec![not_null::add(part, context)],
        ConstrType::CONSTR_FOREIGN => {
            let columns = node::strings(part.fk_attrs);
            vec![foreign_key::add(part, columns, true, context)]
        }
        ConstrType::CONSTR_PRIMARY | ConstrType::CONSTR_UNIQUE | ConstrType::CONSTR_EXCLUSION => {
            vec![index_constraint::add(part, &node::strings(part.keys), context)]
        }
        _ => vec![AlterCommand::Unmodelled],
    }
}

/// A constraint written with a new column.
pub fn of_new_column(
    part: &'static pg_sys::Constraint,
    column: &str,
    has_default: bool,
    context: &mut Context,
) -> Option<AlterCommand> {
    let constraint = node::optional_text(part.conname);
    Some(match part.contype {
        ConstrType::CONSTR_CHECK => add_check(part, constraint, context),
        ConstrType::CONSTR_FOREIGN => foreign_key::add(part, vec![column.to_owned()], has_default, context),
        ConstrType::CONSTR_PRIMARY | ConstrType::CONSTR_UNIQUE => {
            let found = index_match::partitions(None, context);
            AlterCommand::AddIndexConstraint(AddIndexConstraint {
                kind: index_constraint::kind_of(part.contype),
                constraint,
                columns: vec![column.to_owned()],
                using_index: None,
                renames_index: false,
                partitions: index_constraint::locked_with(&found.visited, LockMode::Share),
                builds: found.builds,
                nullable: vec![],
            })
        }
        _ => return None,
    })
}

fn add_check(part: &'static pg_sys::Constraint, constraint: Option<String>, context: &mut Context) -> AlterCommand {
    let merged = constraint.clone().or_else(|| name_for_other_schemas(part, context));
    let mut checks: BTreeMap<Oid, Constraint> = BTreeMap::new();
    for member in context.family.clone() {
        let check = merged
            .as_ref()
            .and_then(|name| context.constraint_that_stays(member, name));
        checks.extend(check.filter(|check| check.kind == b'c').map(|check| (member, check)));
    }
    // `MergeWithExistingConstraint` of `catalog/heap.c`: an equal constraint that a child has already is kept, and what is
    // below that child has it too. So it is with the target's, if it came from a parent.
    let is_kept = |check: &Constraint| !check.local && !is_partition(context.target);
    if checks.get(&context.target).is_some_and(is_kept) {
        return AlterCommand::AddCheck {
            constraint,
            scanned: vec![],
        };
    }
    let mut scanned = if part.is_no_inherit {
        vec![context.target]
    } else {
        context.descend(|member| checks.contains_key(&member))
    };
    scanned
        .retain(|member| constraints::checked_now(part) && (*member == context.target || !checks.contains_key(member)));
    let scanned = context.relations.with_rows(&scanned);
    AlterCommand::AddCheck { constraint, scanned }
}

/// The name that a CHECK gets which has none, for the members in other schemas: where the target is, nothing has it.
fn name_for_other_schemas(part: &'static pg_sys::Constraint, context: &mut Context) -> Option<String> {
    let schema = |oid: Oid| class_row(oid).map(|row| row.oid("relnamespace"));
    let here = schema(context.target);
    if context.family.iter().all(|member| schema(*member) == here) {
        return None;
    }
    let name = added::generated_name(context.target, &Added::alone(part))?;
    let mut neighbours = context.family.iter().filter(|member| schema(**member) == here);
    neighbours
        .all(|member| constraints::named(*member, &name).is_none())
        .then_some(name)
}

/// VALIDATE CONSTRAINT: `ATExecValidateConstraint` of `commands/tablecmds.c`.
pub fn validate(command: &pg_sys::AlterTableCmd, name: &str, context: &mut Context) -> AlterCommand {
    let constraint = match standing::find(name, context) {
        Some(Standing::There(constraint)) => constraint,
        Some(Standing::Added(added)) => return validate_added(name, &added, context),
        None => return AlterCommand::CatalogOnly,
    };
    let no_inherit = alter_constraint::no_inherit(command, name, constraint.no_inherit, context);
    if !constraint.validated && constraint.kind != b'f' && !no_inherit {
        let family = context.family.clone();
        context.reach(&family);
    }
    let mut pending: Vec<Constraint> = vec![];
    let other_end = constraint.referenced;
    let period = constraint.row.flag("conperiod") == Some(true);
    if !constraint.validated {
        match constraint.kind {
            b'f' => {
                pending = constraints::with_children(constraint);
                let unvalidated = pending.iter().filter(|each| !each.validated);
                let members: Vec<Oid> = unvalidated.map(|each| each.table).collect();
                context.reach(&members);
            }
            _ if no_inherit => pending.push(constraint),
            _ => pending.extend(
                context
                    .family
                    .iter()
                    .filter_map(|member| constraints::same(*member, &constraint)),
            ),
        }
    }
    pending.retain(|each| !each.validated);
    // The parts for the partitions of the other end are not checked one by one.
    pending.retain(|each| each.referenced == other_end);
    let tables: Vec<Oid> = pending.iter().map(|each| each.table).collect();
    let scanned = context.relations.with_rows(&tables);
    let referenced = if scanned.is_empty() {
        vec![]
    } else {
        joined(other_end, period, context)
    };
    AlterCommand::ValidateConstraint {
        constraint: name.to_owned(),
        scanned,
        referenced,
    }
}

/// The other end of a foreign key whose rows are checked. Where both ends cannot be read at once, each row is looked up alone,
/// which locks the partition that has the key: `validateForeignKeyConstraint` of `commands/tablecmds.c`.
fn joined(other_end: Oid, period: bool, context: &mut Context) -> Vec<(Oid, LockMode)> {
    let partitioned = context.is_partitioned(other_end);
    let mut family = context.relations.family(other_end, partitioned).into_iter();
    let at_once = !period && may_join(other_end) && may_join(context.target);
    let of_partitions = if at_once {
        LockMode::AccessShare
    } else {
        LockMode::RowShare
    };
    let whole = family.next().map(|whole| (whole, LockMode::RowShare));
    whole
        .into_iter()
        .chain(family.map(|oid| (oid, of_partitions)))
        .collect()
}

/// VALIDATE of a constraint that the same statement adds as NOT VALID.
fn validate_added(name: &str, added: &Added, context: &mut Context) -> AlterCommand {
    let part = added.part;
    if !part.skip_validation || added.with_column {
        return AlterCommand::CatalogOnly;
    }
    if part.contype != ConstrType::CONSTR_FOREIGN && !part.is_no_inherit {
        let family = context.family.clone();
        context.reach(&family);
    }
    let tables = match part.contype {
        ConstrType::CONSTR_FOREIGN => foreign_key::unvalidated(part, context),
        ConstrType::CONSTR_CHECK | ConstrType::CONSTR_NOTNULL if !part.is_no_inherit => {
            let losing = added.columns.first().map(|column| not_null::losing(column, context));
            let mut pending = context.family.clone();
            pending.retain(|member| {
                *member == context.target || !is_valid(*member, name, added, losing.as_ref(), context)
            });
            pending
        }
        _ => vec![context.target],
    };
    let other_end = Some(part)
        .filter(|part| part.contype == ConstrType::CONSTR_FOREIGN)
        .and_then(|part| resolve(part.pktable));
    let referenced = other_end.map_or(vec![], |table| joined(table, foreign_key::has_period(part), context));
    AlterCommand::ValidateConstraint {
        constraint: name.to_owned(),
        scanned: context.relations.with_rows(&tables),
        referenced,
    }
}

/// Whether a member has an equal CHECK that is valid already, or such a NOT NULL constraint of the same column; `losing` are
/// those that lose that one.
fn is_valid(member: Oid, name: &str, added: &Added, losing: Option<&BTreeSet<Oid>>, context: &mut Context) -> bool {
    if let ([column], Some(losing)) = (added.columns.as_slice(), losing) {
        let column = columns::named(member, column).filter(|_| !losing.contains(&member));
        let constraint = column.and_then(|column| context.not_null.of(member, &column));
        return constraint.is_some_and(|constraint| constraint.validated);
    }
    context
        .constraint_that_stays(member, name)
        .is_some_and(|check| check.validated)
}

/// DROP CONSTRAINT
pub fn drop(name: String, command: &pg_sys::AlterTableCmd, context: &mut Context) -> AlterCommand {
    if context.is_partitioned(context.target) {
        // `ATCheckPartitionsNotInUse`, with ONLY too, and whether or not there is such a constraint.
        let tree = context.relations.family(context.target, true);
        context.reach(&tree);
    }
    let found = constraints_that_go(&name, context);
    match found.first() {
        None => return AlterCommand::CatalogOnly,
        Some(first) if matches!(first.kind, b'c' | b'n') && !first.no_inherit => {
            context.reach_below(found.iter().map(|constraint| constraint.table));
        }
        Some(_) => {}
    }
    let objects: Vec<Object> = found
        .iter()
        .map(|constraint| Object::constraint(constraint.oid))
        .collect();
    let mut command = dropped(Dropped::Constraint(name), &objects, command, context);
    if let AlterCommand::Drop { locked, .. } = &mut command {
        // The other end is locked by itself, for one that is NOT ENFORCED has no triggers there.
        let other_end = found.first().map(|constraint| constraint.referenced);
        locked.extend(
            other_end
                .filter(|oid| *oid != context.target && context.relations.load(*oid).is_some())
                .map(|oid| (oid, LockMode::AccessExclusive)),
        );
    }
    command
}
