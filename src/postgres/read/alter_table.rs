//! ALTER TABLE: the subcommands, the tables they recurse to, and the facts of each.

use pgrx::pg_sys;
use pgrx::pg_sys::AlterTableType as At;

use super::column_type;
use super::columns;
use super::constraint;
use super::dependencies::{self, Object};
use super::expressions;
use super::relations::{Relations, class_row};
use crate::model::facts::{AddColumn, AlterCommand, AlterTable, Dropped, NewColumnValue, Oid, RewriteBy, Statement};
use crate::model::lock_mode::LockMode;
use crate::model::relation::RelationKind;
use crate::postgres::node;

/// What the subcommands of one ALTER TABLE share.
pub struct Context<'a> {
    pub relations: &'a mut Relations,
    pub target: Oid,
    /// The target, and what inherits from it unless ONLY is said.
    pub family: Vec<Oid>,
    /// Some added column has a default, so foreign keys are checked.
    pub default_added: bool,
}

/// The facts of an ALTER TABLE on an existing relation.
pub fn read(statement: &pg_sys::AlterTableStmt, target: Oid, relations: &mut Relations) -> Statement {
    let subcommands: Vec<&pg_sys::AlterTableCmd> = node::list(statement.cmds)
        .into_iter()
        .filter_map(|command| node::cast(command, pg_sys::NodeTag::T_AlterTableCmd))
        .collect();
    // SAFETY: the list of subcommands is only read.
    let lock = unsafe { pg_sys::AlterTableGetLockLevel(statement.cmds) };
    let lock = LockMode::from_number(lock).unwrap_or(LockMode::AccessExclusive);
    // SAFETY: the parser gives every ALTER TABLE its relation.
    let recurse = unsafe { (*statement.relation).inh };
    let family = relations.family(target, recurse);
    let default_added = subcommands.iter().any(|command| adds_default(command));
    let mut context = Context {
        relations,
        target,
        family,
        default_added,
    };
    let recursing = subcommands.iter().any(|command| recurses(command, &mut context));
    let members = if recursing {
        context.family.clone()
    } else {
        vec![target]
    };
    let commands = subcommands
        .into_iter()
        .flat_map(|command| self::command(command, &mut context))
        .collect();
    Statement::AlterTable(AlterTable {
        target,
        lock,
        members,
        commands,
    })
}

/// Whether the subcommand is carried to partitions and inheriting tables: `ATPrepCmd` of `commands/tablecmds.c`.
fn recurses(command: &pg_sys::AlterTableCmd, context: &mut Context) -> bool {
    match command.subtype {
        At::AT_AddColumn
        | At::AT_ColumnDefault
        | At::AT_DropNotNull
        | At::AT_SetNotNull
        | At::AT_DropExpression
        | At::AT_SetStatistics
        | At::AT_SetStorage
        | At::AT_DropColumn
        | At::AT_DropConstraint
        | At::AT_AlterColumnType
        | At::AT_ValidateConstraint
        | At::AT_AlterConstraint => true,
        #[cfg(any(feature = "pg17", feature = "pg18"))]
        At::AT_SetExpression | At::AT_AddIdentity | At::AT_SetIdentity | At::AT_DropIdentity => true,
        At::AT_AddConstraint => constraint::recurses(command, context),
        At::AT_EnableTrig
        | At::AT_EnableAlwaysTrig
        | At::AT_EnableReplicaTrig
        | At::AT_EnableTrigAll
        | At::AT_EnableTrigUser
        | At::AT_DisableTrig
        | At::AT_DisableTrigAll
        | At::AT_DisableTrigUser => context.relations.kind(context.target) == Some(RelationKind::PartitionedTable),
        _ => false,
    }
}

fn adds_default(command: &pg_sys::AlterTableCmd) -> bool {
    column_definition(command).is_some_and(|definition| {
        command.subtype == At::AT_AddColumn
            && (!definition.raw_default.is_null()
                || is_serial(definition)
                || parts(definition).iter().any(|part| {
                    matches!(
                        part.contype,
                        pg_sys::ConstrType::CONSTR_DEFAULT
                            | pg_sys::ConstrType::CONSTR_GENERATED
                            | pg_sys::ConstrType::CONSTR_IDENTITY
                    )
                }))
    })
}

