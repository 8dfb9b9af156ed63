//! ALTER DOMAIN: `AlterDomainNotNull`, `AlterDomainAddConstraint` and `AlterDomainValidateConstraint` of
//! `commands/typecmds.c`. What they check is read from every table that has a column of the domain.

use pgrx::pg_sys;

use super::dependencies::{Object, references};
use super::expressions::{Type, type_name};
use super::oids::Oids;
use super::relations::Relations;
use super::types;
use crate::model::facts::{AlterDomain, DomainCheck, Statement};
use crate::model::relation::Oid;
use crate::postgres::catalog;
use crate::postgres::node;

/// The facts of ALTER DOMAIN.
pub fn alter(statement: &pg_sys::AlterDomainStmt, relations: &mut Relations) -> Statement {
    let domain = types::named(statement.typeName);
    let Some(check) = checked(statement, domain) else {
        return Statement::NoExistingRelation;
    };
    let whole = Type {
        oid: domain,
        modifier: -1,
    };
    Statement::AlterDomain(AlterDomain {
        oid: domain,
        domain: type_name(whole),
        check,
        scanned: users(domain, relations),
    })
}

/// What is checked for every value of the domain; `None` if nothing is.
fn checked(statement: &pg_sys::AlterDomainStmt, domain: Oid) -> Option<DomainCheck> {
    let not_null = || types::row(domain)?.flag("typnotnull");
    // The letters of `AlterDomainStmt` in `nodes/parsenodes.h`; defaults and what is dropped concern new values only.
    match statement.subtype as u8 {
        b'O' => (not_null() == Some(false)).then_some(DomainCheck::NotNull),
        b'C' => {
            let part = node::cast::<pg_sys::Constraint>(statement.def, pg_sys::NodeTag::T_Constraint)?;
            let name = node::optional_text(part.conname);
            match part.contype {
                _ if part.skip_validation => None,
                pg_sys::ConstrType::CONSTR_CHECK => Some(DomainCheck::Constraint(name)),
                _ => (not_null() == Some(false)).then_some(DomainCheck::NotNull),
            }
        }
        // Also if it is valid already.
        b'V' => Some(DomainCheck::Validate(node::text(statement.name))),
        _ => None,
    }
}

/// The tables and materialized views with a column of a domain or of one derived from it: `get_rels_with_domain`.
fn users(domain: Oid, relations: &mut Relations) -> Vec<Oid> {
    let mut domains = Oids::from_iter([domain]);
    let mut users = Oids::default();
    let mut next = 0;
    while let Some(domain) = domains.at(next) {
        next += 1;
        for (object, _) in references(Object::whole(&catalog::TYPE, domain)) {
            if object.class == catalog::TYPE.catalog() {
                domains.extend(Some(object.oid).filter(|oid| types::is_domain(*oid)));
            } else if object.class == catalog::CLASS.catalog() && object.column > 0 {
                users.push(object.oid);
            }
        }
    }
    // Others with such a column, a partitioned table or a view, are let go of at once.
    relations.with_rows(&users.into_vec())
}
