//! ADD COLUMN: `transformColumnDefinition` of `parser/parse_utilcmd.c`, `ATExecAddColumn` of `commands/tablecmds.c`.

use pgrx::pg_sys;

use super::column_definition::{has_default, is_not_null, is_serial, parts, serial_type};
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
