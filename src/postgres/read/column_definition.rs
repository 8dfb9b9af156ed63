//! What the definition of a new column says: `transformColumnDefinition` of `parser/parse_utilcmd.c`.

use pgrx::{PgBox, pg_sys};

use crate::postgres::node;

/// Whether a new column has a default of its own, so that a foreign key on it has something to check: `skipValidation` of
/// `transformAlterTableStmt` of `parser/parse_utilcmd.c`, which sees one subcommand at a time.
pub fn has_default(definition: &pg_sys::ColumnDef) -> bool {
    !definition.raw_default.is_null()
        || is_serial(definition)
        || parts(definition).iter().any(|part| {
            matches!(
                part.contype,
                pg_sys::ConstrType::CONSTR_DEFAULT | pg_sys::ConstrType::CONSTR_GENERATED
            )
        })
}

/// Whether a column is written with NOT NULL, or what implies it.
pub fn is_not_null(definition: &pg_sys::ColumnDef) -> bool {
    use pg_sys::ConstrType::{CONSTR_IDENTITY, CONSTR_NOTNULL, CONSTR_PRIMARY};
    let implies =
        |part: &&pg_sys::Constraint| matches!(part.contype, CONSTR_NOTNULL | CONSTR_PRIMARY | CONSTR_IDENTITY);
    is_serial(definition) || parts(definition).iter().any(implies)
}

/// The constraints written with a column. What the parser leaves behind one as a part of its own is said of it:
/// `transformConstraintAttrs` of `parser/parse_utilcmd.c`.
pub fn parts(definition: &pg_sys::ColumnDef) -> Vec<&'static pg_sys::Constraint> {
    use pg_sys::ConstrType::*;
    let mut parts: Vec<&'static mut pg_sys::Constraint> = vec![];
    let written = node::list(definition.constraints)
        .into_iter()
        .filter_map(|part| node::cast::<pg_sys::Constraint>(part, pg_sys::NodeTag::T_Constraint));
    for part in written {
        match (part.contype, parts.last_mut()) {
            (CONSTR_ATTR_DEFERRABLE, Some(last)) => last.deferrable = true,
            (CONSTR_ATTR_DEFERRED, Some(last)) => (last.deferrable, last.initdeferred) = (true, true),
            (CONSTR_ATTR_NOT_DEFERRABLE | CONSTR_ATTR_IMMEDIATE, _) => {}
            #[cfg(feature = "pg18")]
            (CONSTR_ATTR_ENFORCED, _) => {}
            #[cfg(feature = "pg18")]
            (CONSTR_ATTR_NOT_ENFORCED, Some(last)) => (last.is_enforced, last.skip_validation) = (false, true),
            // SAFETY: a new node, which is there for as long as this is judged.
            _ => parts.push(unsafe {
                let mut copy = PgBox::<pg_sys::Constraint>::alloc_node(pg_sys::NodeTag::T_Constraint);
                *copy = *part;
                &mut *copy.into_pg()
            }),
        }
    }
    parts.into_iter().map(|part| &*part).collect()
}

/// `serial` and its kin are no types but words of the parser: `transformColumnDefinition` of `parser/parse_utilcmd.c`.
pub fn is_serial(definition: &pg_sys::ColumnDef) -> bool {
    !serial_type(definition).is_empty()
}

/// The type that a word for a serial column stands for; empty for other types.
pub fn serial_type(definition: &pg_sys::ColumnDef) -> &'static str {
    // SAFETY: a TypeName of the parse tree, or null.
    let Some(written) = (unsafe { definition.typeName.as_ref() }) else {
        return "";
    };
    match node::strings(written.names).as_slice() {
        [word] if !written.pct_type => match word.as_str() {
            "smallserial" | "serial2" => "smallint",
            "serial" | "serial4" => "integer",
            "bigserial" | "serial8" => "bigint",
            _ => "",
        },
        _ => "",
    }
}
