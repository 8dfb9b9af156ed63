//! CREATE TABLE and CREATE VIEW: what they lock beside what they make.

use pgrx::pg_sys;

use super::partition;
use super::permission::may_use;
use super::query::{self, Until};
use super::relations::{Relations, resolve, written_name};
use crate::model::facts::Statement;
use crate::model::lock_mode::LockMode;
use crate::model::relation::{Oid, RelationKind};
use crate::postgres::node::{self, Node};

/// CREATE TABLE and CREATE FOREIGN TABLE, alone or as an element of CREATE SCHEMA: `DefineRelation` of
/// `commands/tablecmds.c`. By itself it locks nothing that exists; parents, and tables that its foreign keys refer to, are
/// locked. What it takes from a table with LIKE or a type with OF is only looked at.
pub fn table(statement: Node, relations: &mut Relations) -> Statement {
    use pg_sys::NodeTag::{T_CreateForeignTableStmt, T_CreateStmt};
    let create = node::cast::<pg_sys::CreateStmt>(statement, T_CreateStmt).or_else(|| {
        node::cast::<pg_sys::CreateForeignTableStmt>(statement, T_CreateForeignTableStmt).map(|foreign| &foreign.base)
    });
    match create {
        Some(create) => new_table(create, &[], relations),
        None => Statement::NoExistingRelation,
    }
}

/// One table; a relation called as one of `hiding` is not the one that exists.
fn new_table(create: &pg_sys::CreateStmt, hiding: &[String], relations: &mut Relations) -> Statement {
    // SAFETY: the parser gives every CREATE TABLE its name.
    let range_var = unsafe { &*create.relation };
    if create.if_not_exists && existing(range_var, is_temporary(range_var)).is_some() {
        return Statement::NoExistingRelation;
    }
    let mut parents = vec![];
    for parent in node::list(create.inhRelations) {
        let Some(range_var) = node::cast::<pg_sys::RangeVar>(parent, pg_sys::NodeTag::T_RangeVar) else {
            continue;
        };
        if is_hidden(range_var, hiding) {
            continue;
        }
        match resolve(range_var).filter(|oid| relations.load(*oid).is_some()) {
            Some(parent) => parents.push(parent),
            None => return Statement::MissingRelation(written_name(range_var)),
        }
    }
    let referenced = referenced(create, hiding, relations);
    // SAFETY: null, or a bound of the parse tree.
    if let (Some(bound), Some(parent)) = (unsafe { create.partbound.as_ref() }, parents.first()) {
        return Statement::CreatePartition(partition::created(*parent, bound, referenced, relations));
    }
    let parents = parents.into_iter().map(|oid| (oid, LockMode::ShareUpdateExclusive));
    let locked: Vec<(Oid, LockMode)> = parents.chain(referenced).collect();
    if locked.is_empty() {
        return Statement::NoExistingRelation;
    }
    Statement::LocksOnly(locked)
}

/// Whether a name means a table that the same statement creates in a schema of its own.
fn is_hidden(range_var: &pg_sys::RangeVar, hiding: &[String]) -> bool {
    range_var.schemaname.is_null() && hiding.contains(&node::text(range_var.relname))
}

/// CREATE SCHEMA: its elements run one after the other, and come to the hook by themselves too. What they name is looked for
/// in the new schema first, so that only a table's parents and foreign keys lead out of it.
pub fn schema(statement: &pg_sys::CreateSchemaStmt, relations: &mut Relations) -> Statement {
    let tables: Vec<&pg_sys::CreateStmt> = node::list(statement.schemaElts)
        .into_iter()
        .filter_map(|element| node::cast(element, pg_sys::NodeTag::T_CreateStmt))
        .collect();
    let views: Vec<&pg_sys::ViewStmt> = node::list(statement.schemaElts)
        .into_iter()
        .filter_map(|element| node::cast(element, pg_sys::NodeTag::T_ViewStmt))
        .collect();
    // SAFETY: the parser gives every CREATE TABLE its relation.
    let name = |table: &pg_sys::CreateStmt| node::text(unsafe { (*table.relation).relname });
    let mut before = vec![];
    let mut elements = vec![];
    for table in tables {
        elements.push(new_table(table, &before, relations));
        before.push(name(table));
    }
    for view in views {
        elements.push(query::statement_hiding(
            view.query,
            before.clone(),
            Until::Analyzed,
            relations,
        ));
        // SAFETY: the parser gives every CREATE VIEW its name.
        before.push(node::text(unsafe { (*view.view).relname }));
    }
    Statement::Several(elements)
}

/// The tables that the foreign keys of a new table refer to, with their partitions; but for the table itself.
fn referenced(create: &pg_sys::CreateStmt, hiding: &[String], relations: &mut Relations) -> Vec<(Oid, LockMode)> {
    let of_column = |part: &Node| {
        node::cast::<pg_sys::ColumnDef>(*part, pg_sys::NodeTag::T_ColumnDef)
            .map_or_else(Vec::new, |column| node::list(column.constraints))
    };
    // SAFETY: the parser gives every CREATE TABLE its name.
    let range_var = unsafe { &*create.relation };
    let own: Vec<String> = range_var
        .schemaname
        .is_null()
        .then(|| node::text(range_var.relname))
        .into_iter()
        .collect();
    let parts = node::list(create.tableElts);
    let constraints = parts.iter().flat_map(of_column).chain(parts.iter().copied());
    let mut locked = vec![];
    for table in constraints
        .filter_map(|part| node::cast::<pg_sys::Constraint>(part, pg_sys::NodeTag::T_Constraint))
        .filter(|constraint| constraint.contype == pg_sys::ConstrType::CONSTR_FOREIGN)
        // SAFETY: the parser gives a foreign key its table.
        .map(|constraint| unsafe { &*constraint.pktable })
        // By then the table is there itself.
        .filter(|table| !is_hidden(table, hiding) && !is_hidden(table, &own))
        .filter_map(|table| resolve(table))
    {
        let partitioned = relations.kind(table) == Some(RelationKind::PartitionedTable);
        let family = relations.family(table, partitioned);
        locked.extend(family.into_iter().map(|oid| (oid, LockMode::ShareRowExclusive)));
    }
    locked
}

