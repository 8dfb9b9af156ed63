//! DROP OWNED and REASSIGN OWNED: `shdepDropOwned` and `shdepReassignOwned` of `catalog/pg_shdepend.c`.

use pgrx::pg_sys;

use super::dependencies::{self, Object};
use super::drop;
use super::owners::{self, Hold};
use super::relations::Relations;
use crate::model::facts::Statement;
use crate::model::lock_mode::LockMode;
use crate::model::relation::Oid;
use crate::postgres::{catalog, node};

/// DROP OWNED: what the roles own goes, and the policies that are for nobody else. Grants are taken back without a lock.
pub fn drop(statement: &pg_sys::DropOwnedStmt, relations: &mut Relations) -> Statement {
    let Some(roles) = roles(statement.roles) else {
        return Statement::NoExistingRelation;
    };
    let mut objects = vec![];
    for role in &roles {
        for (object, hold) in owners::held_by(*role) {
            if hold == Hold::Owner || (hold == Hold::Policy && is_for_these_only(object, &roles)) {
                objects.push(object);
            }
        }
    }
    let cascade = statement.behavior == pg_sys::DropBehavior::DROP_CASCADE;
    drop::deleted(vec![], &objects, cascade, relations)
}

fn is_for_these_only(policy: Object, roles: &[Oid]) -> bool {
    catalog::row(&catalog::POLICY, policy.oid)
        .is_some_and(|row| row.oids("polroles").iter().all(|role| roles.contains(role)))
}

/// REASSIGN OWNED: `ATExecChangeOwner` of `commands/tablecmds.c` for each relation and the sequences of its columns.
pub fn reassign(statement: &pg_sys::ReassignOwnedStmt, relations: &mut Relations) -> Statement {
    let Some(roles) = roles(statement.roles) else {
        return Statement::NoExistingRelation;
    };
    let mut changed: Vec<Oid> = vec![];
    for role in roles {
        for (object, hold) in owners::held_by(role) {
            if hold != Hold::Owner {
                continue;
            }
            if let Some(relation) = owned_relation(object) {
                changed.push(relation);
                changed.extend(dependencies::owned_sequences(relation));
            }
        }
    }
    changed.retain(|oid| relations.load(*oid).is_some());
    Statement::LocksOnly(
        changed
            .into_iter()
            .map(|oid| (oid, LockMode::AccessExclusive))
            .collect(),
    )
}

/// The relation that gets the new owner: a composite type has one too, `AlterTypeOwner_oid` of `commands/typecmds.c`.
fn owned_relation(object: Object) -> Option<Oid> {
    if object.class == catalog::CLASS.catalog() {
        return Some(object.oid);
    }
    if object.class != catalog::TYPE.catalog() {
        return None;
    }
    let relation = catalog::row(&catalog::TYPE, object.oid)?.oid("typrelid");
    (relation != 0).then_some(relation)
}

/// The roles that a statement names; `None` if the current user is not all of them.
fn roles(names: *mut pg_sys::List) -> Option<Vec<Oid>> {
    let mut roles = vec![];
    for name in node::list(names) {
        // SAFETY: a RoleSpec of the parse tree; an error if there is no such role.
        let role = unsafe { pg_sys::get_rolespec_oid(name.cast(), false) }.to_u32();
        roles.push(role);
    }
    roles.iter().all(|role| owners::is_one_of(*role)).then_some(roles)
}
