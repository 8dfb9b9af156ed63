//! ALTER COLUMN TYPE: what the new type means to stored values, and what has to be made again because it depends on the
//! column: `RememberAllDependentForRebuilding`, `TryReuseIndex` and `TryReuseForeignKey` of `commands/tablecmds.c`,
//! `CheckIndexCompatible` of `commands/indexcmds.c`.

use std::collections::BTreeMap;

use pgrx::pg_sys;

use super::columns::{self, Column};
use super::constraints::{self, Constraint};
use super::context::Context;
use super::dependencies::{self, Object, references};
use super::expressions::{self, Conversion, Type};
use super::foreign_key;
use super::index_constraint::locked_with;
use super::partition_key;
#[cfg(any(feature = "pg17", feature = "pg18"))]
use super::relations::children;
use super::subcommands::column_definition;
use super::types;
use crate::model::facts::{AlterColumnType, AlterCommand, ForeignKeyOnColumn, TypeChange};
use crate::model::lock_mode::LockMode;
use crate::model::relation::Oid;
use crate::postgres::catalog;
use crate::postgres::node;

/// The facts of ALTER COLUMN … TYPE.
pub fn read(command: &pg_sys::AlterTableCmd, name: &str, context: &mut Context) -> AlterCommand {
    let Some(mut change) = change(command, name, context.target) else {
        return AlterCommand::Unmodelled;
    };
    // A column may get a collation first and a type then: what depends on it is made again when all is done.
    if let Some(end) = context
        .last_change_of_type(name)
        .and_then(|last| self::change(last, name, context.target))
    {
        (change.to, change.collation) = (end.to, end.collation);
    }
    AlterCommand::AlterColumnType(facts(&change, context))
}

/// `None` if there is no such column or conversion.
fn change(command: &pg_sys::AlterTableCmd, name: &str, target: Oid) -> Option<Change> {
    let (definition, column) = (column_definition(command)?, columns::named(target, name)?);
    let wanted = expressions::resolve_type(definition.typeName);
    let using = (!definition.raw_default.is_null()).then_some(definition.raw_default);
    let conversion = match column.generated {
        // A virtual column has no stored values.
        b'v' => Conversion::default(),
        _ => expressions::conversion(target, &column, wanted, using)?,
    };
    Some(Change {
        from: column,
        to: wanted,
        collation: new_collation(definition, wanted),
        conversion,
    })
}

/// Whether the type that a subcommand gives a column means a new heap.
pub fn rewrites(command: &pg_sys::AlterTableCmd, target: Oid) -> bool {
    change(command, &node::text(command.name), target).is_some_and(|change| change.conversion.rewrites)
}

/// 17: SET EXPRESSION of a stored column makes everything again that depends on the column, as a change of type does:
/// `ATExecSetExpression` of `commands/tablecmds.c`. The rewrite is told of elsewhere.
#[cfg(any(feature = "pg17", feature = "pg18"))]
pub fn set_expression(column: &Column, context: &mut Context) -> AlterCommand {
    let change = Change {
        from: column.clone(),
        to: type_of(column),
        collation: column.collation,
        conversion: Conversion {
            rewrites: true,
            sequences: vec![],
        },
    };
    let mut facts = facts(&change, context);
    facts.members.clear();
    facts.sequences.clear();
    if context.family.len() == 1 {
        made_again_below(&change, &mut facts, context);
    }
    AlterCommand::AlterColumnType(facts)
}

/// ONLY does not keep constraints that are made again from what is below: a CHECK or NOT NULL constraint is merged into the
/// children's, a foreign key is checked in every partition.
#[cfg(any(feature = "pg17", feature = "pg18"))]
fn made_again_below(change: &Change, facts: &mut AlterColumnType, context: &mut Context) {
    let gone = context.gone();
    let mut found = constraints::of_table(context.target);
    found.retain(|known| known.columns.contains(&change.from.attnum) && !gone.constraints.contains(&known.oid));
    for constraint in found {
        if matches!(constraint.kind, b'c' | b'n') && !constraint.no_inherit {
            context.reach(&children(context.target));
        } else if constraint.kind == b'f' {
            for part in constraints::with_children(constraint).iter().skip(1) {
                read_foreign_key(part, part.table, change, facts, context);
            }
        }
    }
}

fn type_of(column: &Column) -> Type {
    Type {
        oid: column.type_oid,
        modifier: column.type_modifier,
    }
}

