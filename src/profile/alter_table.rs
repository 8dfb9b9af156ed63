//! ALTER TABLE: several subcommands under one lock; `ATController` of `commands/tablecmds.c`.

use super::builder::Builder;
use super::{add_column, column_type, constraint, drop, foreign_key, partition};
use crate::model::facts::{AlterCommand, AlterTable, RewriteBy, SequenceChange};
use crate::model::lock_mode::LockMode;
use crate::model::lock_profile::{Cause, Unknown, WorkKind};

/// The whole statement.
pub fn profile(statement: &AlterTable, builder: &mut Builder) {
    builder.profile().target = Some(statement.target);
    builder.first_lock(statement.target, statement.lock);
    for member in &statement.members {
        builder.lock(*member, statement.lock);
    }
    // DROP comes first, in whatever order the subcommands are written: `AT_PASS_DROP`.
    for command in &statement.commands {
        if let AlterCommand::Drop { indexes, .. } = command {
            indexes.iter().for_each(|index| builder.drop_index(*index));
        }
    }
    for command in &statement.commands {
        self::command(statement, command, builder);
    }
}

fn command(statement: &AlterTable, command: &AlterCommand, builder: &mut Builder) {
    let lock = statement.lock;
    match command {
        AlterCommand::CatalogOnly => {}
        AlterCommand::Locks(locks) => {
            for (oid, mode) in locks {
                builder.lock(*oid, *mode);
            }
        }
        AlterCommand::AlterSequence { sequence, change } => {
            let lock = LockMode::ShareRowExclusive;
            match change {
                SequenceChange::OfColumn => builder.lock(*sequence, lock),
                SequenceChange::Renews => builder.renew(*sequence, lock),
                SequenceChange::Restarts => builder.empty(*sequence, lock),
            }
        }
        AlterCommand::Unmodelled => builder.profile().unknown = Some(Unknown::Unmodelled),
        AlterCommand::AddColumn(facts) => add_column::profile(facts, lock, builder),
        AlterCommand::AlterColumnType(facts) => column_type::profile(facts, lock, builder),
        AlterCommand::SetNotNull { column, unproved } => {
            for table in unproved {
                builder.work(
                    *table,
                    WorkKind::Scan,
                    lock,
                    Cause::SetNotNull { column: column.clone() },
                );
            }
        }
        AlterCommand::AddCheck { constraint, scanned } => {
            for table in scanned {
                builder.work(
                    *table,
                    WorkKind::Scan,
                    lock,
                    Cause::Check {
                        constraint: constraint.clone(),
                    },
                );
            }
        }
        AlterCommand::AddIndexConstraint(facts) => constraint::add(facts, lock, builder),
        AlterCommand::AddForeignKey(facts) => foreign_key::add(facts, lock, builder),
        AlterCommand::AttachPartition(facts) => partition::join(facts, builder),
        AlterCommand::DetachPartition(facts) => partition::leave(facts, builder),
        AlterCommand::ValidateConstraint {
            constraint,
            scanned,
            referenced,
        } => {
            constraint::validate(constraint, scanned, referenced, lock, builder);
        }
        AlterCommand::Drop { what, locked, .. } => drop::part(statement.target, what, locked, builder),
        AlterCommand::Rewrite {
            why,
            relations,
            sequences,
        } => {
            for relation in relations {
                builder.rewrite(*relation, lock, rewrite_cause(why));
            }
            for (sequence, mode) in sequences {
                builder.renew(*sequence, *mode);
            }
        }
        AlterCommand::MoveFiles { tablespace } => {
            let cause = Cause::SetTablespace {
                tablespace: tablespace.clone(),
            };
            builder.work(statement.target, WorkKind::CopyFiles, lock, cause);
        }
    }
}

fn rewrite_cause(why: &RewriteBy) -> Cause {
    match why {
        RewriteBy::Logged => Cause::SetLogged { logged: true },
        RewriteBy::Unlogged => Cause::SetLogged { logged: false },
        RewriteBy::AccessMethod(method) => Cause::SetAccessMethod { method: method.clone() },
        RewriteBy::Expression(column) => Cause::SetExpression { column: column.clone() },
    }
}
