//! Foreign keys: what ADD FOREIGN KEY locks and checks, and whether a type change leaves the meaning of one alone:
//! `ATAddForeignKeyConstraint` and `tryAttachPartitionForeignKey` of `commands/tablecmds.c`.

use pgrx::pg_sys;

use super::columns;
use super::constraints::{self, Constraint};
use super::context::Context;
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
    let mut members = vec![context.target];
    let mut next = 0;
    while next < members.len() {
        let member = members[next];
        next += 1;
        if member != context.target && attaches(part, member, &mut facts, context) {
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

/// Whether a partition has an equal foreign key, which is taken over; its triggers on the other end, which are then one
/// set too many, are dropped.
fn attaches(part: &pg_sys::Constraint, member: Oid, facts: &mut AddForeignKey, context: &mut Context) -> bool {
    let Some(referenced) = facts.referenced.first().copied() else {
        return false;
    };
    let written = node::strings(part.pk_attrs);
    let equal = constraints::of_table(member).into_iter().find(|known| {
        known.kind == b'f'
            && known.parent == 0
            && known.referenced == referenced
            && names(member, &known.columns) == facts.columns
            && (written.is_empty() || names(referenced, &known.row.attnums("confkey")) == written)
            && is_taken_over(known, part)
            && known.row.flag("condeferrable") == Some(part.deferrable)
            && known.row.flag("condeferred") == Some(part.initdeferred)
            && known.row.letter("confupdtype") == part.fk_upd_action as u8
            && known.row.letter("confdeltype") == part.fk_del_action as u8
            && known.row.letter("confmatchtype") == part.fk_matchtype as u8
    });
    let Some(equal) = equal else {
        return false;
    };
    if !equal.validated && constraints::checked_now(part) {
        // Since 18: it becomes valid now.
        let parts: Vec<Oid> = constraints::with_children(equal)
            .iter()
            .map(|part| part.table)
            .collect();
        facts.validated.extend(context.relations.with_rows(&parts));
    }
    let lock = LockMode::AccessExclusive;
    facts.locked.push((referenced, lock));
    if context.is_partitioned(referenced) && version::has(KEYS_TO_EACH_PARTITION) {
        // So are its parts for each partition of the other end.
        facts.locked.extend(facts.referenced.iter().map(|oid| (*oid, lock)));
        facts.locked.push((member, lock));
    }
    true
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

fn names(table: Oid, attnums: &[i16]) -> Vec<String> {
    let columns = columns::of_table(table);
    attnums
        .iter()
        .filter_map(|attnum| columns.iter().find(|column| column.attnum == *attnum))
        .map(|column| column.name.clone())
        .collect()
}

/// A column that gets another type.
pub struct Changed<'a> {
    pub family: &'a [Oid],
    pub name: &'a str,
    pub to: Oid,
}

impl Changed<'_> {
    fn type_of(&self, table: Oid, attnum: i16) -> (Oid, Oid) {
        let column = columns::of_table(table)
            .into_iter()
            .find(|column| column.attnum == attnum);
        column.map_or((0, 0), |column| {
            let changes = self.family.contains(&table) && column.name == self.name;
            (column.type_oid, if changes { self.to } else { column.type_oid })
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