/// The relation of this name where it would be created: `RangeVarGetAndCheckCreationNamespace` of `catalog/namespace.c`,
/// without making the schema of temporary tables.
fn existing(range_var: &pg_sys::RangeVar, temporary: bool) -> Option<Oid> {
    /// `pg_catalog`, which is looked into first unless it is named in the path; nothing is created there.
    const CATALOG: u32 = 11;
    let temporary = temporary || range_var.schemaname.is_null() && begins_with_temporary();
    // SAFETY: a RangeVar of the parse tree; look-ups that make nothing.
    unsafe {
        let mut path = [pg_sys::InvalidOid; 16];
        let schema = if temporary {
            let (mut tables, mut toast) = (pg_sys::InvalidOid, pg_sys::InvalidOid);
            pg_sys::GetTempNamespaceState(&mut tables, &mut toast);
            tables
        } else if range_var.schemaname.is_null() {
            let count = pg_sys::fetch_search_path_array(path.as_mut_ptr(), path.len() as i32);
            let mut path = path.iter().take(count as usize);
            path.find(|schema| schema.to_u32() != CATALOG).copied()?
        } else {
            pg_sys::LookupExplicitNamespace(range_var.schemaname, true)
        };
        let oid = pg_sys::get_relname_relid(range_var.relname, schema).to_u32();
        Some(oid).filter(|oid| *oid != 0)
    }
}

/// Whether `pg_temp` is the first schema of the path, of those that the user has: then everything new is temporary.
fn begins_with_temporary() -> bool {
    // SAFETY: splits a copy of a setting into a new list of names, and looks for schemas.
    unsafe {
        let mut names = std::ptr::null_mut();
        let text = pg_sys::pstrdup(pg_sys::namespace_search_path);
        if !pg_sys::SplitIdentifierString(text, b',' as std::ffi::c_char, &raw mut names) {
            return false;
        }
        let is_there = |name: &Node| {
            let name = name.cast::<std::ffi::c_char>();
            match node::text(name).as_str() {
                "pg_temp" => true,
                "$user" => {
                    let user = pg_sys::GetUserNameFromId(pg_sys::GetUserId(), true);
                    !user.is_null() && may_use(pg_sys::get_namespace_oid(user, true).to_u32())
                }
                _ => may_use(pg_sys::get_namespace_oid(name, true).to_u32()),
            }
        };
        let first = node::list(names).into_iter().find(is_there);
        first.is_some_and(|name| node::text(name.cast()) == "pg_temp")
    }
}

fn is_temporary(range_var: &pg_sys::RangeVar) -> bool {
    range_var.relpersistence == pg_sys::RELPERSISTENCE_TEMP as std::ffi::c_char
}

/// CREATE VIEW; OR REPLACE locks the view that is replaced: `DefineVirtualRelation` of `commands/view.c`.
pub fn view(view: &pg_sys::ViewStmt, relations: &mut Relations) -> Statement {
    // SAFETY: the parser gives every CREATE VIEW its name.
    let range_var = unsafe { &*view.view };
    // Over a temporary table it is temporary itself.
    let temporary =
        is_temporary(range_var) || view.replace && range_var.schemaname.is_null() && query::reads_temporary(view.query);
    let replaced = existing(range_var, temporary).filter(|oid| view.replace && relations.load(*oid).is_some());
    let replaced = replaced.map(|oid| Statement::LocksOnly(vec![(oid, LockMode::AccessExclusive)]));
    let query = query::statement(&[view.query], Until::Analyzed, relations);
    Statement::Several(replaced.into_iter().chain([query]).collect())
}

/// Whether IF NOT EXISTS leaves nothing to do: `CreateTableAsRelExists` of `commands/createas.c`.
pub fn is_there_already(create: &pg_sys::CreateTableAsStmt) -> bool {
    // SAFETY: the parser gives every CREATE TABLE AS its target, and that a name.
    let range_var = unsafe { &*(*create.into).rel };
    create.if_not_exists && existing(range_var, is_temporary(range_var)).is_some()
}

/// CREATE TABLE AS, SELECT INTO, CREATE MATERIALIZED VIEW: `ExecCreateTableAs` of `commands/createas.c`. `until`: how far
/// the server goes with the query, unless the table is there already.
pub fn table_as(create: &pg_sys::CreateTableAsStmt, until: Until, relations: &mut Relations) -> Statement {
    // The server wraps EXECUTE when it analyzes the statement.
    let wrapped = node::cast::<pg_sys::Query>(create.query, pg_sys::NodeTag::T_Query).map(|query| query.utilityStmt);
    let inner = wrapped.filter(|utility| !utility.is_null()).unwrap_or(create.query);
    let exists = is_there_already(create);
    if let Some(execute) = node::cast::<pg_sys::ExecuteStmt>(inner, pg_sys::NodeTag::T_ExecuteStmt) {
        return if exists {
            Statement::NoExistingRelation
        } else {
            // It is planned and started, if only to return no row.
            query::execute(execute, until.max(Until::Planned), relations)
        };
    }
    let until = if exists { Until::Analyzed } else { until };
    query::statement(&[create.query], until, relations)
}
