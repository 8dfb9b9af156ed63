//! Statements that name an object and do no work: which relation they lock on the way to it, and how.

use pgrx::pg_sys;
use pgrx::pg_sys::NodeTag::*;
use pgrx::pg_sys::ObjectType::{self, *};

use super::oids::Oids;
use super::relations::{Relations, resolve, written_name};
use super::view;
use crate::model::facts::{AlterCommand, AlterTable, SequenceChange, Statement};
use crate::model::lock_mode::LockMode::{self, AccessExclusive, ShareRowExclusive, ShareUpdateExclusive};
use crate::model::relation::{Oid, RelationKind};
use crate::postgres::node::{self, Node};

/// A statement about one table: which one, and the lock it takes.
struct OfTable {
    table: *const pg_sys::RangeVar,
    mode: LockMode,
    /// Partitions are locked with a partitioned table.
    with_partitions: bool,
}

/// The table that a statement is about, of those that do no more than lock it: `CreateTriggerFiringOn` of
/// `commands/trigger.c`, `CreatePolicy` and `AlterPolicy` of `commands/policy.c`, `DefineRule` of
/// `rewrite/rewriteDefine.c`, `CreateStatistics` of `commands/statscmds.c`.
fn of_table(statement: Node) -> Option<OfTable> {
    let (table, mode, with_partitions) = match node::tag(statement) {
        T_CreateTrigStmt => {
            let trigger = node::cast::<pg_sys::CreateTrigStmt>(statement, T_CreateTrigStmt)?;
            (trigger.relation, ShareRowExclusive, trigger.row)
        }
        T_CreatePolicyStmt => {
            let policy = node::cast::<pg_sys::CreatePolicyStmt>(statement, T_CreatePolicyStmt)?;
            (policy.table, AccessExclusive, false)
        }
        T_AlterPolicyStmt => {
            let policy = node::cast::<pg_sys::AlterPolicyStmt>(statement, T_AlterPolicyStmt)?;
            (policy.table, AccessExclusive, false)
        }
        T_RuleStmt => {
            let rule = node::cast::<pg_sys::RuleStmt>(statement, T_RuleStmt)?;
            (rule.relation, AccessExclusive, false)
        }
        T_CreateStatsStmt => {
            let statistics = node::cast::<pg_sys::CreateStatsStmt>(statement, T_CreateStatsStmt)?;
            let table = *node::list(statistics.relations).first()?;
            let table = node::cast::<pg_sys::RangeVar>(table, T_RangeVar)?;
            (std::ptr::from_ref(table).cast_mut(), ShareUpdateExclusive, false)
        }
        _ => return None,
    };
    Some(OfTable {
        table,
        mode,
        with_partitions,
    })
}

/// CREATE TRIGGER, CREATE and ALTER POLICY, CREATE RULE, CREATE STATISTICS
pub fn part_of_table(statement: Node, relations: &mut Relations) -> Statement {
    let Some(OfTable {
        table,
        mode,
        with_partitions,
    }) = of_table(statement)
    else {
        return Statement::NoExistingRelation;
    };
    let Some(target) = resolve(table) else {
        return missing(table, false);
    };
    let partitioned = relations.kind(target) == Some(RelationKind::PartitionedTable);
    let family = relations.family(target, with_partitions && partitioned);
    Statement::LocksOnly(family.into_iter().map(|oid| (oid, mode)).collect())
}

/// COMMENT ON
pub fn comment(statement: &pg_sys::CommentStmt, relations: &mut Relations) -> Statement {
    address(statement.objtype, statement.object, ShareUpdateExclusive, relations)
}

/// SECURITY LABEL ON
pub fn security_label(statement: &pg_sys::SecLabelStmt, relations: &mut Relations) -> Statement {
    address(statement.objtype, statement.object, ShareUpdateExclusive, relations)
}

/// ALTER EXTENSION … ADD, DROP
pub fn extension_member(statement: &pg_sys::AlterExtensionContentsStmt, relations: &mut Relations) -> Statement {
    address(statement.objtype, statement.object, ShareUpdateExclusive, relations)
}

/// ALTER … DEPENDS ON EXTENSION
pub fn depends(statement: &pg_sys::AlterObjectDependsStmt, relations: &mut Relations) -> Statement {
    if matches!(statement.objectType, OBJECT_INDEX | OBJECT_MATVIEW) {
        return named(statement.relation, AccessExclusive, false, relations);
    }
    // A function; a trigger, whose table is only looked at.
    Statement::NoExistingRelation
}

