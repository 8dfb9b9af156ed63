//! Whether ownership or a privilege lets the current user do what a statement says. Where not, PostgreSQL is the one to
//! say so, and nothing happens to the relation.

use pgrx::pg_sys;

use super::relations::class_row;
use crate::model::facts::{AlterCommand, CopyBy, Statement};
use crate::model::lock_mode::LockMode;
use crate::model::relation::{Oid, RelationKind};

/// Whether the server will let the user do this, as far as can be told beforehand.
pub fn permitted(statement: &Statement, tag: pg_sys::NodeTag) -> bool {
    match statement {
        Statement::AlterTable(alter) => {
            let attached = alter.commands.iter().filter_map(|command| match command {
                AlterCommand::AttachPartition(partition) => partition.attached,
                _ => None,
            });
            attached.chain([alter.target]).all(owns)
        }
        Statement::Several(statements) => statements.iter().all(|statement| permitted(statement, tag)),
        Statement::LocksOnly(locks) => {
            // Of those who read and write it the server asks other privileges, and nobody waits for them.
            locks
                .first()
                .is_none_or(|(oid, mode)| *mode <= LockMode::RowExclusive || may_lock(*oid, tag))
        }
        Statement::Rename(rename) => rename.locked.first().is_none_or(|(oid, _)| owns(*oid)),
        Statement::AlterDomain(alter) => owns_type(alter.oid),
        Statement::CreateIndex(index) => owns(index.table),
        Statement::CreatePartition(partition) => owns(partition.parent),
        Statement::DropIndex { indexes, .. } => indexes.iter().all(|dropped| may_drop(dropped.index)),
        Statement::Drop { named, .. } => named.iter().all(|oid| may_drop(*oid)),
        Statement::Truncate { relations, .. } => relations.first().is_none_or(|oid| may(*oid, TRUNCATE)),
        Statement::Reindex {
            tables,
            locked,
            one_by_one,
            ..
        } => {
            // Of an index it is the table that counts. Whoever may do so with a schema or database may with all that is there.
            let mut named = locked.iter().map(|(oid, _)| *oid).filter(|oid| !is_index(*oid));
            let named = named
                .next()
                .or(tables.first().map(|(table, _)| *table).filter(|_| !one_by_one));
            named.is_none_or(|table| may(table, MAINTAIN))
        }
        // Somebody else's tables are skipped with a warning.
        Statement::Copy {
            by: CopyBy::VacuumFull,
            relations,
            locked,
            ..
        } => {
            // A TOAST table has no privileges of its own.
            let others = locked.iter().map(|(oid, _)| *oid);
            relations.iter().copied().chain(others).any(may_maintain)
        }
        Statement::Copy { relations, locked, .. } => {
            let locked = locked.iter().map(|(oid, _)| *oid);
            relations.iter().copied().chain(locked).any(|oid| may(oid, MAINTAIN))
        }
        Statement::RefreshEmpty { relation } | Statement::RefreshConcurrently { relation } => may(*relation, MAINTAIN),
        _ => true,
    }
}

fn is_index(oid: Oid) -> bool {
    class_row(oid)
        .and_then(|row| RelationKind::from_relkind(row.letter("relkind")))
        .is_some_and(RelationKind::is_index)
}

/// Whether the user may do what a statement does that locks a relation and does no work on it.
fn may_lock(relation: Oid, tag: pg_sys::NodeTag) -> bool {
    use pg_sys::NodeTag::*;
    match tag {
        T_CreateTrigStmt => may(relation, u64::from(pg_sys::ACL_TRIGGER)),
        T_CreateStmt | T_CreateForeignTableStmt | T_CreateSchemaStmt => may_reference(relation),
        // Nothing is done for these before the server has looked at their privileges; what leaves a publication may be
        // anybody's.
        T_LockStmt | T_AlterPublicationStmt => true,
        _ => owns(relation),
    }
}

const TRUNCATE: u64 = pg_sys::ACL_TRUNCATE as u64;
/// The privilege came with 17.
#[cfg(any(feature = "pg17", feature = "pg18"))]
pub const MAINTAIN: u64 = pg_sys::ACL_MAINTAIN as u64;
#[cfg(not(any(feature = "pg17", feature = "pg18")))]
pub const MAINTAIN: u64 = 0;

/// `vacuum_is_permitted_for_relation` of `commands/vacuum.c`; `ReindexMultipleTables` of `commands/indexcmds.c` asks for no
/// more.
pub fn may_maintain(relation: Oid) -> bool {
    may(relation, MAINTAIN) || owns_database()
}

/// The role that may do so everywhere came with 17.
pub fn maintains_everything() -> bool {
    #[cfg(any(feature = "pg17", feature = "pg18"))]
    // SAFETY: a look-up of role memberships.
    return unsafe { pg_sys::has_privs_of_role(pg_sys::GetUserId(), pg_sys::ROLE_PG_MAINTAIN.into()) };
    #[cfg(not(any(feature = "pg17", feature = "pg18")))]
    false
}