fn facts(change: &Change, context: &mut Context) -> AlterColumnType {
    let name = change.from.name.as_str();
    let mut facts = AlterColumnType {
        column: name.to_owned(),
        from: expressions::type_name(type_of(&change.from)),
        to: expressions::type_name(change.to),
        base: expressions::is_constrained_domain(change.to.oid)
            .then(|| expressions::type_name(expressions::base_type(change.to))),
        rewrites: change.conversion.rewrites,
        members: vec![],
        elsewhere: vec![],
        completed: vec![],
        foreign_keys: vec![],
        locked: vec![],
        sequences: vec![],
    };
    for member in context.family.clone() {
        if let Some(of_member) = columns::named(member, name) {
            let keeps_identity = member != context.target || !context.drops_identity(name);
            if of_member.identity && keeps_identity {
                facts.sequences.extend(
                    dependencies::identity_sequence(member, of_member.attnum)
                        .filter(|sequence| context.relations.load(*sequence).is_some()),
                );
            }
            read_member(member, &of_member, change, &mut facts, context);
        }
    }
    if change.conversion.rewrites && !context.relations.with_rows(&context.family).is_empty() {
        let mut sequences = change.conversion.sequences.clone();
        sequences.retain(|sequence| context.relations.load(*sequence).is_some());
        facts.locked.extend(locked_with(&sequences, LockMode::RowExclusive));
    }
    facts
}

struct Change {
    from: Column,
    to: Type,
    collation: Oid,
    conversion: Conversion,
}

/// The collation the column will have.
fn new_collation(definition: &pg_sys::ColumnDef, wanted: Type) -> Oid {
    // SAFETY: works on a copy, because the older majors take it as mutable.
    unsafe {
        let copy = node::copy(std::ptr::from_ref(definition).cast_mut().cast());
        pg_sys::GetColumnDefCollation(std::ptr::null_mut(), copy.cast(), wanted.oid.into()).to_u32()
    }
}

fn read_member(member: Oid, column: &Column, change: &Change, facts: &mut AlterColumnType, context: &mut Context) {
    // What another subcommand drops is not made again; what becomes of an index is known of the index.
    let gone = context.gone();
    let of_table = |table: Oid| TypeChange {
        table,
        indexes: vec![],
        checks: vec![],
    };
    let mut of_member = of_table(member);
    let mut indexes: Vec<Oid> = vec![];
    // What uses the column as a part of the table's row, from elsewhere.
    let mut elsewhere: BTreeMap<Oid, TypeChange> = BTreeMap::new();
    for (object, _) in references(Object::column(member, column.attnum)) {
        if object.class == catalog::CLASS.catalog() {
            if context.relations.kind(object.oid).is_some_and(|kind| kind.is_index()) {
                indexes.push(object.oid);
            }
        } else if object.class == catalog::EXTENDED_STATISTICS.catalog() {
            let row = catalog::row(&catalog::EXTENDED_STATISTICS, object.oid);
            if let Some(row) = row.filter(|row| context.relations.load(row.oid("stxrelid")).is_some()) {
                facts.locked.push((row.oid("stxrelid"), LockMode::AccessExclusive));
            }
        } else if object.class == catalog::CONSTRAINT.catalog()
            && let Some(constraint) = constraints::by_oid(object.oid)
            && !gone.constraints.contains(&constraint.oid)
        {
            match constraint.kind {
                b'c' if constraint.table != member => {
                    context.relations.load(constraint.table);
                    facts.locked.push((constraint.table, LockMode::AccessExclusive));
                    if constraint.validated && constraint.enforced {
                        let other = elsewhere.entry(constraint.table);
                        other
                            .or_insert_with(|| of_table(constraint.table))
                            .checks
                            .push(constraint.name);
                    }
                }
                b'c' if constraint.validated && constraint.enforced => of_member.checks.push(constraint.name),
                b'f' => read_foreign_key(&constraint, member, change, facts, context),
                b'p' | b'u' | b'x' => indexes.push(constraint.index),
                _ => {}
            }
        }
    }
    indexes.sort_unstable();
    indexes.dedup();
    indexes.retain(|index| !gone.relations.contains(index) && context.relations.load(*index).is_some());
    for index in indexes {
        let table = catalog::row(&catalog::INDEX, index).map_or(member, |row| row.oid("indrelid"));
        if table == member {
            of_member.indexes.push((index, is_reusable(index, column, change)));
        } else {
            context.relations.load(table);
            facts.locked.push((table, LockMode::AccessExclusive));
            let other = elsewhere.entry(table).or_insert_with(|| of_table(table));
            other.indexes.push((index, false));
        }
    }
    for other in elsewhere.into_values() {
        if context.relations.with_rows(&[other.table]).is_empty() {
            for (index, _) in &other.indexes {
                let without = leaves_without_part(other.table, *index, context).into_iter();
                facts.completed.extend(without.map(|leaf| (leaf, LockMode::Share)));
            }
            let exclusively = |(index, _)| (index, LockMode::AccessExclusive);
            facts.locked.extend(other.indexes.into_iter().map(exclusively));
        } else {
            facts.elsewhere.push(other);
        }
    }
    let has_rows = !context.relations.with_rows(&[member]).is_empty();
    if has_rows {
        facts.members.push(of_member);
    } else {
        for (index, _) in of_member.indexes {
            let without = leaves_without_part(member, index, context).into_iter();
            facts.completed.extend(without.map(|leaf| (leaf, context.lock)));
            // A partition whose detaching is pending loses its part, too.
            for part in context.relations.family(index, true) {
                let table = catalog::row(&catalog::INDEX, part).map(|row| row.oid("indrelid"));
                let locked = [
                    Some(part),
                    table.filter(|table| context.relations.load(*table).is_some()),
                ];
                facts
                    .locked
                    .extend(locked.into_iter().flatten().map(|oid| (oid, LockMode::AccessExclusive)));
            }
        }
    }
}

