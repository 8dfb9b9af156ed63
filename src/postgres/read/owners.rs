//! Who owns what: `pg_shdepend`, which knows it of objects of every kind.

use pgrx::pg_sys;

use super::deletion;
use super::dependencies::Object;
use crate::model::relation::Oid;
use crate::postgres::catalog::{self, Value};
use crate::postgres::session;

/// `pg_authid`
const ROLE: Oid = 1260;

/// Whether the current user may drop an object, as its owner or its schema's: `RemoveObjects` of `commands/dropcmds.c`.
/// What nobody is recorded to own (a cast, what the server came with) is left to PostgreSQL.
pub fn may_drop(object: Object) -> bool {
    // Extended statistics have an owner of their own.
    let of_table = deletion::table_of_part(object).filter(|_| object.class != catalog::EXTENDED_STATISTICS.catalog());
    let owned = of_table.map_or(object, Object::relation);
    is_owned(owned) || schema(object).is_some_and(is_owned)
}

/// Whether the current user is a role or may act as one.
pub fn is_one_of(role: Oid) -> bool {
    // SAFETY: a look-up in the cache of role memberships.
    unsafe { pg_sys::has_privs_of_role(pg_sys::GetUserId(), role.into()) }
}

/// How a role is tied to an object.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// It owns it.
    Owner,
    /// It is a policy for this role.
    Policy,
    /// A privilege, or the like
    Other,
}

/// The objects of this database that a role is tied to.
pub fn held_by(role: Oid) -> Vec<(Object, Hold)> {
    let database = session::database();
    catalog::rows(&catalog::OBJECTS_OF_ROLE, &[Value::Oid(ROLE), Value::Oid(role)])
        .iter()
        .filter(|row| row.oid("dbid") == database)
        .map(|row| {
            let object = Object {
                class: row.oid("classid"),
                oid: row.oid("objid"),
                column: row.int4("objsubid"),
            };
            let hold = match row.letter("deptype") {
                b'o' => Hold::Owner,
                b'r' => Hold::Policy,
                _ => Hold::Other,
            };
            (object, hold)
        })
        .collect()
}

fn is_owned(object: Object) -> bool {
    owner(object).is_none_or(is_one_of)
}

fn owner(object: Object) -> Option<Oid> {
    let object = [
        Value::Oid(session::database()),
        Value::Oid(object.class),
        Value::Oid(object.oid),
    ];
    catalog::rows(&catalog::OWNERS_OF_OBJECT, &object)
        .iter()
        .find(|row| row.letter("deptype") == b'o' && row.oid("refclassid") == ROLE)
        .map(|row| row.oid("refobjid"))
}

fn schema(object: Object) -> Option<Object> {
    let values = [Value::Oid(object.class), Value::Oid(object.oid), Value::Int(0)];
    catalog::rows(&catalog::REFERENCES_OF_OBJECT, &values)
        .iter()
        .find(|row| row.oid("refclassid") == catalog::SCHEMA)
        .map(|row| Object::schema(row.oid("refobjid")))
}
