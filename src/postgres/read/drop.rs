//! DROP TABLE and its kin, and TRUNCATE.

use std::collections::BTreeSet;

use pgrx::pg_sys;
use pgrx::pg_sys::ObjectType;

use super::constraints;
use super::deletion;
use super::dependencies::{self, Object};
use super::index;
use super::object_names;
use super::oids::Oids;
use super::owners;
use super::relations::{Relations, resolve, written_name};
use crate::model::facts::Statement;
use crate::model::relation::{Oid, RelationKind};
use crate::postgres::node;

/// DROP: `RemoveRelations` of `commands/tablecmds.c` and `RemoveObjects` of `commands/dropcmds.c`.
pub fn drop(statement: &pg_sys::DropStmt, relations: &mut Relations) -> Statement {
    let of_relations = [
        ObjectType::OBJECT_TABLE,
        ObjectType::OBJECT_INDEX,
        ObjectType::OBJECT_MATVIEW,
        ObjectType::OBJECT_VIEW,
        ObjectType::OBJECT_SEQUENCE,
        ObjectType::OBJECT_FOREIGN_TABLE,
    ];
    if !of_relations.contains(&statement.removeType) {
        return drop_objects(statement, relations);
    }
    let mut named = vec![];
    for object in node::list(statement.objects) {
        // SAFETY: DROP names each relation by a list of String nodes; a new RangeVar is made of it.
        let range_var = unsafe { &*pg_sys::makeRangeVarFromNameList(object.cast()) };
        match resolve(range_var) {
            Some(oid) => named.push(oid),
            None if statement.missing_ok => {}
            None => return Statement::MissingRelation(written_name(range_var)),
        }
    }
    if statement.removeType == ObjectType::OBJECT_INDEX {
        let cascade = statement.behavior == pg_sys::DropBehavior::DROP_CASCADE;
        return index::drop(&named, statement.concurrent, cascade, relations);
    }
    let cascade = statement.behavior == pg_sys::DropBehavior::DROP_CASCADE;
    let objects: Vec<Object> = named.iter().map(|oid| Object::relation(*oid)).collect();
    deleted(named, &objects, cascade, relations)
}

fn drop_objects(statement: &pg_sys::DropStmt, relations: &mut Relations) -> Statement {
    let mut objects = vec![];
    for name in node::list(statement.objects) {
        match object_names::object(statement.removeType, name, statement.missing_ok) {
            // Another's: PostgreSQL refuses it, and nothing happens.
            Some(object) if !owners::may_drop(object) => return Statement::NoExistingRelation,
            Some(object) => objects.push(object),
            None if statement.missing_ok => {}
            None => return Statement::NoExistingRelation,
        }
    }
    let cascade = statement.behavior == pg_sys::DropBehavior::DROP_CASCADE;
    deleted(vec![], &objects, cascade, relations)
}

/// What goes and what is locked when some objects are dropped; `named` are those among them that are relations.
pub fn deleted(named: Vec<Oid>, objects: &[Object], cascade: bool, relations: &mut Relations) -> Statement {
    let deletion = deletion::deletion(objects, cascade);
    let mut locked = deletion.locked;
    let dropped: BTreeSet<Oid> = deletion.relations.into_iter().collect();
    locked.retain(|(oid, _)| !dropped.contains(oid) && relations.load(*oid).is_some());
    let mut dropped: Vec<Oid> = dropped
        .into_iter()
        .filter(|oid| relations.load(*oid).is_some())
        .collect();
    // What is told of the loss begins with what has rows.
    dropped.sort_by_key(|oid| !relations.kind(*oid).is_some_and(RelationKind::has_rows));
    for oid in &named {
        relations.load(*oid);
    }
    Statement::Drop { named, dropped, locked }
}

/// DISCARD TEMP and ALL: `RemoveTempRelations` of `catalog/namespace.c`.
pub fn discard(statement: &pg_sys::DiscardStmt, relations: &mut Relations) -> Statement {
    use pg_sys::DiscardMode::{DISCARD_ALL, DISCARD_TEMP};
    let (mut schema, mut of_toast) = (pg_sys::InvalidOid, pg_sys::InvalidOid);
    if matches!(statement.target, DISCARD_ALL | DISCARD_TEMP) {
        // SAFETY: writes the session's own two schemas, which may not be there yet.
        unsafe { pg_sys::GetTempNamespaceState(&raw mut schema, &raw mut of_toast) };
    }
    if schema == pg_sys::InvalidOid {
        return Statement::NoExistingRelation;
    }
    deleted(vec![], &[Object::schema(schema.to_u32())], true, relations)
}

/// TRUNCATE: `ExecuteTruncate` of `commands/tablecmds.c`.
pub fn truncate(statement: &pg_sys::TruncateStmt, relations: &mut Relations) -> Statement {
    let mut all = Oids::default();
    for relation in node::list(statement.relations) {
        let Some(range_var) = node::cast::<pg_sys::RangeVar>(relation, pg_sys::NodeTag::T_RangeVar) else {
            continue;
        };
        let Some(oid) = resolve(range_var) else {
            return Statement::MissingRelation(written_name(range_var));
        };
        // Named again, it is passed over with what is below it.
        if !all.contains(oid) {
            all.extend(relations.family(oid, range_var.inh));
        }
    }
    if statement.behavior == pg_sys::DropBehavior::DROP_CASCADE {
        let mut next = 0;
        while let Some(referenced) = all.at(next) {
            // Each partition of a referencing table refers by itself; what inherits from it does not.
            for referencing in referencing_tables(referenced) {
                all.extend(relations.family(referencing, false));
            }
            next += 1;
        }
    }
    let all = all.into_vec();
    let sequences = if statement.restart_seqs {
        let owned: Vec<Oid> = all.iter().flat_map(|oid| dependencies::owned_sequences(*oid)).collect();
        owned.into_iter().filter(|oid| relations.load(*oid).is_some()).collect()
    } else {
        vec![]
    };
    Statement::Truncate {
        relations: all,
        sequences,
    }
}

/// The tables that have a foreign key to this one, and those that have another part of the same foreign key:
/// `heap_truncate_find_FKs` of `catalog/heap.c`.
fn referencing_tables(referenced: Oid) -> BTreeSet<Oid> {
    let mut found = BTreeSet::new();
    let mut searched = Oids::from_iter([referenced]);
    let mut next = 0;
    while let Some(oid) = searched.at(next) {
        next += 1;
        for mut constraint in constraints::referring_to(oid) {
            found.insert(constraint.table);
            while let Some(parent) = constraints::by_oid(constraint.parent) {
                constraint = parent;
            }
            searched.extend([constraint.referenced]);
        }
    }
    found
}
