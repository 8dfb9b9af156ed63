//! What the names in DROP and its kin mean: `get_object_address` of `catalog/objectaddress.c`, without its locks.

use pgrx::pg_sys;
use pgrx::pg_sys::ObjectType;

use super::dependencies::Object;
use super::relations::resolve;
use super::types;
use crate::model::relation::Oid;
use crate::postgres::catalog::{self, Path, Value};
use crate::postgres::node::{self, Node};

/// The object that a name means; `None` if there is none. If it has to be there, an error says so as PostgreSQL would.
pub fn object(kind: ObjectType::Type, name: Node, missing_ok: bool) -> Option<Object> {
    use ObjectType::*;
    let oid = match kind {
        OBJECT_TRIGGER | OBJECT_RULE | OBJECT_POLICY => return part(kind, name.cast()),
        OBJECT_CAST | OBJECT_TRANSFORM => of_type(kind, name.cast(), missing_ok),
        OBJECT_OPCLASS | OBJECT_OPFAMILY => of_access_method(kind, name.cast(), missing_ok),
        _ => match node::cast::<pg_sys::String>(name, pg_sys::NodeTag::T_String) {
            Some(word) => by_word(kind, word.sval, missing_ok),
            None => by_signature_or_list(kind, name, missing_ok),
        },
    }?;
    (oid != pg_sys::InvalidOid).then_some(Object {
        class: class(kind)?,
        oid: oid.to_u32(),
        column: 0,
    })
}

/// The catalog of objects of a kind, by its oid as fixed in the headers under `catalog/`.
fn class(kind: ObjectType::Type) -> Option<Oid> {
    use ObjectType::*;
    Some(match kind {
        OBJECT_TYPE | OBJECT_DOMAIN => 1247,
        OBJECT_FUNCTION | OBJECT_PROCEDURE | OBJECT_ROUTINE | OBJECT_AGGREGATE => catalog::FUNCTION,
        OBJECT_FOREIGN_SERVER => 1417,
        OBJECT_FDW => 2328,
        OBJECT_ACCESS_METHOD => 2601,
        OBJECT_CAST => 2605,
        OBJECT_CONVERSION => 2607,
        OBJECT_LANGUAGE => 2612,
        OBJECT_SCHEMA => catalog::SCHEMA,
        OBJECT_OPCLASS => 2616,
        OBJECT_OPERATOR => 2617,
        OBJECT_OPFAMILY => 2753,
        OBJECT_EXTENSION => 3079,
        OBJECT_STATISTIC_EXT => catalog::EXTENDED_STATISTICS.catalog(),
        OBJECT_COLLATION => 3456,
        OBJECT_EVENT_TRIGGER => 3466,
        OBJECT_TRANSFORM => 3576,
        OBJECT_TSDICTIONARY => 3600,
        OBJECT_TSPARSER => 3601,
        OBJECT_TSCONFIGURATION => 3602,
        OBJECT_TSTEMPLATE => 3764,
        OBJECT_PUBLICATION => 6104,
        _ => return None,
    })
}

/// Objects named by one word.
fn by_word(kind: ObjectType::Type, word: *const std::ffi::c_char, missing_ok: bool) -> Option<pg_sys::Oid> {
    use ObjectType::*;
    // SAFETY: look-ups of a NUL-terminated string of the parse tree, which lock nothing.
    Some(unsafe {
        match kind {
            OBJECT_SCHEMA => pg_sys::get_namespace_oid(word, missing_ok),
            OBJECT_EXTENSION => pg_sys::get_extension_oid(word, missing_ok),
            OBJECT_LANGUAGE => pg_sys::get_language_oid(word, missing_ok),
            OBJECT_FDW => pg_sys::get_foreign_data_wrapper_oid(word, missing_ok),
            OBJECT_FOREIGN_SERVER => pg_sys::get_foreign_server_oid(word, missing_ok),
            OBJECT_ACCESS_METHOD => pg_sys::get_am_oid(word, missing_ok),
            OBJECT_EVENT_TRIGGER => pg_sys::get_event_trigger_oid(word, missing_ok),
            OBJECT_PUBLICATION => pg_sys::get_publication_oid(word, missing_ok),
            _ => return None,
        }
    })
}