fn command(command: &pg_sys::AlterTableCmd, context: &mut Context) -> Vec<AlterCommand> {
    let name = node::text(command.name);
    match command.subtype {
        At::AT_AddColumn => add_column(command, context),
        At::AT_AlterColumnType => vec![column_type::read(command, &name, context)],
        At::AT_SetNotNull => vec![constraint::set_not_null(&[name], context)],
        At::AT_AddConstraint => constraint::add(command, context),
        At::AT_ValidateConstraint => vec![constraint::validate(&name, context)],
        At::AT_DropColumn => vec![drop_column(name, command, context)],
        At::AT_DropConstraint => vec![constraint::drop(name, command, context)],
        At::AT_SetLogged => vec![set_persistence(true, context)],
        At::AT_SetUnLogged => vec![set_persistence(false, context)],
        At::AT_SetAccessMethod => vec![set_access_method(&name, context)],
        At::AT_SetTableSpace => vec![set_tablespace(name, context)],
        #[cfg(any(feature = "pg17", feature = "pg18"))]
        At::AT_SetExpression => vec![set_expression(name, context)],
        At::AT_ColumnDefault
        | At::AT_DropNotNull
        | At::AT_DropExpression
        | At::AT_SetStatistics
        | At::AT_SetOptions
        | At::AT_ResetOptions
        | At::AT_SetStorage
        | At::AT_SetCompression
        | At::AT_ClusterOn
        | At::AT_DropCluster
        | At::AT_SetRelOptions
        | At::AT_ResetRelOptions
        | At::AT_EnableTrig
        | At::AT_EnableAlwaysTrig
        | At::AT_EnableReplicaTrig
        | At::AT_DisableTrig
        | At::AT_EnableTrigAll
        | At::AT_DisableTrigAll
        | At::AT_EnableTrigUser
        | At::AT_DisableTrigUser
        | At::AT_EnableRule
        | At::AT_EnableAlwaysRule
        | At::AT_EnableReplicaRule
        | At::AT_DisableRule
        | At::AT_ReplicaIdentity
        | At::AT_EnableRowSecurity
        | At::AT_DisableRowSecurity
        | At::AT_ForceRowSecurity
        | At::AT_NoForceRowSecurity => vec![AlterCommand::CatalogOnly],
        _ => vec![AlterCommand::Unmodelled],
    }
}

/// The ColumnDef of a subcommand that has one.
pub fn column_definition<'a>(command: &pg_sys::AlterTableCmd) -> Option<&'a pg_sys::ColumnDef> {
    node::cast(command.def, pg_sys::NodeTag::T_ColumnDef)
}