/// The owner may do everything; `privilege` (an ACL bit, 0 for none) may stand in.
pub fn may(relation: Oid, privilege: u64) -> bool {
    // SAFETY: a syscache look-up about an existing relation.
    let granted = || unsafe {
        pg_sys::pg_class_aclcheck(relation.into(), pg_sys::GetUserId(), privilege as pg_sys::AclMode)
            == pg_sys::AclResult::ACLCHECK_OK
    };
    owns(relation) || (privilege != 0 && granted())
}

/// `checkFkeyPermissions` of `commands/tablecmds.c`, which a privilege on the columns satisfies, too.
pub fn may_reference(relation: Oid) -> bool {
    may_somewhere(relation, u64::from(pg_sys::ACL_REFERENCES))
}

/// Whether all rows of a table can be read at once, to check a foreign key: `RI_Initial_Check` of `utils/adt/ri_triggers.c`.
pub fn may_join(relation: Oid) -> bool {
    let secured = class_row(relation).is_some_and(|row| row.flag("relrowsecurity") == Some(true));
    // SAFETY: a look-up about a role.
    let passes = || unsafe { pg_sys::has_bypassrls_privilege(pg_sys::GetUserId()) };
    may_somewhere(relation, u64::from(pg_sys::ACL_SELECT)) && (!secured || owns(relation) || passes())
}

/// Whether the user has a privilege on a relation or on columns of it.
fn may_somewhere(relation: Oid, privilege: u64) -> bool {
    // SAFETY: look-ups about an existing relation.
    let on_a_column = || unsafe {
        let (user, how) = (pg_sys::GetUserId(), pg_sys::AclMaskHow::ACLMASK_ANY);
        pg_sys::pg_attribute_aclcheck_all(relation.into(), user, privilege as pg_sys::AclMode, how)
            == pg_sys::AclResult::ACLCHECK_OK
    };
    may(relation, privilege) || on_a_column()
}

/// Whether the user may create something in a schema.
pub fn may_create_in(schema: Oid) -> bool {
    may_with_schema(schema, u64::from(pg_sys::ACL_CREATE))
}

/// Whether there is such a schema, and what is in it is found by the user.
pub fn may_use(schema: Oid) -> bool {
    schema != 0 && may_with_schema(schema, u64::from(pg_sys::ACL_USAGE))
}

fn may_with_schema(schema: Oid, privilege: u64) -> bool {
    let wanted = privilege as pg_sys::AclMode;
    // SAFETY: look-ups about an existing schema.
    unsafe {
        #[cfg(feature = "pg15")]
        let result = pg_sys::pg_namespace_aclcheck(schema.into(), pg_sys::GetUserId(), wanted);
        #[cfg(not(feature = "pg15"))]
        let result = pg_sys::object_aclcheck(pg_sys::NamespaceRelationId, schema.into(), pg_sys::GetUserId(), wanted);
        result == pg_sys::AclResult::ACLCHECK_OK
    }
}

/// `RangeVarCallbackForDropRelation` of `commands/tablecmds.c`: the owner of the schema may drop what is in it.
fn may_drop(relation: Oid) -> bool {
    owns(relation) || class_row(relation).is_some_and(|row| owns_schema(row.oid("relnamespace")))
}

#[cfg(feature = "pg15")]
pub fn owns(relation: Oid) -> bool {
    // SAFETY: a syscache look-up about an existing relation.
    unsafe { pg_sys::pg_class_ownercheck(relation.into(), pg_sys::GetUserId()) }
}

#[cfg(not(feature = "pg15"))]
pub fn owns(relation: Oid) -> bool {
    owns_object(pg_sys::RelationRelationId, relation.into())
}

#[cfg(feature = "pg15")]
fn owns_type(oid: Oid) -> bool {
    // SAFETY: a syscache look-up about an existing type.
    unsafe { pg_sys::pg_type_ownercheck(oid.into(), pg_sys::GetUserId()) }
}

#[cfg(not(feature = "pg15"))]
fn owns_type(oid: Oid) -> bool {
    owns_object(pg_sys::TypeRelationId, oid.into())
}

#[cfg(feature = "pg15")]
pub fn owns_schema(schema: Oid) -> bool {
    // SAFETY: a syscache look-up about an existing schema.
    unsafe { pg_sys::pg_namespace_ownercheck(schema.into(), pg_sys::GetUserId()) }
}

#[cfg(not(feature = "pg15"))]
pub fn owns_schema(schema: Oid) -> bool {
    owns_object(pg_sys::NamespaceRelationId, schema.into())
}

#[cfg(feature = "pg15")]
pub fn owns_database() -> bool {
    // SAFETY: a syscache look-up about the session's own database.
    unsafe { pg_sys::pg_database_ownercheck(pg_sys::MyDatabaseId, pg_sys::GetUserId()) }
}

#[cfg(not(feature = "pg15"))]
pub fn owns_database() -> bool {
    // SAFETY: set once when the backend connects to its database.
    owns_object(pg_sys::DatabaseRelationId, unsafe { pg_sys::MyDatabaseId })
}

#[cfg(not(feature = "pg15"))]
fn owns_object(class: pg_sys::Oid, object: pg_sys::Oid) -> bool {
    // SAFETY: a syscache look-up about an existing object.
    unsafe { pg_sys::object_ownercheck(class, object, pg_sys::GetUserId()) }
}
