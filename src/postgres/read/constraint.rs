//! Constraints in ALTER TABLE: ADD, ALTER, VALIDATE, DROP.

use pgrx::pg_sys;
use pgrx::pg_sys::ConstrType;

use super::constraints::{self, Constraint};
use super::context::{Context, dropped, inheriting_constraint};
use super::dependencies::Object;
use super::foreign_key;
use super::index_constraint;
use super::index_match;
use super::not_null;
use super::relations::{is_partition, resolve};
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
    let columns = super::columns::of_table(context.target);
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

/// A constraint written with a new column. The rows of `members` are looked at where it says something about them.
pub fn of_new_column(
    part: &pg_sys::Constraint,
    column: &str,
    has_default: bool,
    context: &mut Context,
) -> Option<AlterCommand> {
    let constraint = node::optional_text(part.conname);
    Some(match part.contype {
        ConstrType::CONSTR_CHECK => add_check(part, constraint, context),
        ConstrType::CONSTR_FOREIGN => foreign_key::add(part, vec![column.to_owned()], has_default, context),
        ConstrType::CONSTR_PRIMARY | ConstrType::CONSTR_UNIQUE => {
            let found = index_match::partitions(context.target, None, context.relations);
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

fn add_check(part: &pg_sys::Constraint, constraint: Option<String>, context: &mut Context) -> AlterCommand {
    let losing = constraint.as_ref().map_or(vec![], |name| losing_check(name, context));
    let check_of = |member: Oid| {
        constraints::named(member, constraint.as_ref()?)
            .filter(|existing| existing.kind == b'c' && !losing.contains(&member))
    };
    // `MergeWithExistingConstraint` of `catalog/heap.c`: an equal constraint that a child has already is kept, and what is
    // below that child has it too. So it is with the target's, if it came from a parent.
    let is_kept = |check: Constraint| !check.local && !is_partition(context.target);
    if check_of(context.target).is_some_and(is_kept) {
        return AlterCommand::AddCheck {
            constraint,
            scanned: vec![],
        };
    }
    let mut scanned = if part.is_no_inherit {
        vec![context.target]
    } else {
        context.descend(|member| check_of(member).is_some())
    };
    scanned
        .retain(|member| constraints::checked_now(part) && (*member == context.target || check_of(*member).is_none()));
    let scanned = context.relations.with_rows(&scanned);
    AlterCommand::AddCheck { constraint, scanned }
}

/// The members that lose the CHECK of this name by another subcommand: those come first (`AT_PASS_DROP`).
fn losing_check(name: &str, context: &mut Context) -> Vec<Oid> {
    let mut losing: Vec<Oid> = context.losing_constraint(name).iter().copied().collect();
    for member in context.family.clone() {
        if context.lost_with_columns(member).contains(name) {
            losing.push(member);
        }
    }
    losing
}

/// VALIDATE CONSTRAINT: `ATExecValidateConstraint` of `commands/tablecmds.c`.
pub fn validate(name: &str, context: &mut Context) -> AlterCommand {
    let goes = context.drops_constraint(name) || context.lost_with_columns(context.target).contains(name);
    let Some(constraint) = constraints::named(context.target, name).filter(|_| !goes) else {
        return validate_added(name, context);
    };
    if !constraint.validated && constraint.kind != b'f' && !constraint.no_inherit {
        let family = context.family.clone();
        context.reach(&family);
    }
    let mut pending: Vec<Constraint> = vec![];
    let other_end = constraint.referenced;
    if !constraint.validated {
        match constraint.kind {
            b'f' => {
                pending = constraints::with_children(constraint);
                let unvalidated = pending.iter().filter(|each| !each.validated);
                let members: Vec<Oid> = unvalidated.map(|each| each.table).collect();
                context.reach(&members);
            }
            _ if constraint.no_inherit => pending.push(constraint),
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
    let read = !scanned.is_empty() && context.relations.load(other_end).is_some();
    AlterCommand::ValidateConstraint {
        constraint: name.to_owned(),
        scanned,
        referenced: if read { vec![other_end] } else { vec![] },
    }
}

/// VALIDATE of a constraint that the same statement adds as NOT VALID.
fn validate_added(name: &str, context: &mut Context) -> AlterCommand {
    let Some(part) = context.added_constraint(name) else {
        return AlterCommand::CatalogOnly;
    };
    let tables = match part.contype {
        ConstrType::CONSTR_FOREIGN => foreign_key::unvalidated(part, context),
        ConstrType::CONSTR_CHECK if !part.is_no_inherit => {
            let losing = losing_check(name, context);
            let is_valid = |member: &Oid| {
                let existing = constraints::named(*member, name).filter(|_| !losing.contains(member));
                *member != context.target && existing.is_some_and(|existing| existing.validated)
            };
            let family = context.family.iter().copied();
            family.filter(|member| !is_valid(member)).collect()
        }
        ConstrType::CONSTR_NOTNULL if !part.is_no_inherit => context.family.clone(),
        _ => vec![context.target],
    };
    let other_end = Some(part)
        .filter(|part| part.contype == ConstrType::CONSTR_FOREIGN)
        .and_then(|part| resolve(part.pktable))
        .filter(|table| context.relations.load(*table).is_some());
    AlterCommand::ValidateConstraint {
        constraint: name.to_owned(),
        scanned: context.relations.with_rows(&tables),
        referenced: other_end.into_iter().collect(),
    }
}

/// DROP CONSTRAINT
pub fn drop(name: String, command: &pg_sys::AlterTableCmd, context: &mut Context) -> AlterCommand {
    if context.is_partitioned(context.target) {
        // `ATCheckPartitionsNotInUse`, with ONLY too, and whether or not there is such a constraint.
        let tree = context.relations.family(context.target, true);
        context.reach(&tree);
    }
    let Some(constraint) = constraints::named(context.target, &name) else {
        return AlterCommand::CatalogOnly;
    };
    let found: Vec<Constraint> = if matches!(constraint.kind, b'c' | b'n') {
        let losing = inheriting_constraint(&constraint, context).into_iter();
        losing
            .filter_map(|member| constraints::same(member, &constraint))
            .collect()
    } else {
        constraints::with_children(constraint)
    };
    let objects: Vec<Object> = found
        .iter()
        .map(|constraint| Object::constraint(constraint.oid))
        .collect();
    let mut command = dropped(Dropped::Constraint(name), &objects, command.behavior, context);
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