/// Objects named by a list of words, maybe qualified; those with arguments; types.
fn by_signature_or_list(kind: ObjectType::Type, name: Node, missing_ok: bool) -> Option<pg_sys::Oid> {
    use ObjectType::*;
    let list: *mut pg_sys::List = name.cast();
    // SAFETY: the parser gives an object of each kind the node that these functions read: ObjectWithArgs, TypeName, or a
    // list of String nodes. They lock nothing.
    Some(unsafe {
        match kind {
            OBJECT_TYPE | OBJECT_DOMAIN => types::written(name.cast(), missing_ok).into(),
            OBJECT_FUNCTION | OBJECT_PROCEDURE | OBJECT_ROUTINE | OBJECT_AGGREGATE => {
                pg_sys::LookupFuncWithArgs(kind, name.cast(), missing_ok)
            }
            OBJECT_OPERATOR => pg_sys::LookupOperWithArgs(name.cast(), missing_ok),
            OBJECT_COLLATION => pg_sys::get_collation_oid(list, missing_ok),
            OBJECT_CONVERSION => pg_sys::get_conversion_oid(list, missing_ok),
            OBJECT_TSPARSER => pg_sys::get_ts_parser_oid(list, missing_ok),
            OBJECT_TSDICTIONARY => pg_sys::get_ts_dict_oid(list, missing_ok),
            OBJECT_TSTEMPLATE => pg_sys::get_ts_template_oid(list, missing_ok),
            OBJECT_TSCONFIGURATION => pg_sys::get_ts_config_oid(list, missing_ok),
            OBJECT_STATISTIC_EXT => pg_sys::get_statistics_object_oid(list, missing_ok),
            _ => return None,
        }
    })
}

/// A cast between two types; a transform of a type for a language.
fn of_type(kind: ObjectType::Type, name: *mut pg_sys::List, missing_ok: bool) -> Option<pg_sys::Oid> {
    let [first, second] = node::list(name)[..] else {
        return None;
    };
    let type_oid = |name: Node| pg_sys::Oid::from(types::written(name.cast(), missing_ok));
    let first = type_oid(first);
    if kind == ObjectType::OBJECT_CAST {
        // SAFETY: a syscache look-up.
        return Some(unsafe { pg_sys::get_cast_oid(first, type_oid(second), missing_ok) });
    }
    let language = node::cast::<pg_sys::String>(second, pg_sys::NodeTag::T_String)?.sval;
    // SAFETY: syscache look-ups of a NUL-terminated string of the parse tree.
    Some(unsafe { pg_sys::get_transform_oid(first, pg_sys::get_language_oid(language, missing_ok), missing_ok) })
}

/// An operator class or family: the access method, then its own name.
fn of_access_method(kind: ObjectType::Type, name: *mut pg_sys::List, missing_ok: bool) -> Option<pg_sys::Oid> {
    let method = node::cast::<pg_sys::String>(*node::list(name).first()?, pg_sys::NodeTag::T_String)?.sval;
    // SAFETY: syscache look-ups of String nodes of the parse tree; the list is copied, not changed.
    unsafe {
        let method = pg_sys::get_index_am_oid(method, missing_ok);
        let own = pg_sys::list_copy_tail(name, 1);
        match kind {
            _ if method == pg_sys::InvalidOid => None,
            ObjectType::OBJECT_OPCLASS => Some(pg_sys::get_opclass_oid(method, own, missing_ok)),
            _ => Some(pg_sys::get_opfamily_oid(method, own, missing_ok)),
        }
    }
}

/// A trigger, rule or policy, named by its table's name and its own: `get_object_address_relobject`.
fn part(kind: ObjectType::Type, name: *mut pg_sys::List) -> Option<Object> {
    let own = node::strings(name).pop()?;
    let length = node::list(name).len() as i32;
    // SAFETY: a list of String nodes; a new RangeVar is made of a copy without the last of them.
    let table = unsafe { pg_sys::makeRangeVarFromNameList(pg_sys::list_truncate(pg_sys::list_copy(name), length - 1)) };
    let table = resolve(table)?;
    let found = |by_table: &Path, column: &str, path: &Path| {
        let rows = catalog::rows(by_table, &[Value::Oid(table)]);
        let row = rows.iter().find(|row| row.name(column) == own)?;
        Some(Object::whole(path, row.oid("oid")))
    };
    match kind {
        ObjectType::OBJECT_TRIGGER => found(&catalog::TRIGGERS_OF_TABLE, "tgname", &catalog::TRIGGER),
        ObjectType::OBJECT_RULE => found(&catalog::RULES_OF_TABLE, "rulename", &catalog::REWRITE_RULE),
        _ => found(&catalog::POLICIES_OF_TABLE, "polname", &catalog::POLICY),
    }
}
