//! Foreign keys: what ADD FOREIGN KEY locks and checks, and whether a type change leaves the meaning of one alone:
//! `ATAddForeignKeyConstraint` and `tryAttachPartitionForeignKey` of `commands/tablecmds.c`.

use pgrx::pg_sys;

use super::columns::{self, Column};
use super::constraints::{self, Constraint};
use super::context::Context;
use super::index_constraint::locked_with;
use super::partition_key::KEYS_TO_EACH_PARTITION;
use super::relations::{children, index_rows, resolve};
use super::types;
use crate::model::facts::{AddForeignKey, AlterCommand};
use crate::model::lock_mode::LockMode;
use crate::model::relation::Oid;
use crate::postgres::catalog;
use crate::postgres::{node, version};

/// ADD FOREIGN KEY; `checked`: existing rows can break it.
pub fn add(part: &pg_sys::Constraint, columns: Vec<String>, checked: bool, context: &mut Context) -> AlterCommand {
    let referenced = referenced(part, context);
    let mut facts = AddForeignKey {
        constraint: node::optional_text(part.conname),
        columns,
        referenced,
        validated: vec![],
        locked: vec![],
    };
    let key = key(part, facts.referenced.first()).unwrap_or_default();
    let mut members = vec![context.target];
    let mut next = 0;
    while next < members.len() {
        let member = members[next];
        next += 1;
        if member != context.target
            && let Some(equal) = equal(part, &key, member, &facts, context)
        {
            take_over(equal, part, &mut facts, context);
            continue;
        }
        if context.is_partitioned(member) {
            members.extend(children(member));
        }
        if checked && constraints::checked_now(part) && !context.relations.with_rows(&[member]).is_empty() {
            facts.validated.push(member);
        }
    }
    context.reach(&members);
    AlterCommand::AddForeignKey(facts)
}

/// The table that a foreign key refers to, with its partitions.
pub fn referenced(part: &pg_sys::Constraint, context: &mut Context) -> Vec<Oid> {
    resolve(part.pktable).map_or(vec![], |oid| {
        let partitioned = context.is_partitioned(oid);
        context.relations.family(oid, partitioned)
    })
}

/// The columns at the other end, if there are such.
fn key(part: &pg_sys::Constraint, referenced: Option<&Oid>) -> Option<Vec<i16>> {
    let referenced = *referenced?;
    let written = node::strings(part.pk_attrs);
    if written.is_empty() {
        // `transformFkeyGetPrimaryKey`
        let indexes = index_rows(referenced);
        let primary = indexes.iter().find(|row| row.flag("indisprimary") == Some(true))?;
        let count = primary.int2("indnkeyatts") as usize;
        return Some(primary.attnums("indkey").into_iter().take(count).collect());
    }
    let named = |name: &String| columns::named(referenced, name).map(|column| column.attnum);
    written.iter().map(named).collect()
}

/// A partition's own foreign key that is equal, and not yet taken over.
fn equal(
    part: &pg_sys::Constraint,
    key: &[i16],
    member: Oid,
    facts: &AddForeignKey,
    context: &mut Context,
) -> Option<Constraint> {
    let referenced = facts.referenced.first().copied()?;
    let gone = context.gone();
    let period = has_period(part);
    constraints::of_table(member).into_iter().find(|known| {
        known.kind == b'f'
            && known.parent == 0
            && !gone.constraints.contains(&known.oid)
            && context
                .taken_over
                .get(&known.oid)
                .is_none_or(|by| std::ptr::eq(*by, part))
            && known.referenced == referenced
            && known.row.attnums("confkey") == key
            && known.row.flag("conperiod").unwrap_or(false) == period
            && is_taken_over(known, part)
            && known.row.flag("condeferrable") == Some(part.deferrable)
            && known.row.flag("condeferred") == Some(part.initdeferred)
            && known.row.letter("confupdtype") == part.fk_upd_action as u8
            && known.row.letter("confdeltype") == part.fk_del_action as u8
            && known.row.letter("confmatchtype") == part.fk_matchtype as u8
            && columns::names(member, &known.columns) == facts.columns
    })
}

