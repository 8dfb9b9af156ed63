//! ALTER TABLE: the subcommands, the tables they recurse to, and the facts of each.

use std::collections::BTreeMap;
use std::rc::Rc;

use pgrx::pg_sys;
use pgrx::pg_sys::AlterTableType as At;

use super::add_column;
use super::alter_constraint;
use super::column_type;
use super::columns;
use super::constraint;
use super::context::{Context, Rewritten, columns_that_go, dropped};
use super::dependencies;
use super::enable_trigger;
use super::index_constraint;
use super::not_null;
use super::objects;
use super::oids::Oids;
use super::partition;
use super::relations::{Relations, resolve};
use super::rename;
use super::storage;
use super::subcommands::{Subcommands, constraint as constraint_of};
use crate::model::facts::{AlterCommand, AlterTable, Dropped, Statement};
use crate::model::lock_mode::LockMode;
use crate::model::relation::{Oid, RelationKind};
use crate::postgres::{node, version};

/// The facts of an ALTER TABLE on an existing relation.
pub fn read(statement: &pg_sys::AlterTableStmt, target: Oid, relations: &mut Relations) -> Statement {
    // SAFETY: the parser gives every ALTER TABLE its relation.
    let recurse = unsafe { (*statement.relation).inh };
    Statement::AlterTable(read_for(statement, target, recurse, relations))
}

/// The same for another relation than the one that is named.
pub fn read_for(
    statement: &pg_sys::AlterTableStmt,
    target: Oid,
    recurse: bool,
    relations: &mut Relations,
) -> AlterTable {
    let subcommands = subcommands(statement);
    let earlier: Vec<_> = relations
        .earlier_alterations(target)
        .into_iter()
        .flat_map(self::subcommands)
        .collect();
    // SAFETY: the list of subcommands is only read.
    let lock = unsafe { pg_sys::AlterTableGetLockLevel(statement.cmds) };
    let lock = LockMode::from_number(lock).unwrap_or(LockMode::AccessExclusive);
    let family = relations.family(target, recurse);
    let mut context = Context {
        relations,
        target,
        family,
        lock,
        members: Oids::from_iter([target]),
        gone: None,
        expressions_gone: None,
        conditions: BTreeMap::new(),
        added: None,
        indexes_taken_over: Oids::default(),
        taken_over: BTreeMap::new(),
        not_null: Rc::default(),
        rewritten: Rewritten::default(),
        subcommands: Subcommands::new(&earlier, &subcommands),
    };
    context.rewritten = rewritten(&subcommands, &mut context);
    let mut commands = vec![];
    for command in subcommands {
        if recurses(command, &mut context) {
            let family = context.family.clone();
            context.reach(&family);
        }
        commands.extend(self::command(command, &mut context));
    }
    AlterTable {
        target,
        lock,
        members: context.members.into_vec(),
        commands,
    }
}

/// What `ATPostAlterTypeCleanup` of `commands/tablecmds.c` knows of rewrites.
fn rewritten(subcommands: &[&pg_sys::AlterTableCmd], context: &mut Context) -> Rewritten {
    let mut rewritten = Rewritten::default();
    let changes_a_type = |command: &&pg_sys::AlterTableCmd| command.subtype == At::AT_AlterColumnType;
    // Of itself, a change of type knows.
    if subcommands.len() < 2 || !subcommands.iter().any(changes_a_type) {
        return rewritten;
    }
    for command in subcommands {
        let storage = match command.subtype {
            At::AT_AlterColumnType => {
                rewritten.all |= column_type::rewrites(command, context.target);
                continue;
            }
            At::AT_SetLogged => storage::changes_persistence(true, context),
            At::AT_SetUnLogged => storage::changes_persistence(false, context),
            At::AT_SetAccessMethod => storage::changes_access_method(&node::text(command.name), context),
            _ => continue,
        };
        rewritten.target |= storage;
    }
    rewritten
}

/// The subcommands of a statement.
pub fn subcommands(statement: &pg_sys::AlterTableStmt) -> Vec<&'static pg_sys::AlterTableCmd> {
    node::list(statement.cmds)
        .into_iter()
        .filter_map(|command| node::cast(command, pg_sys::NodeTag::T_AlterTableCmd))
        .collect()
}

