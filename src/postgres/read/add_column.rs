//! ADD COLUMN: `transformColumnDefinition` of `parser/parse_utilcmd.c`, `ATExecAddColumn` of `commands/tablecmds.c`.

use pgrx::{PgBox, pg_sys};

use super::columns;
use super::constraint;
use super::context::Context;
use super::expressions;
use super::not_null;
use super::oids::Oids;
use super::subcommands::column_definition;
use crate::model::facts::{AddColumn, AlterCommand, NewColumnValue};
use crate::model::relation::Oid;
use crate::postgres::{node, version};

/// Whether a new column has a default of its own, so that a foreign key on it has something to check: `skipValidation` of
/// `transformAlterTableStmt` of `parser/parse_utilcmd.c`, which sees one subcommand at a time.
fn has_default(definition: &pg_sys::ColumnDef) -> bool {
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
            // SAFETY: a new node, which lives as long as the parse tree.
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
fn is_serial(definition: &pg_sys::ColumnDef) -> bool {
    !serial_type(definition).is_empty()
}

/// The type that a word for a serial column stands for; empty for other types.
fn serial_type(definition: &pg_sys::ColumnDef) -> &'static str {
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

/// Whether a subcommand before this one adds a column of the same name.
fn is_added_before(command: &pg_sys::AlterTableCmd, column: &str, context: &Context) -> bool {
    let first = context
        .subcommands
        .first_own(pg_sys::AlterTableType::AT_AddColumn, column);
    first.is_some_and(|first| !std::ptr::eq(first, command))
}

/// ADD COLUMN, with the constraints written beside it.
pub fn read(command: &pg_sys::AlterTableCmd, context: &mut Context) -> Vec<AlterCommand> {
    let Some(definition) = column_definition(command) else {
        return vec![AlterCommand::Unmodelled];
    };
    let column = node::text(definition.colname);
    let losing = context.losing_column(&column);
    let has = |member: Oid| columns::named(member, &column).is_some() && !losing.contains(&member);
    if has(context.target) || is_added_before(command, &column, context) {
        // IF NOT EXISTS does nothing more; without it the statement fails.
        return vec![AlterCommand::CatalogOnly];
    }
    let parts = parts(definition);
    let part = |kind| parts.iter().find(|part| part.contype == kind);
    let identity = part(pg_sys::ConstrType::CONSTR_IDENTITY);
    let serial = is_serial(definition);
    let mut sequences = vec![];
    let (value, type_name, expression) = if serial {
        (NewColumnValue::Serial, serial_type(definition).to_owned(), None)
    } else {
        let written = expressions::resolve_type(definition.typeName);
        let type_name = expressions::type_name(written);
        if identity.is_some() {
            (NewColumnValue::Identity, type_name, None)
        } else if let Some(generated) = part(pg_sys::ConstrType::CONSTR_GENERATED) {
            let expression = expressions::column_expression_text(context.target, generated.raw_expr);
            (generated_value(generated), type_name, Some(expression))
        } else {
            let default = part(pg_sys::ConstrType::CONSTR_DEFAULT).map(|part| part.raw_expr);
            let default = expressions::new_column_value(written, &column, default);
            sequences = default.sequences;
            sequences.retain(|sequence| context.relations.load(*sequence).is_some());
            (default.value, type_name, default.text)
        }
    };
    let not_null = is_not_null(definition);
    // A child that has the column already is left alone, and with it what is below.
    let mut members = context.descend(has);
    members.retain(|member| *member == context.target || !has(*member));
    let merged = if not_null && version::major() >= 18 {
        // NOT NULL is a constraint of its own, and goes further than the column.
        let known: Oids = members.iter().copied().collect();
        let no_inherit = part(pg_sys::ConstrType::CONSTR_NOTNULL).is_some_and(|part| part.is_no_inherit);
        let mut others = if no_inherit {
            vec![]
        } else {
            not_null::getting(&column, context)
        };
        others.retain(|member| !known.contains(*member));
        not_null::unproved(&column, &others, context)
    } else {
        vec![]
    };
    let members = context.relations.with_rows(&members);
    let mut commands = vec![AlterCommand::AddColumn(AddColumn {
        column: column.clone(),
        type_name,
        expression,
        value,
        not_null,
        members,
        sequences,
    })];
    if !merged.is_empty() {
        commands.push(AlterCommand::SetNotNull {
            column: column.clone(),
            unproved: merged,
        });
    }
    for part in &parts {
        let checked = has_default(definition);
        commands.extend(constraint::of_new_column(part, &column, checked, context));
    }
    commands
}

#[cfg(feature = "pg18")]
fn generated_value(part: &pg_sys::Constraint) -> NewColumnValue {
    if part.generated_kind as u8 == pg_sys::ATTRIBUTE_GENERATED_VIRTUAL {
        NewColumnValue::VirtualGenerated
    } else {
        NewColumnValue::StoredGenerated
    }
}

#[cfg(not(feature = "pg18"))]
fn generated_value(_part: &pg_sys::Constraint) -> NewColumnValue {
    NewColumnValue::StoredGenerated
}