/// An equal foreign key of a partition becomes a part; its triggers on the other end, which are then one set too many, are
/// dropped.
fn take_over(equal: Constraint, part: &pg_sys::Constraint, facts: &mut AddForeignKey, context: &mut Context) {
    let Some(referenced) = facts.referenced.first().copied() else {
        return;
    };
    context.taken_over.insert(equal.oid, part);
    let (member, enforced) = (equal.table, equal.enforced);
    if !equal.validated && constraints::checked_now(part) {
        // Since 18: it becomes valid now.
        facts
            .validated
            .extend(context.relations.with_rows(&constraints::not_valid(equal)));
    }
    let lock = LockMode::AccessExclusive;
    // One that is NOT ENFORCED has no triggers.
    let with_triggers = if enforced { facts.referenced.as_slice() } else { &[] };
    if context.is_partitioned(referenced) && version::has(KEYS_TO_EACH_PARTITION) {
        // So are its parts for each partition of the other end.
        facts.locked.extend(locked_with(with_triggers, lock));
        facts.locked.push((member, lock));
    } else {
        facts
            .locked
            .extend(locked_with(&with_triggers[..with_triggers.len().min(1)], lock));
    }
}

/// Where a foreign key that the same statement adds as NOT VALID is validated: where a partition has none that is valid.
pub fn unvalidated(part: &pg_sys::Constraint, context: &mut Context) -> Vec<Oid> {
    let facts = AddForeignKey {
        constraint: None,
        columns: node::strings(part.fk_attrs),
        referenced: referenced(part, context),
        validated: vec![],
        locked: vec![],
    };
    let key = key(part, facts.referenced.first()).unwrap_or_default();
    let mut members = vec![context.target];
    let mut found = vec![];
    while let Some(member) = members.pop() {
        let equal = (member != context.target)
            .then(|| equal(part, &key, member, &facts, context))
            .flatten();
        match equal {
            Some(equal) => found.extend(constraints::not_valid(equal)),
            None => {
                if context.is_partitioned(member) {
                    members.extend(children(member));
                }
                found.push(member);
            }
        }
    }
    found
}

/// Whether a foreign key that is being added has a PERIOD.
#[cfg(feature = "pg18")]
pub fn has_period(part: &pg_sys::Constraint) -> bool {
    part.fk_with_period
}

/// Before 18 none has.
#[cfg(not(feature = "pg18"))]
pub fn has_period(_part: &pg_sys::Constraint) -> bool {
    false
}

/// Since 18 one that is NOT VALID may be taken over too, and one may not whose being enforced differs.
#[cfg(feature = "pg18")]
fn is_taken_over(known: &Constraint, part: &pg_sys::Constraint) -> bool {
    known.enforced == part.is_enforced
}

#[cfg(not(feature = "pg18"))]
fn is_taken_over(known: &Constraint, _part: &pg_sys::Constraint) -> bool {
    known.validated
}

/// A column that gets another type.
pub struct Changed<'a> {
    pub family: &'a [Oid],
    pub name: &'a str,
    pub to: Oid,
    pub collation: Oid,
}

impl Changed<'_> {
    fn type_of(&self, table: Oid, attnum: i16) -> (Oid, Oid) {
        let column = columns::of_table(table)
            .into_iter()
            .find(|column| column.attnum == attnum);
        column.map_or((0, 0), |column| {
            let changes = self.changes(table, &column);
            (column.type_oid, if changes { self.to } else { column.type_oid })
        })
    }

    fn changes(&self, table: Oid, column: &Column) -> bool {
        self.family.contains(&table) && column.name == self.name
    }

    /// Since 18: whether values that were equal still are. Under a collation that is not deterministic others may be, too.
    fn keeps_equality(&self, table: Oid, attnum: i16) -> bool {
        let columns = columns::of_table(table);
        let column = columns.iter().find(|column| column.attnum == attnum);
        // SAFETY: syscache look-ups of collations that are there.
        let deterministic = |collation: Oid| unsafe { pg_sys::get_collation_isdeterministic(collation.into()) };
        version::major() < 18
            || column.is_none_or(|column| {
                !self.changes(table, column)
                    || column.collation == self.collation
                    || [column.collation, self.collation]
                        .into_iter()
                        .all(|collation| collation == 0 || deterministic(collation))
            })
    }
}