/// Whether the subcommand is carried to partitions and inheriting tables: `ATPrepCmd` of `commands/tablecmds.c`.
fn recurses(command: &pg_sys::AlterTableCmd, context: &mut Context) -> bool {
    match command.subtype {
        At::AT_DropNotNull => version::major() < 18,
        At::AT_ColumnDefault | At::AT_DropExpression | At::AT_SetStorage | At::AT_AlterColumnType => true,
        // Of what is locked below an index nothing is told.
        At::AT_SetStatistics => !context
            .relations
            .kind(context.target)
            .is_some_and(RelationKind::is_index),
        At::AT_AlterConstraint => version::major() < 18 && context.is_partitioned(context.target),
        #[cfg(any(feature = "pg17", feature = "pg18"))]
        At::AT_SetExpression => true,
        // Partitions have the identity of the whole, inheriting tables do not.
        At::AT_AddIdentity => version::major() >= 17 && context.is_partitioned(context.target),
        At::AT_SetIdentity | At::AT_DropIdentity => {
            let identity =
                columns::named(context.target, &node::text(command.name)).is_some_and(|column| column.identity);
            let of_column =
                command.subtype == At::AT_DropIdentity || options(command).iter().any(|it| it == "generated");
            version::major() >= 17 && identity && of_column && context.is_partitioned(context.target)
        }
        At::AT_AddConstraint => constraint::recurses(command, context),
        // The others see to it themselves.
        _ => false,
    }
}

fn command(command: &pg_sys::AlterTableCmd, context: &mut Context) -> Vec<AlterCommand> {
    let name = node::text(command.name);
    match command.subtype {
        At::AT_AddColumn => add_column::read(command, context),
        At::AT_AlterColumnType => vec![column_type::read(command, &name, context)],
        At::AT_SetNotNull => vec![not_null::set(name, context)],
        At::AT_AddConstraint => constraint::add(command, context),
        At::AT_ValidateConstraint => vec![constraint::validate(command, &name, context)],
        At::AT_DropColumn => vec![drop_column(name, command, context)],
        At::AT_DropConstraint => vec![constraint::drop(name, command, context)],
        At::AT_SetLogged => vec![storage::set_persistence(true, context)],
        At::AT_SetUnLogged => vec![storage::set_persistence(false, context)],
        At::AT_SetAccessMethod => vec![storage::set_access_method(&name, context)],
        At::AT_SetTableSpace => vec![storage::set_tablespace(name, context)],
        #[cfg(any(feature = "pg17", feature = "pg18"))]
        At::AT_SetExpression => storage::set_expression(name, context),
        At::AT_ClusterOn => vec![index_locked(&name, context.lock, context)],
        At::AT_ReplicaIdentity => vec![replica_identity(command, context)],
        At::AT_AttachPartition | At::AT_DetachPartition | At::AT_DetachPartitionFinalize => {
            vec![partition::command(command, context)]
        }
        At::AT_AddInherit => vec![partition::inherit(command, context)],
        At::AT_SetIdentity | At::AT_DropIdentity => vec![identity(command, &name, context)],
        At::AT_AddIdentity => vec![AlterCommand::CatalogOnly],
        At::AT_AlterConstraint => vec![alter_constraint::read(command, context)],
        At::AT_DropNotNull => vec![not_null::drop(&name, context)],
        At::AT_EnableTrig
        | At::AT_EnableAlwaysTrig
        | At::AT_EnableReplicaTrig
        | At::AT_DisableTrig
        | At::AT_EnableTrigAll
        | At::AT_DisableTrigAll
        | At::AT_EnableTrigUser
        | At::AT_DisableTrigUser => {
            let partitions = enable_trigger::partitions(command, context);
            context.reach(&partitions);
            vec![AlterCommand::CatalogOnly]
        }
        At::AT_ChangeOwner => vec![change_owner(command, context)],
        At::AT_ColumnDefault
        | At::AT_DropOids
        | At::AT_GenericOptions
        | At::AT_AlterColumnGenericOptions
        | At::AT_DropInherit
        | At::AT_AddOf
        | At::AT_DropOf
        | At::AT_DropExpression
        | At::AT_SetStatistics
        | At::AT_SetOptions
        | At::AT_ResetOptions
        | At::AT_SetStorage
        | At::AT_SetCompression
        | At::AT_DropCluster
        | At::AT_SetRelOptions
        | At::AT_ResetRelOptions
        | At::AT_EnableRule
        | At::AT_EnableAlwaysRule
        | At::AT_EnableReplicaRule
        | At::AT_DisableRule
        | At::AT_EnableRowSecurity
        | At::AT_DisableRowSecurity
        | At::AT_ForceRowSecurity
        | At::AT_NoForceRowSecurity => vec![AlterCommand::CatalogOnly],
        _ => vec![AlterCommand::Unmodelled],
    }
}

fn change_owner(command: &pg_sys::AlterTableCmd, context: &mut Context) -> AlterCommand {
    let mut sequences = rename::owned_with(context.target, command.newowner);
    sequences.retain(|sequence| context.relations.load(*sequence).is_some());
    AlterCommand::Locks(index_constraint::locked_with(&sequences, LockMode::AccessExclusive))
}

