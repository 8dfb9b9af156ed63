//! Faults that PostgreSQL finds in a statement once it has its locks and before it does any work: names that are missing
//! or taken, a privilege on something else, what depends on a column. Such a statement locks and fails, and its error is
//! PostgreSQL's to tell. Only what is certain is told here.

use std::collections::BTreeSet;

use pgrx::pg_sys;
use pgrx::pg_sys::{AlterTableType as At, ConstrType};

use super::alter_table;
use super::columns;
use super::constraints::{self, NotNull};
use super::dependencies::{Object, references};
use super::expressions;
use super::index::beside;
use super::permission;
use super::relations::{class_row, index_rows, resolve};
use super::subcommands;
use crate::model::facts::{AlterCommand, AlterTable, CopyBy, Statement};
use crate::model::lock_mode::LockMode;
use crate::model::relation::Oid;
use crate::postgres::node::{self, Node};
use crate::postgres::{catalog, encoding, version};

/// What is left of a statement that fails: its locks, under which it is to be judged again, since others may mend it
/// before it gets them.
pub fn found(statement: Node, read: Statement) -> Statement {
    let locks = match &read {
        Statement::AlterTable(alter) => alter_fails(statement, alter),
        Statement::CreateIndex(index) if !index.concurrently => {
            node::cast::<pg_sys::IndexStmt>(statement, pg_sys::NodeTag::T_IndexStmt)
                .filter(|written| index_fails(written, index.table))
                .map(|_| index.members.iter().map(|member| (*member, LockMode::Share)).collect())
        }
        Statement::Copy {
            by: CopyBy::Cluster, ..
        } => node::cast::<pg_sys::ClusterStmt>(statement, pg_sys::NodeTag::T_ClusterStmt).and_then(cluster_fails),
        _ => None,
    };
    locks.map_or(read, Statement::Fails)
}

/// Of several subcommands one may work before another fails.
fn alter_fails(statement: Node, alter: &AlterTable) -> Option<Vec<(Oid, LockMode)>> {
    let statement = node::cast::<pg_sys::AlterTableStmt>(statement, pg_sys::NodeTag::T_AlterTableStmt)?;
    let [only] = alter_table::subcommands(statement)[..] else {
        return None;
    };
    let mut locks: Vec<_> = alter.members.iter().map(|member| (*member, alter.lock)).collect();
    let on_others = alter
        .commands
        .iter()
        .flat_map(|command| worked_on(command, alter.target))
        .any(|oid| !permission::owns(oid));
    let fails = on_others
        || match only.subtype {
            At::AT_AddConstraint => {
                let part = subcommands::constraint(only)?;
                if version::major() < 18 {
                    // Children come when it is carried to them.
                    locks.truncate(1);
                }
                locks.extend(resolve(part.pktable).map(|referenced| (referenced, LockMode::ShareRowExclusive)));
                constraint_fails(part, alter.target)
            }
            At::AT_AlterColumnType => type_change_fails(&node::text(only.name), alter),
            _ => false,
        };
    fails.then_some(locks)
}

/// The members that a subcommand is carried to for work, each of which has to be the user's own: `ATSimplePermissions` of
/// `commands/tablecmds.c`.
fn worked_on(command: &AlterCommand, target: Oid) -> Vec<Oid> {
    match command {
        AlterCommand::AddColumn(add) => add.members.clone(),
        AlterCommand::AlterColumnType(change) => change.members.iter().map(|member| member.table).collect(),
        // A check without a name may be merged with a child's, and then goes no further.
        AlterCommand::AddCheck {
            constraint: Some(_),
            scanned,
        } => scanned.clone(),
        // Since 18 a constraint may be there and only be validated, which nobody has to own the children for.
        AlterCommand::SetNotNull { column, unproved } if !NotNull::default().exists(target, column) => unproved.clone(),
        _ => vec![],
    }
}

/// Names that may have lost something on their way here are not compared.
fn are_exact(names: &[String]) -> bool {
    names.iter().all(|name| encoding::as_stored(name).is_some())
}

fn constraint_fails(part: &pg_sys::Constraint, table: Oid) -> bool {
    let name = node::optional_text(part.conname);
    let mut names = Vec::from_iter(name.clone());
    for list in [part.keys, part.including, part.fk_attrs, part.pk_attrs] {
        names.extend(node::strings(list));
    }
    if !are_exact(&names) {
        return false;
    }
    let existing = name.as_ref().and_then(|name| constraints::named(table, name));
    match part.contype {
        ConstrType::CONSTR_CHECK => {
            // An inherited one of the same name is merged with.
            existing.is_some_and(|existing| existing.local) || expressions::is_no_check(table, part.raw_expr)
        }
        ConstrType::CONSTR_FOREIGN => existing.is_some() || foreign_key_fails(part, table),
        ConstrType::CONSTR_PRIMARY | ConstrType::CONSTR_UNIQUE if part.indexname.is_null() => {
            let keys = node::strings(part.keys);
            let different: BTreeSet<&String> = keys.iter().collect();
            let second = part.contype == ConstrType::CONSTR_PRIMARY
                && constraints::of_table(table).iter().any(|known| known.kind == b'p');
            second
                || different.len() < keys.len()
                || lacks_column(table, &keys)
                || lacks_column(table, &node::strings(part.including))
                || name.is_some_and(|name| constraints::is_name_taken(table, &name))
        }
        _ => false,
    }
}

