//! CREATE and ALTER PUBLICATION: `OpenTableList` and `AlterPublicationTables` of `commands/publicationcmds.c`. Schemas and
//! FOR ALL TABLES lock no table.

use pgrx::pg_sys;

use super::objects::missing;
use super::oids::Oids;
use super::relations::{Relations, resolve};
use crate::model::facts::Statement;
use crate::model::lock_mode::LockMode;
use crate::model::relation::{Oid, RelationKind};
use crate::postgres::node;

/// CREATE PUBLICATION
pub fn create(statement: &pg_sys::CreatePublicationStmt, relations: &mut Relations) -> Statement {
    locked(vec![], statement.pubobjects, relations)
}

/// ALTER PUBLICATION
pub fn alter(statement: &pg_sys::AlterPublicationStmt, relations: &mut Relations) -> Statement {
    let sets = statement.action == pg_sys::AlterPublicationAction::AP_SetObjects && statement.options.is_null();
    let published = if sets { published(statement.pubname) } else { vec![] };
    locked(published, statement.pubobjects, relations)
}

/// What is published now: SET takes out what it does not name.
fn published(publication: *const std::ffi::c_char) -> Vec<Oid> {
    // SAFETY: look-ups in catalogs, of a NUL-terminated string of the parse tree; a List of oids comes back.
    unsafe {
        let publication = pg_sys::get_publication_oid(publication, false);
        let relations = pg_sys::GetPublicationRelations(publication, pg_sys::PublicationPartOpt::PUBLICATION_PART_ROOT);
        pgrx::PgList::<pg_sys::Oid>::from_pg(relations)
            .iter_oid()
            .map(pg_sys::Oid::to_u32)
            .collect()
    }
}

fn locked(published: Vec<Oid>, objects: *mut pg_sys::List, relations: &mut Relations) -> Statement {
    let mut tables: Oids = published
        .into_iter()
        .filter(|oid| relations.load(*oid).is_some())
        .collect();
    for object in node::list(objects) {
        let object = node::cast::<pg_sys::PublicationObjSpec>(object, pg_sys::NodeTag::T_PublicationObjSpec);
        // SAFETY: null, or a PublicationTable of the parse tree, which has its relation.
        let Some(table) = object.and_then(|object| unsafe { object.pubtable.as_ref() }) else {
            continue;
        };
        let Some(oid) = resolve(table.relation) else {
            return missing(table.relation, false);
        };
        // Partitions are published with their table, and inheriting tables are published by themselves.
        let partitioned = relations.kind(oid) == Some(RelationKind::PartitionedTable);
        // SAFETY: just resolved.
        let recurse = unsafe { (*table.relation).inh };
        tables.extend(relations.family(oid, recurse && !partitioned));
    }
    let tables = tables.into_vec().into_iter();
    let locks: Vec<(Oid, LockMode)> = tables.map(|oid| (oid, LockMode::ShareUpdateExclusive)).collect();
    if locks.is_empty() {
        return Statement::NoExistingRelation;
    }
    Statement::LocksOnly(locks)
}