fn drop_column(name: String, command: &pg_sys::AlterTableCmd, context: &mut Context) -> AlterCommand {
    if columns::named(context.target, &name).is_none() {
        // IF EXISTS does nothing more; without it the statement fails, unless an earlier one adds the column.
        if context.adds_column(&name) {
            context.reach_below([context.target]);
        }
        return AlterCommand::CatalogOnly;
    }
    let objects = columns_that_go(&name, context);
    context.reach_below(objects.iter().map(|column| column.oid));
    dropped(Dropped::Column(name), &objects, command, context)
}

/// A subcommand that names an index of the target and locks it.
fn index_locked(name: &str, lock: LockMode, context: &mut Context) -> AlterCommand {
    // That of a constraint made of it by USING INDEX is called like the constraint by then.
    let renamed = context
        .subcommands
        .named(At::AT_AddConstraint, name)
        .filter_map(constraint_of)
        .find_map(|part| node::optional_text(part.indexname));
    let name = renamed.unwrap_or_else(|| name.to_owned());
    index_constraint::index_of(context, &name).map_or(AlterCommand::CatalogOnly, |index| {
        AlterCommand::Locks(vec![(index, lock)])
    })
}

fn replica_identity(command: &pg_sys::AlterTableCmd, context: &mut Context) -> AlterCommand {
    node::cast::<pg_sys::ReplicaIdentityStmt>(command.def, pg_sys::NodeTag::T_ReplicaIdentityStmt)
        .map_or(AlterCommand::CatalogOnly, |identity| {
            index_locked(&node::text(identity.name), LockMode::Share, context)
        })
}

/// The names of a subcommand's options.
fn options(command: &pg_sys::AlterTableCmd) -> Vec<String> {
    node::list(command.def.cast())
        .into_iter()
        .filter_map(|option| node::cast::<pg_sys::DefElem>(option, pg_sys::NodeTag::T_DefElem))
        .map(|option| node::text(option.defname))
        .collect()
}

/// SET and DROP of an identity column's properties, whose sequence is altered (`AlterSequence` of `commands/sequence.c`)
/// or dropped.
fn identity(command: &pg_sys::AlterTableCmd, column: &str, context: &mut Context) -> AlterCommand {
    let Some(sequence) = columns::named(context.target, column)
        .and_then(|column| dependencies::identity_sequence(context.target, column.attnum))
        .filter(|sequence| context.relations.load(*sequence).is_some())
    else {
        return AlterCommand::CatalogOnly;
    };
    if command.subtype == At::AT_DropIdentity {
        return AlterCommand::Locks(vec![(sequence, LockMode::AccessExclusive)]);
    }
    if context.drops_identity(column) || context.losing_column(column).contains(&context.target) {
        // It is about the one that comes in its place.
        return AlterCommand::CatalogOnly;
    }
    let change = objects::sequence_change(command.def.cast());
    AlterCommand::AlterSequence { sequence, change }
}

/// DETACH PARTITION … CONCURRENTLY, which commits in the middle: `ATExecDetachPartition` of `commands/tablecmds.c`.
pub fn detaches_concurrently(statement: node::Node) -> bool {
    let concurrent = |command: &pg_sys::AlterTableCmd| {
        command.subtype == At::AT_DetachPartition
            && node::cast::<pg_sys::PartitionCmd>(command.def, pg_sys::NodeTag::T_PartitionCmd)
                .is_some_and(|detached| detached.concurrent)
    };
    node::cast::<pg_sys::AlterTableStmt>(statement, pg_sys::NodeTag::T_AlterTableStmt).is_some_and(|statement| {
        node::list(statement.cmds)
            .into_iter()
            .filter_map(|command| node::cast(command, pg_sys::NodeTag::T_AlterTableCmd))
            .any(concurrent)
    })
}

/// The table and the partition of ATTACH PARTITION.
pub fn attached(statement: node::Node) -> Option<(Oid, Oid)> {
    let statement = node::cast::<pg_sys::AlterTableStmt>(statement, pg_sys::NodeTag::T_AlterTableStmt)?;
    let partition = node::list(statement.cmds)
        .into_iter()
        .filter_map(|command| node::cast::<pg_sys::AlterTableCmd>(command, pg_sys::NodeTag::T_AlterTableCmd))
        .filter(|command| command.subtype == At::AT_AttachPartition)
        .find_map(|command| node::cast::<pg_sys::PartitionCmd>(command.def, pg_sys::NodeTag::T_PartitionCmd))?;
    Some((resolve(statement.relation)?, resolve(partition.name)?))
}
