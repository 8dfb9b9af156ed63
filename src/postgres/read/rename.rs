//! RENAME, SET SCHEMA and OWNER TO: `ExecRenameStmt`, `ExecAlterObjectSchemaStmt` and `ExecAlterOwnerStmt` of
//! `commands/alter.c`. What they change are catalog rows; on the way they lock the relation, and what carries the same
//! name, schema or owner.

use pgrx::pg_sys;
use pgrx::pg_sys::ObjectType::*;

use super::constraints;
use super::dependencies::{self, Object, references};
use super::object_names;
use super::objects::missing;
use super::oids::Oids;
use super::relations::{Relations, class_row, resolve};
use super::types;
use crate::model::facts::Statement;
use crate::model::lock_mode::LockMode;
use crate::model::relation::{Oid, RelationKind};
use crate::model::rename::{NewName, Rename, Renamed};
use crate::postgres::catalog;
use crate::postgres::node;

/// RENAME
pub fn rename(statement: &pg_sys::RenameStmt, relations: &mut Relations) -> Statement {
    if matches!(statement.renameType, OBJECT_TYPE | OBJECT_DOMAIN) {
        let oid = types::named(statement.object.cast());
        return locked(Renamed::Part, relation_of_type(oid).into_iter().collect(), relations);
    }
    // SAFETY: null, or the RangeVar of a relation.
    let Some(range_var) = (unsafe { statement.relation.as_ref() }) else {
        return Statement::NoExistingRelation;
    };
    let Some(target) = resolve(range_var) else {
        return missing(range_var, statement.missing_ok);
    };
    let kind = relations.kind(target);
    let is_index = kind.is_some_and(RelationKind::is_index);
    let name = node::text(statement.subname);
    match statement.renameType {
        OBJECT_TABLE | OBJECT_VIEW | OBJECT_MATVIEW | OBJECT_INDEX | OBJECT_SEQUENCE | OBJECT_FOREIGN_TABLE => {
            // What counts is what it is; but ALTER TABLE has locked an index before it looks: `RenameRelation`.
            if is_index && statement.renameType == OBJECT_INDEX {
                return locked_with(Renamed::Part, vec![(target, LockMode::ShareUpdateExclusive)], relations);
            }
            let new = NewName {
                schema: None,
                name: Some(node::text(statement.newname)),
            };
            let what = if is_index {
                Renamed::Part
            } else {
                Renamed::Relation(new)
            };
            locked(what, vec![target], relations)
        }
        OBJECT_COLUMN | OBJECT_ATTRIBUTE => {
            let mut reached = Oids::from_iter([target]);
            if kind == Some(RelationKind::CompositeType) {
                for table in types::typed_tables(target) {
                    reached.extend(relations.family(table, true));
                }
            } else if !is_index {
                reached.extend(relations.family(target, range_var.inh));
            }
            let what = if is_index {
                Renamed::Part
            } else {
                Renamed::Column(name, node::text(statement.newname))
            };
            locked(what, reached.into_vec(), relations)
        }
        OBJECT_TABCONSTRAINT => constraint(target, &name, range_var.inh, relations),
        OBJECT_TRIGGER => {
            let reached = relations.family(target, kind == Some(RelationKind::PartitionedTable));
            locked(Renamed::Part, reached, relations)
        }
        // A rule, a policy
        _ => locked(Renamed::Part, vec![target], relations),
    }
}

/// `rename_constraint_internal` of `commands/tablecmds.c`: an inherited one has its name everywhere, an index its own.
fn constraint(table: Oid, name: &str, recurse: bool, relations: &mut Relations) -> Statement {
    let constraint = constraints::named(table, name);
    let inherited = constraint
        .as_ref()
        .is_some_and(|constraint| matches!(constraint.kind, b'c' | b'n') && !constraint.no_inherit);
    let reached = relations.family(table, recurse && inherited);
    let index = constraint.filter(|constraint| matches!(constraint.kind, b'p' | b'u' | b'x'));
    let tables = reached.into_iter().map(|oid| (oid, LockMode::AccessExclusive));
    let index = index.map(|constraint| (constraint.index, LockMode::ShareUpdateExclusive));
    locked_with(Renamed::Part, tables.chain(index).collect(), relations)
}