fn parts<'a>(definition: &pg_sys::ColumnDef) -> Vec<&'a pg_sys::Constraint> {
    node::list(definition.constraints)
        .into_iter()
        .filter_map(|part| node::cast(part, pg_sys::NodeTag::T_Constraint))
        .collect()
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

fn add_column(command: &pg_sys::AlterTableCmd, context: &mut Context) -> Vec<AlterCommand> {
    let Some(definition) = column_definition(command) else {
        return vec![AlterCommand::Unmodelled];
    };
    let column = node::text(definition.colname);
    if columns::named(context.target, &column).is_some() {
        // IF NOT EXISTS does nothing more; without it the statement fails.
        return vec![AlterCommand::CatalogOnly];
    }
    let parts = parts(definition);
    let part = |kind| parts.iter().copied().find(|part| part.contype == kind);
    let primary = part(pg_sys::ConstrType::CONSTR_PRIMARY);
    let identity = part(pg_sys::ConstrType::CONSTR_IDENTITY);
    let serial = is_serial(definition);
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
            let (value, text) = expressions::new_column_value(written, &column, default);
            (value, type_name, text)
        }
    };
    let not_null =
        serial || identity.is_some() || primary.is_some() || part(pg_sys::ConstrType::CONSTR_NOTNULL).is_some();
    let members: Vec<Oid> = context
        .family
        .iter()
        .copied()
        .filter(|member| *member == context.target || columns::named(*member, &column).is_none())
        .collect();
    let members = context.relations.with_rows(&members);
    let mut commands = vec![AlterCommand::AddColumn(AddColumn {
        column: column.clone(),
        type_name,
        expression,
        value,
        not_null,
        members: members.clone(),
    })];
    for part in parts {
        commands.extend(constraint::of_new_column(part, &column, &members, context));
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

fn drop_column(name: String, command: &pg_sys::AlterTableCmd, context: &mut Context) -> AlterCommand {
    let objects: Vec<Object> = context
        .family
        .iter()
        .filter_map(|member| columns::named(*member, &name).map(|column| Object::column(*member, column.attnum)))
        .collect();
    dropped(Dropped::Column(name), &objects, command.behavior, context)
}

/// What goes with dropped parts of the target.
pub fn dropped(
    what: Dropped,
    objects: &[Object],
    behavior: pg_sys::DropBehavior::Type,
    context: &mut Context,
) -> AlterCommand {
    let deletion = dependencies::deletion(objects, behavior == pg_sys::DropBehavior::DROP_CASCADE);
    let (mut indexes, mut locked) = (vec![], vec![]);
    for oid in deletion.relations {
        match context.relations.kind(oid) {
            Some(kind) if kind.is_index() => indexes.push(oid),
            Some(_) => locked.push((oid, LockMode::AccessExclusive)),
            None => {}
        }
    }
    locked.extend(
        deletion
            .locked
            .into_iter()
            .filter(|(oid, _)| context.relations.load(*oid).is_some()),
    );
    AlterCommand::Drop { what, indexes, locked }
}

fn set_persistence(logged: bool, context: &mut Context) -> AlterCommand {
    let persistence = class_row(context.target).map_or(0, |row| row.letter("relpersistence"));
    let unchanged = if logged { b'p' } else { b'u' };
    if persistence == unchanged || persistence == b't' {
        return AlterCommand::CatalogOnly;
    }
    let why = if logged { RewriteBy::Logged } else { RewriteBy::Unlogged };
    let sequences = dependencies::owned_sequences(context.target);
    sequences.iter().for_each(|sequence| {
        context.relations.load(*sequence);
    });
    AlterCommand::Rewrite {
        why,
        relations: vec![context.target],
        sequences,
    }
}

fn set_access_method(name: &str, context: &mut Context) -> AlterCommand {
    let row = class_row(context.target);
    let name = if name.is_empty() {
        default_access_method()
    } else {
        name.to_owned()
    };
    let Ok(method_name) = std::ffi::CString::new(name.clone()) else {
        return AlterCommand::Unmodelled;
    };
    // SAFETY: a syscache look-up by name; raises the server's own error for a method that does not exist.
    let wanted = unsafe { pg_sys::get_table_am_oid(method_name.as_ptr(), false) }.to_u32();
    let storage = context
        .relations
        .kind(context.target)
        .is_some_and(RelationKind::has_rows);
    if !storage || row.is_some_and(|row| row.oid("relam") == wanted) {
        return AlterCommand::CatalogOnly;
    }
    AlterCommand::Rewrite {
        why: RewriteBy::AccessMethod(name),
        relations: vec![context.target],
        sequences: vec![],
    }
}

fn default_access_method() -> String {
    // SAFETY: a string setting of the server, never null.
    node::text(unsafe { pg_sys::default_table_access_method })
}

fn set_tablespace(name: String, context: &mut Context) -> AlterCommand {
    let Ok(tablespace) = std::ffi::CString::new(name.clone()) else {
        return AlterCommand::Unmodelled;
    };
    // SAFETY: a syscache look-up by name; raises the server's own error for a tablespace that does not exist.
    let wanted = unsafe { pg_sys::get_tablespace_oid(tablespace.as_ptr(), false) }.to_u32();
    // SAFETY: set when the session connected to its database.
    let of_database = unsafe { pg_sys::MyDatabaseTableSpace }.to_u32();
    let now = class_row(context.target).map_or(0, |row| row.oid("reltablespace"));
    let now = if now == 0 { of_database } else { now };
    let kind = context.relations.kind(context.target);
    let storage = kind.is_some_and(|kind| kind.has_rows() || kind == RelationKind::Index);
    if !storage || now == wanted {
        return AlterCommand::CatalogOnly;
    }
    AlterCommand::MoveFiles { tablespace: name }
}

#[cfg(any(feature = "pg17", feature = "pg18"))]
fn set_expression(name: String, context: &mut Context) -> AlterCommand {
    let stored: Vec<Oid> = context
        .family
        .iter()
        .copied()
        .filter(|member| columns::named(*member, &name).is_some_and(|column| column.generated == b's'))
        .collect();
    let relations = context.relations.with_rows(&stored);
    AlterCommand::Rewrite {
        why: RewriteBy::Expression(name),
        relations,
        sequences: vec![],
    }
}
