//! The foreign keys of a partitioned table, and those that refer to it, when a partition joins or leaves:
//! `CloneForeignKeyConstraints`, `DetachPartitionFinalize` and `ATDetachCheckNoForeignKeyRefs` of `commands/tablecmds.c`.

use super::columns;
use super::constraints::{self, Constraint, definition};
use super::deletion;
use super::dependencies::Object;
use super::oids::Oids;
use super::relations::{Relations, children};
use crate::model::lock_mode::LockMode;
use crate::model::partition::{MissingKey, ReferringTable};
use crate::model::relation::{Oid, RelationKind};
use crate::postgres::version::{self, Backported};

/// Partitions of a referenced table are treated like the whole, and who refers to a table that gets a partition is locked
/// for a new part of the foreign key.
pub const KEYS_TO_EACH_PARTITION: Backported = &[150_009, 160_005, 170_001];

type Locks = Vec<(Oid, LockMode)>;

/// A partition gets the foreign keys of its parent; what it has of them already is made a part of theirs. A created one is
/// empty, so nothing is checked.
pub fn joining(parent: Oid, attached: Option<Oid>, relations: &mut Relations) -> (Vec<MissingKey>, Locks) {
    let mut missing = vec![];
    let mut locked = vec![];
    let mut taken = Oids::default();
    for key in topmost(foreign_keys(parent)) {
        let partitioned = relations.kind(key.referenced) == Some(RelationKind::PartitionedTable);
        let referenced = relations.family(key.referenced, partitioned);
        locked.extend(referenced.iter().map(|oid| (*oid, LockMode::ShareRowExclusive)));
        let mut queue: Vec<Oid> = attached.into_iter().collect();
        while let Some(table) = queue.pop() {
            if let Some(equal) = equal(&key, table, &taken) {
                taken.push(equal.oid);
                missing.extend(taken_over(&key, equal, &referenced, &mut locked, relations));
                continue;
            }
            if relations.kind(table) == Some(RelationKind::PartitionedTable) {
                queue.extend(children(table));
            }
            let checked = relations.with_rows(&[table]);
            if key.enforced && !checked.is_empty() {
                missing.push(MissingKey {
                    table,
                    name: key.name.clone(),
                    definition: Some(definition(&key)),
                    checked,
                    referenced: referenced.clone(),
                });
            }
        }
    }
    for key in topmost(constraints::referring_to(parent)) {
        if version::has(KEYS_TO_EACH_PARTITION) && relations.load(key.table).is_some() {
            locked.push((key.table, LockMode::ShareRowExclusive));
        }
    }
    (missing, locked)
}

/// A table's foreign keys.
fn foreign_keys(table: Oid) -> Vec<Constraint> {
    let mut keys = constraints::of_table(table);
    keys.retain(|key| key.kind == b'f');
    keys
}

/// Those that are not parts of another one of them.
fn topmost(keys: Vec<Constraint>) -> Vec<Constraint> {
    let known: Oids = keys.iter().map(|key| key.oid).collect();
    keys.into_iter().filter(|key| !known.contains(key.parent)).collect()
}

/// The foreign key of a table that can become a part of this one: `tryAttachPartitionForeignKey` of
/// `commands/tablecmds.c`.
fn equal(key: &Constraint, table: Oid, taken: &Oids) -> Option<Constraint> {
    let names = columns::names(key.table, &key.columns);
    let same = |known: &Constraint, column: &str| known.row.letter(column) == key.row.letter(column);
    foreign_keys(table).into_iter().find(|known| {
        known.parent == 0
            && !taken.contains(known.oid)
            && known.referenced == key.referenced
            && columns::names(table, &known.columns) == names
            && known.row.attnums("confkey") == key.row.attnums("confkey")
            && known.row.oids("conpfeqop") == key.row.oids("conpfeqop")
            && known.row.flag("condeferrable") == key.row.flag("condeferrable")
            && known.row.flag("condeferred") == key.row.flag("condeferred")
            && ["confupdtype", "confdeltype", "confmatchtype"]
                .iter()
                .all(|column| same(known, column))
            && (known.validated || version::major() >= 18)
    })
}

/// Of a table and its partitions, those that have triggers for a partition that refers to it.
fn each_or_whole(referenced: &[Oid]) -> impl Iterator<Item = Oid> {
    let count = if version::has(KEYS_TO_EACH_PARTITION) {
        referenced.len()
    } else {
        1
    };
    referenced.iter().copied().take(count)
}

/// The triggers of its own at the other end are one set too many, and are dropped; and since 18 it is validated where the
/// whole is valid.
fn taken_over(
    key: &Constraint,
    equal: Constraint,
    referenced: &[Oid],
    locked: &mut Locks,
    relations: &mut Relations,
) -> Option<MissingKey> {
    if equal.enforced {
        locked.extend(each_or_whole(referenced).map(|oid| (oid, LockMode::AccessExclusive)));
    }
    if equal.validated || !key.validated {
        return None;
    }
    Some(MissingKey {
        table: equal.table,
        name: equal.name.clone(),
        definition: None,
        checked: relations.with_rows(&constraints::not_valid(equal)),
        referenced: referenced.to_vec(),
    })
}

/// A partition keeps the foreign keys of its parent as its own, which get triggers at the other end; and it leaves those
/// that refer to it, if no row does. `checks`: that is looked at now.
pub fn leaving(partition: Oid, checks: bool, relations: &mut Relations) -> (Vec<ReferringTable>, Locks) {
    let mut locked = vec![];
    for key in topmost(foreign_keys(partition))
        .into_iter()
        .filter(|key| key.parent != 0)
    {
        let partitioned = relations.kind(key.referenced) == Some(RelationKind::PartitionedTable);
        let referenced = relations.family(key.referenced, partitioned);
        locked.extend(each_or_whole(&referenced).map(|oid| (oid, LockMode::ShareRowExclusive)));
    }
    let mut checked = vec![];
    for key in constraints::referring_to(partition)
        .into_iter()
        .filter(|key| key.parent != 0)
    {
        if checks && let Some(whole) = whole(key.parent) {
            let partitioned = relations.kind(key.table) == Some(RelationKind::PartitionedTable);
            let below = relations.family(key.table, partitioned).split_off(1);
            checked.push(ReferringTable {
                table: key.table,
                leaves: relations.with_rows(&below),
                definition: definition(&whole),
                constraint: whole.name,
            });
        }
        let parts: Vec<Object> = constraints::with_children(key)
            .iter()
            .map(|part| Object::constraint(part.oid))
            .collect();
        locked.extend(deletion::deletion(&parts, false).locked);
    }
    locked.retain(|(oid, _)| relations.load(*oid).is_some());
    (checked, locked)
}

/// The foreign key of which this one is a part, or a part of a part.
pub fn whole(key: Oid) -> Option<Constraint> {
    let mut whole = constraints::by_oid(key)?;
    while let Some(above) = constraints::by_oid(whole.parent) {
        whole = above;
    }
    Some(whole)
}