/// SET SCHEMA: a table takes the sequences of its columns with it (`AlterSeqNamespaces`), an extension all its members.
pub fn set_schema(statement: &pg_sys::AlterObjectSchemaStmt, relations: &mut Relations) -> Statement {
    let members = match statement.objectType {
        OBJECT_TABLE | OBJECT_VIEW | OBJECT_MATVIEW | OBJECT_SEQUENCE | OBJECT_FOREIGN_TABLE => {
            // SAFETY: the parser gives these their relation.
            let range_var = unsafe { &*statement.relation };
            let Some(target) = resolve(range_var) else {
                return missing(range_var, statement.missing_ok);
            };
            vec![target]
        }
        OBJECT_EXTENSION => {
            let extension = object_names::object(OBJECT_EXTENSION, statement.object, false);
            extension.map_or_else(Vec::new, |extension| members_to_move(extension, statement.newschema))
        }
        _ => return Statement::NoExistingRelation,
    };
    let all: Oids = members
        .into_iter()
        .flat_map(|oid| std::iter::once(oid).chain(dependencies::owned_sequences(oid)))
        .collect();
    let new = NewName {
        schema: Some(node::text(statement.newschema)),
        name: None,
    };
    locked(Renamed::Relation(new), all.into_vec(), relations)
}

/// The relations among the members of an extension, unless it is in the new schema already: `AlterExtensionNamespace` of
/// `commands/extension.c`.
fn members_to_move(extension: Object, schema: *const std::ffi::c_char) -> Vec<Oid> {
    // SAFETY: a look-up of a NUL-terminated string of the parse tree.
    let schema = unsafe { pg_sys::get_namespace_oid(schema, true) }.to_u32();
    let stays = catalog::row(&catalog::EXTENSION, extension.oid).is_some_and(|row| row.oid("extnamespace") == schema);
    references(extension)
        .into_iter()
        .filter(|(object, kind)| !stays && object.class == catalog::CLASS.catalog() && *kind == b'e')
        .map(|(object, _)| object.oid)
        .collect()
}

/// OWNER TO of what is not altered by ALTER TABLE: of these only composite types have a relation, `AlterTypeOwner`.
pub fn set_owner(statement: &pg_sys::AlterOwnerStmt, relations: &mut Relations) -> Statement {
    if !matches!(statement.objectType, OBJECT_TYPE | OBJECT_DOMAIN) {
        return Statement::NoExistingRelation;
    }
    let relation = relation_of_type(types::named(statement.object.cast()))
        .filter(|relation| !is_owner(statement.newowner, *relation));
    locked(Renamed::Part, relation.into_iter().collect(), relations)
}

/// What gets the new owner with a relation, of ALTER TABLE … OWNER TO: `change_owner_recurse_to_sequences` of
/// `commands/tablecmds.c`. Its indexes and its TOAST table do, too.
pub fn owned_with(relation: Oid, new_owner: *mut pg_sys::RoleSpec) -> Vec<Oid> {
    if is_owner(new_owner, relation) {
        return vec![];
    }
    dependencies::owned_sequences(relation)
}

fn is_owner(role: *mut pg_sys::RoleSpec, relation: Oid) -> bool {
    // SAFETY: a RoleSpec of the parse tree; an error if there is no such role.
    let role = unsafe { pg_sys::get_rolespec_oid(role, false) }.to_u32();
    class_row(relation).is_some_and(|row| row.oid("relowner") == role)
}

/// The relation of a composite type.
fn relation_of_type(oid: Oid) -> Option<Oid> {
    types::row(oid)
        .filter(|row| row.letter("typtype") == b'c')
        .map(|row| row.oid("typrelid"))
}

fn locked(what: Renamed, oids: Vec<Oid>, relations: &mut Relations) -> Statement {
    let locks = oids.into_iter().map(|oid| (oid, LockMode::AccessExclusive));
    locked_with(what, locks.collect(), relations)
}

fn locked_with(what: Renamed, mut locked: Vec<(Oid, LockMode)>, relations: &mut Relations) -> Statement {
    locked.retain(|(oid, _)| relations.load(*oid).is_some());
    if locked.is_empty() {
        return Statement::NoExistingRelation;
    }
    Statement::Rename(Rename { what, locked })
}