/// `get_object_address` of `catalog/objectaddress.c`: the lock is on the relation itself and for a column; for a
/// constraint, trigger, rule or policy its table is only looked at, and what is no relation has locks of another kind.
fn address(kind: ObjectType::Type, name: Node, mode: LockMode, relations: &mut Relations) -> Statement {
    let words: *mut pg_sys::List = name.cast();
    let words = match kind {
        OBJECT_TABLE | OBJECT_INDEX | OBJECT_SEQUENCE | OBJECT_VIEW | OBJECT_MATVIEW | OBJECT_FOREIGN_TABLE => words,
        // SAFETY: a list of String nodes, which is copied and not changed.
        OBJECT_COLUMN | OBJECT_DEFAULT => unsafe {
            pg_sys::list_truncate(pg_sys::list_copy(words), node::list(words).len() as i32 - 1)
        },
        _ => return Statement::NoExistingRelation,
    };
    // SAFETY: a list of String nodes; a new RangeVar is made of it.
    let range_var = unsafe { pg_sys::makeRangeVarFromNameList(words) };
    named(range_var, mode, false, relations)
}

/// ALTER SEQUENCE: `AlterSequence` of `commands/sequence.c`. The table of OWNED BY is only looked at.
pub fn sequence(statement: &pg_sys::AlterSeqStmt, relations: &mut Relations) -> Statement {
    let Some(sequence) = resolve(statement.sequence).filter(|oid| relations.load(*oid).is_some()) else {
        return missing(statement.sequence, statement.missing_ok);
    };
    let change = sequence_change(statement.options);
    Statement::AlterTable(AlterTable {
        target: sequence,
        lock: ShareRowExclusive,
        members: vec![sequence],
        commands: vec![AlterCommand::AlterSequence { sequence, change }],
    })
}

/// What options make of a sequence: `init_params` of `commands/sequence.c`.
pub fn sequence_change(options: *mut pg_sys::List) -> SequenceChange {
    let options: Vec<String> = node::list(options)
        .into_iter()
        .filter_map(|option| node::cast::<pg_sys::DefElem>(option, T_DefElem))
        .map(|option| node::text(option.defname))
        .filter(|option| !matches!(option.as_str(), "generated" | "owned_by"))
        .collect();
    if options.is_empty() {
        SequenceChange::OfColumn
    } else if options.iter().any(|option| option == "restart") {
        SequenceChange::Restarts
    } else {
        SequenceChange::Renews
    }
}

/// LOCK TABLE: `LockTableCommand` of `commands/lockcmds.c`, which goes down to partitions, and through views to the tables
/// that they read.
pub fn lock(statement: &pg_sys::LockStmt, relations: &mut Relations) -> Statement {
    let Some(mode) = LockMode::from_number(statement.mode).filter(|mode| *mode > LockMode::AccessShare) else {
        return Statement::NoExistingRelation;
    };
    let mut locked = Oids::default();
    for relation in node::list(statement.relations) {
        let Some(range_var) = node::cast::<pg_sys::RangeVar>(relation, T_RangeVar) else {
            continue;
        };
        let Some(oid) = resolve(range_var).filter(|oid| relations.load(*oid).is_some()) else {
            return missing(range_var, false);
        };
        lock_with_sources(oid, range_var.inh, &mut locked, relations);
    }
    Statement::LocksOnly(locked.into_vec().into_iter().map(|oid| (oid, mode)).collect())
}

fn lock_with_sources(oid: Oid, recurse: bool, locked: &mut Oids, relations: &mut Relations) {
    if relations.kind(oid) != Some(RelationKind::View) {
        locked.extend(relations.family_with_leaving(oid, recurse));
    } else if !locked.contains(oid) {
        locked.push(oid);
        for source in view::sources(oid) {
            if matches!(
                source.kind,
                RelationKind::Table | RelationKind::PartitionedTable | RelationKind::View
            ) {
                lock_with_sources(source.oid, source.recurse, locked, relations);
            }
        }
    }
}

/// One relation, by its name.
fn named(range_var: *const pg_sys::RangeVar, mode: LockMode, missing_ok: bool, relations: &mut Relations) -> Statement {
    match resolve(range_var).filter(|oid| relations.load(*oid).is_some()) {
        Some(oid) => Statement::LocksOnly(vec![(oid, mode)]),
        None => missing(range_var, missing_ok),
    }
}

/// A relation that does not exist, which may be all right.
pub fn missing(range_var: *const pg_sys::RangeVar, missing_ok: bool) -> Statement {
    // SAFETY: null, or a RangeVar of the parse tree.
    match unsafe { range_var.as_ref() } {
        Some(range_var) if !missing_ok => Statement::MissingRelation(written_name(range_var)),
        _ => Statement::NoExistingRelation,
    }
}