fn lacks_column(table: Oid, names: &[String]) -> bool {
    names.iter().any(|name| !columns::exists(table, name))
}

/// `ATAddForeignKeyConstraint` of `commands/tablecmds.c`, `transformFkeyCheckAttrs` and `checkFkeyPermissions` there.
fn foreign_key_fails(part: &pg_sys::Constraint, table: Oid) -> bool {
    let Some(referenced) = resolve(part.pktable) else {
        return true;
    };
    let written = node::strings(part.pk_attrs);
    let is_key = |index: &catalog::Row| {
        if written.is_empty() {
            return index.flag("indisprimary") == Some(true);
        }
        let count = index.int2("indnkeyatts") as usize;
        let keys: BTreeSet<i16> = index.attnums("indkey").into_iter().take(count).collect();
        let wanted = written.iter().filter_map(|name| columns::named(referenced, name));
        let unique = index.flag("indisunique") == Some(true) || index.flag("indisexclusion") == Some(true);
        unique && wanted.map(|column| column.attnum).collect::<BTreeSet<_>>() == keys
    };
    lacks_column(table, &node::strings(part.fk_attrs))
        || lacks_column(referenced, &written)
        || !index_rows(referenced).iter().any(is_key)
        || !permission::may_reference(referenced)
}

/// `RememberAllDependentForRebuilding` and `ATPrepAlterColumnType` of `commands/tablecmds.c`.
fn type_change_fails(name: &str, alter: &AlterTable) -> bool {
    if !are_exact(&[name.to_owned()]) {
        return false;
    }
    let inherited = columns::named(alter.target, name).is_some_and(|column| column.inherited > 0);
    inherited
        || alter.members.iter().any(|member| {
            columns::named(*member, name).is_some_and(|column| {
                is_in_partition_key(*member, column.attnum) || is_used_elsewhere(*member, column.attnum)
            })
        })
}

fn is_in_partition_key(table: Oid, attnum: i16) -> bool {
    catalog::row(&catalog::PARTITIONED_TABLE, table).is_some_and(|row| row.attnums("partattrs").contains(&attnum))
}

/// Whether a view, rule, trigger, policy, function, publication or generated column uses a column.
fn is_used_elsewhere(table: Oid, attnum: i16) -> bool {
    let classes = [
        catalog::REWRITE_RULE.catalog(),
        catalog::TRIGGER.catalog(),
        catalog::POLICY.catalog(),
        catalog::FUNCTION,
        catalog::PUBLISHED_TABLE,
    ];
    references(Object::column(table, attnum))
        .into_iter()
        .any(|(object, _)| {
            let default = object.class == catalog::ATTRIBUTE_DEFAULT.catalog();
            let of_another = || {
                catalog::row(&catalog::ATTRIBUTE_DEFAULT, object.oid)
                    .is_some_and(|row| row.oid("adrelid") != table || row.int2("adnum") != attnum)
            };
            classes.contains(&object.class) || default && of_another()
        })
}

/// `DefineIndex` of `commands/indexcmds.c`.
fn index_fails(statement: &pg_sys::IndexStmt, table: Oid) -> bool {
    let elements = [statement.indexParams, statement.indexIncludingParams];
    let columns: Vec<String> = elements
        .into_iter()
        .flat_map(node::list)
        .filter_map(|element| node::cast::<pg_sys::IndexElem>(element, pg_sys::NodeTag::T_IndexElem))
        .filter_map(|element| node::optional_text(element.name))
        .collect();
    let name = node::optional_text(statement.idxname);
    if !are_exact(&columns) || !are_exact(name.as_slice()) {
        return false;
    }
    let taken = name.is_some_and(|name| beside(table, &name).is_some());
    let schema = class_row(table).map_or(0, |row| row.oid("relnamespace"));
    taken && !statement.if_not_exists || lacks_column(table, &columns) || !permission::may_create_in(schema)
}

/// There is no index of the name, or none by which the table was clustered before: `cluster` of `commands/cluster.c`.
fn cluster_fails(statement: &pg_sys::ClusterStmt) -> Option<Vec<(Oid, LockMode)>> {
    let table = resolve(statement.relation)?;
    let has_order = match node::optional_text(statement.indexname) {
        Some(name) => !are_exact(std::slice::from_ref(&name)) || beside(table, &name).is_some(),
        None => index_rows(table)
            .iter()
            .any(|index| index.flag("indisclustered") == Some(true)),
    };
    (!has_order).then(|| vec![(table, LockMode::AccessExclusive)])
}