/// Whether a foreign key compares as before once a column of either end has its new type: the same operators, and the
/// same casts to their types.
pub fn keeps_meaning(constraint: &Constraint, changed: &Changed) -> bool {
    let classes: Vec<(i16, Oid)> = index_rows(constraint.referenced)
        .iter()
        .filter(|row| row.oid("indexrelid") == constraint.index)
        .flat_map(|row| {
            row.attnums("indkey")
                .into_iter()
                .zip(row.oids("indclass"))
                .collect::<Vec<_>>()
        })
        .collect();
    let Some(method) = catalog::row(&catalog::CLASS, constraint.index).map(|row| row.oid("relam")) else {
        return false;
    };
    let operators = constraint.row.oids("conpfeqop");
    let keys = constraint.columns.iter().zip(constraint.row.attnums("confkey"));
    keys.zip(operators).all(|((referencing, referenced), operator)| {
        let Some((_, class)) = classes.iter().find(|(attnum, _)| *attnum == referenced) else {
            return false;
        };
        let (old_type, new_type) = changed.type_of(constraint.table, *referencing);
        let (old_key, new_key) = changed.type_of(constraint.referenced, referenced);
        if !changed.keeps_equality(constraint.table, *referencing) {
            return false;
        }
        let class = class_after(*class, method, old_key, new_key);
        let found = comparison(class, new_type);
        found.is_some_and(|(found, right)| {
            found == operator
                && cast(right, old_type) == cast(right, new_type)
                && (!types::is_polymorphic(right) || old_type == new_type)
        })
    })
}

/// The operator class the referenced index has for a key of the new type: a default one follows the type.
fn class_after(class: Oid, method: Oid, old_type: Oid, new_type: Oid) -> Oid {
    // SAFETY: syscache look-ups.
    let default_of = |type_oid: Oid| unsafe { pg_sys::GetDefaultOpClass(type_oid.into(), method.into()) }.to_u32();
    if old_type != new_type && default_of(old_type) == class {
        default_of(new_type)
    } else {
        class
    }
}

/// The operator that compares the referenced key with the referencing column, and its right-hand type.
fn comparison(class: Oid, referencing: Oid) -> Option<(Oid, Oid)> {
    const EQUAL: i16 = pg_sys::BTEqualStrategyNumber as i16;
    // SAFETY: syscache look-ups.
    unsafe {
        let family = pg_sys::get_opclass_family(class.into());
        let input = pg_sys::get_opclass_input_type(class.into());
        let base = pg_sys::getBaseType(referencing.into());
        let direct = pg_sys::get_opfamily_member(family, input, base, EQUAL);
        if direct != pg_sys::InvalidOid {
            return Some((direct.to_u32(), base.to_u32()));
        }
        let coerced = pg_sys::get_opfamily_member(family, input, input, EQUAL);
        (coerced != pg_sys::InvalidOid).then(|| (coerced.to_u32(), input.to_u32()))
    }
}

/// The way from a type to the operator's, and the function on it: `findFkeyCast`.
fn cast(target: Oid, source: Oid) -> (u32, Oid) {
    if target == source {
        return (pg_sys::CoercionPathType::COERCION_PATH_RELABELTYPE, 0);
    }
    let mut function = pg_sys::InvalidOid;
    // SAFETY: syscache look-ups; writes to a local.
    let path = unsafe {
        pg_sys::find_coercion_pathway(
            target.into(),
            source.into(),
            pg_sys::CoercionContext::COERCION_IMPLICIT,
            &mut function,
        )
    };
    (path, function.to_u32())
}