fn read_foreign_key(
    constraint: &Constraint,
    member: Oid,
    change: &Change,
    facts: &mut AlterColumnType,
    context: &mut Context,
) {
    let known = [constraint.table, constraint.referenced]
        .into_iter()
        .all(|table| context.relations.load(table).is_some());
    if known {
        facts.foreign_keys.push(ForeignKeyOnColumn {
            constraint: constraint.name.clone(),
            referencing: constraint.table,
            referenced: constraint.referenced,
            enforced: constraint.enforced,
            validated_again: checked_again(constraint, member, change, context),
        });
    }
}

/// The leaves below a partitioned table that have no part of an index of it, which CREATE INDEX ON ONLY leaves so. Made
/// again, the index is made for all: `pg_get_indexdef_string` knows no ONLY.
fn leaves_without_part(table: Oid, index: Oid, context: &mut Context) -> Vec<Oid> {
    let parts = context.relations.family(index, true);
    let with_part: Vec<Oid> = parts
        .into_iter()
        .filter_map(|part| catalog::row(&catalog::INDEX, part))
        .map(|row| row.oid("indrelid"))
        .collect();
    let family = context.relations.family(table, true);
    let mut leaves = context.relations.with_rows(&family);
    leaves.retain(|leaf| !with_part.contains(leaf));
    leaves
}

/// Whether the rows of a foreign key's referencing table are checked again, because a column of `member` changes:
/// `TryReuseForeignKey`, which is not asked where the member is rewritten.
fn checked_again(constraint: &Constraint, member: Oid, change: &Change, context: &mut Context) -> bool {
    let known = context.rewritten;
    // A part is made again with its whole.
    let owner = partition_key::whole(constraint.parent).map_or(member, |whole| whole.table);
    let rewritten = change.conversion.rewrites || known.all || known.target && owner == context.target;
    let has_rows = !context.relations.with_rows(&[constraint.table]).is_empty();
    let changed = foreign_key::Changed {
        family: &context.family,
        name: &change.from.name,
        to: change.to.oid,
        collation: change.collation,
    };
    has_rows
        && constraint.validated
        && constraint.enforced
        && (rewritten || !foreign_key::keeps_meaning(constraint, &changed))
}

/// Whether an index keeps its storage when a column of it changes its type and the heap stays.
fn is_reusable(index: Oid, column: &Column, change: &Change) -> bool {
    let (Some(row), Some(class)) = (
        catalog::row(&catalog::INDEX, index),
        catalog::row(&catalog::CLASS, index),
    ) else {
        return false;
    };
    let plain = row.text("indpred").is_none() && row.text("indexprs").is_none();
    // The index of a partition is dropped with the one it is a part of, and built anew.
    let part = class.flag("relispartition") == Some(true);
    if !plain || part || row.flag("indisvalid") != Some(true) {
        return false;
    }
    let method = class.oid("relam");
    let keys = row.attnums("indkey").into_iter().take(row.int2("indnkeyatts") as usize);
    let stored = columns::of_table(index);
    let columns = columns::of_table(row.oid("indrelid"));
    keys.zip(row.oids("indclass"))
        .zip(row.oids("indcollation"))
        .zip(stored)
        .all(|(((attnum, operator_class), collation), stored)| {
            if attnum == column.attnum {
                return keeps_operator_class(operator_class, method, change)
                    && stores(operator_class, stored.type_oid, change.to.oid)
                    && keeps_collation(collation, column, change);
            }
            let other = columns.iter().find(|other| other.attnum == attnum);
            other.is_some_and(|other| stores(operator_class, stored.type_oid, other.type_oid))
        })
}

/// What an operator class for many types compares has to be the type of the column: GIN stores the elements of an array, and
/// BRIN the ranges of a column of ranges as any range.
fn stores(operator_class: Oid, stored: Oid, wanted: Oid) -> bool {
    // SAFETY: a syscache look-up.
    let input = unsafe { pg_sys::get_opclass_input_type(operator_class.into()).to_u32() };
    stored == wanted || !types::is_polymorphic(input)
}

/// The index is made again from its definition, in which a default operator class goes unnamed.
fn keeps_operator_class(operator_class: Oid, method: Oid, change: &Change) -> bool {
    // SAFETY: syscache look-ups.
    unsafe {
        let default_of = |type_oid: Oid| pg_sys::GetDefaultOpClass(type_oid.into(), method.into()).to_u32();
        let was_default = default_of(change.from.type_oid) == operator_class;
        !was_default || default_of(change.to.oid) == operator_class
    }
}

/// A collation that is the column's own goes unnamed in the definition and follows the column.
fn keeps_collation(collation: Oid, column: &Column, change: &Change) -> bool {
    collation != column.collation || collation == change.collation
}
