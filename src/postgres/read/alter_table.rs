//! ALTER TABLE: the subcommands, the tables they recurse to, and the facts of each.

use pgrx::pg_sys;
use pgrx::pg_sys::AlterTableType as At;

use super::column_type;
use super::columns;
use super::constraint;
use super::dependencies::{self, Object};
use super::expressions;
use super::relations::{Relations, children, class_row, resolve};
use crate::model::facts::{AddColumn, AlterCommand, AlterTable, Dropped, NewColumnValue, Oid, RewriteBy, Statement};
use crate::model::lock_mode::LockMode;
use crate::model::relation::RelationKind;
use crate::postgres::{node, version};

/// What the subcommands of one ALTER TABLE share.
pub struct Context<'a> {
    pub relations: &'a mut Relations,
    pub target: Oid,
    /// The target, and what inherits from it unless ONLY is said.
    pub family: Vec<Oid>,
    pub lock: LockMode,
    /// What the statement takes its lock on: the target, and what subcommands recurse to.
    pub members: Vec<Oid>,
    /// All subcommands: what one does may spare or cost another.
    pub subcommands: Vec<&'a pg_sys::AlterTableCmd>,
}

impl Context<'_> {
    /// The statement takes its lock on these.
    pub fn reach(&mut self, oids: &[Oid]) {
        for oid in oids {
            if !self.members.contains(oid) && self.relations.load(*oid).is_some() {
                self.members.push(*oid);
            }
        }
    }

    /// The target and, unless ONLY is said, what inherits from it; not below those of which `stops` is true. They are
    /// locked.
    pub fn descend(&mut self, stops: impl Fn(Oid) -> bool) -> Vec<Oid> {
        let mut found = vec![self.target];
        let mut next = 0;
        while self.family.len() > 1 && next < found.len() {
            let below = if next > 0 && stops(found[next]) {
                vec![]
            } else {
                children(found[next])
            };
            for child in below {
                if !found.contains(&child) {
                    found.push(child);
                }
            }
            next += 1;
        }
        self.reach(&found);
        found
    }

    /// The CHECK that a subcommand of this statement adds under a name.
    pub fn added_constraint(&self, name: &str) -> Option<&'static pg_sys::Constraint> {
        self.subcommands
            .iter()
            .filter(|command| command.subtype == At::AT_AddConstraint)
            .filter_map(|command| node::cast::<pg_sys::Constraint>(command.def, pg_sys::NodeTag::T_Constraint))
            .find(|part| node::text(part.conname) == name)
    }

    /// Whether a subcommand drops the constraint of this name.
    pub fn drops_constraint(&self, name: &str) -> bool {
        self.subcommands
            .iter()
            .any(|command| command.subtype == At::AT_DropConstraint && node::text(command.name) == name)
    }

    /// Whether a subcommand adds the column of this name.
    pub fn adds_column(&self, name: &str) -> bool {
        self.subcommands.iter().any(|command| {
            command.subtype == At::AT_AddColumn
                && column_definition(command).is_some_and(|definition| node::text(definition.colname) == name)
        })
    }
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
    let mut context = Context {
        relations,
        target,
        family,
        lock,
        members: vec![target],
        subcommands: subcommands.clone(),
    };
    let mut commands = vec![];
    for command in subcommands {
        if recurses(command, &mut context) {
            let family = context.family.clone();
            context.reach(&family);
        }
        commands.extend(self::command(command, &mut context));
    }
    Statement::AlterTable(AlterTable {
        target,
        lock,
        members: context.members,
        commands,
    })
}

/// Whether the subcommand is carried to partitions and inheriting tables: `ATPrepCmd` of `commands/tablecmds.c`.
fn recurses(command: &pg_sys::AlterTableCmd, context: &mut Context) -> bool {
    match command.subtype {
        At::AT_DropNotNull => version::major() < 18,
        At::AT_ColumnDefault
        | At::AT_DropExpression
        | At::AT_SetStatistics
        | At::AT_SetStorage
        | At::AT_AlterColumnType => true,
        At::AT_AlterConstraint => context.relations.kind(context.target) == Some(RelationKind::PartitionedTable),
        #[cfg(any(feature = "pg17", feature = "pg18"))]
        At::AT_SetExpression | At::AT_AddIdentity | At::AT_SetIdentity | At::AT_DropIdentity => true,
        At::AT_AddConstraint => constraint::recurses(command, context),
        // The others see to it themselves.
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

fn command(command: &pg_sys::AlterTableCmd, context: &mut Context) -> Vec<AlterCommand> {
    let name = node::text(command.name);
    match command.subtype {
        At::AT_AddColumn => add_column(command, context),
        At::AT_AlterColumnType => vec![column_type::read(command, &name, context)],
        At::AT_SetNotNull => vec![constraint::set_not_null(name, context)],
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
        At::AT_ClusterOn => vec![index_locked(&name, context.lock, context)],
        At::AT_ReplicaIdentity => vec![replica_identity(command, context)],
        At::AT_AttachPartition if is_index(context) => vec![attach_index(command, context)],
        At::AT_SetIdentity | At::AT_DropIdentity => vec![identity(command, &name, context)],
        At::AT_AddIdentity => vec![AlterCommand::CatalogOnly],
        At::AT_AlterConstraint => vec![constraint::alter(command, context)],
        At::AT_DropNotNull => vec![constraint::drop_not_null(&name, context)],
        At::AT_ColumnDefault
        | At::AT_DropExpression
        | At::AT_SetStatistics
        | At::AT_SetOptions
        | At::AT_ResetOptions
        | At::AT_SetStorage
        | At::AT_SetCompression
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
    let not_null =
        serial || identity.is_some() || primary.is_some() || part(pg_sys::ConstrType::CONSTR_NOTNULL).is_some();
    // A child that has the column already is left alone, and with it what is below.
    let mut members = context.descend(|member| columns::named(member, &column).is_some());
    members.retain(|member| *member == context.target || columns::named(*member, &column).is_none());
    let merged = if not_null && version::major() >= 18 {
        // NOT NULL is a constraint of its own, and goes further than the column.
        let family = context.family.clone();
        context.reach(&family);
        let others: Vec<Oid> = family.into_iter().filter(|member| !members.contains(member)).collect();
        constraint::unproved(&column, &others, context)
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
    for part in parts {
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

fn drop_column(name: String, command: &pg_sys::AlterTableCmd, context: &mut Context) -> AlterCommand {
    let objects: Vec<Object> = inheriting(context, |member| {
        columns::named(member, &name).is_some_and(|column| column.inherited == 1 && !column.local)
    })
    .into_iter()
    .filter_map(|member| columns::named(member, &name).map(|column| Object::column(member, column.attnum)))
    .collect();
    dropped(Dropped::Column(name), &objects, command.behavior, context)
}

/// The members that lose something the target loses: those that have it only from there. Their children are locked
/// whether or not they lose it, and with ONLY too: `ATExecDropColumn` and `ATExecDropConstraint` of
/// `commands/tablecmds.c`.
pub fn inheriting(context: &mut Context, goes_along: impl Fn(Oid) -> bool) -> Vec<Oid> {
    let mut losing = vec![context.target];
    let mut next = 0;
    while next < losing.len() {
        let below = children(losing[next]);
        context.reach(&below);
        if context.family.len() > 1 {
            losing.extend(below.into_iter().filter(|child| goes_along(*child)));
        }
        next += 1;
    }
    losing
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
    let why = if logged {
        RewriteBy::SetLogged
    } else {
        RewriteBy::SetUnlogged
    };
    if context.relations.with_rows(&[context.target]).is_empty() && !is_sequence(context) {
        return AlterCommand::CatalogOnly;
    }
    let sequences = if is_sequence(context) {
        vec![context.target]
    } else {
        dependencies::owned_sequences(context.target)
    };
    sequences.iter().for_each(|sequence| {
        context.relations.load(*sequence);
    });
    AlterCommand::Rewrite {
        why,
        relations: context.relations.with_rows(&[context.target]),
        sequences,
    }
}

fn is_sequence(context: &mut Context) -> bool {
    context.relations.kind(context.target) == Some(RelationKind::Sequence)
}

fn is_index(context: &mut Context) -> bool {
    context
        .relations
        .kind(context.target)
        .is_some_and(RelationKind::is_index)
}

/// A subcommand that names an index of the target and locks it.
fn index_locked(name: &str, lock: LockMode, context: &mut Context) -> AlterCommand {
    constraint::index_of(context, name).map_or(AlterCommand::CatalogOnly, |index| {
        AlterCommand::Locks(vec![(index, lock)])
    })
}

fn replica_identity(command: &pg_sys::AlterTableCmd, context: &mut Context) -> AlterCommand {
    node::cast::<pg_sys::ReplicaIdentityStmt>(command.def, pg_sys::NodeTag::T_ReplicaIdentityStmt)
        .map_or(AlterCommand::CatalogOnly, |identity| {
            index_locked(&node::text(identity.name), LockMode::Share, context)
        })
}

/// ALTER INDEX … ATTACH PARTITION: `ATExecAttachPartitionIdx` of `commands/tablecmds.c`.
fn attach_index(command: &pg_sys::AlterTableCmd, context: &mut Context) -> AlterCommand {
    node::cast::<pg_sys::PartitionCmd>(command.def, pg_sys::NodeTag::T_PartitionCmd)
        .and_then(|partition| resolve(partition.name))
        .filter(|index| context.relations.load(*index).is_some())
        .map_or(AlterCommand::Unmodelled, |index| {
            AlterCommand::Locks(vec![(index, LockMode::AccessExclusive)])
        })
}

/// SET and DROP of an identity column's properties, whose sequence is altered (`AlterSequence` of `commands/sequence.c`)
/// or dropped.
fn identity(command: &pg_sys::AlterTableCmd, column: &str, context: &mut Context) -> AlterCommand {
    let Some(sequence) = columns::named(context.target, column)
        .and_then(|column| dependencies::identity_sequence(context.target, column.attnum))
        .filter(|sequence| context.relations.load(*sequence).is_some())
    else {
        return AlterCommand::CatalogOnly;
    };
    if command.subtype == At::AT_DropIdentity {
        return AlterCommand::Locks(vec![(sequence, LockMode::AccessExclusive)]);
    }
    let options: Vec<String> = node::list(command.def.cast())
        .into_iter()
        .filter_map(|option| node::cast::<pg_sys::DefElem>(option, pg_sys::NodeTag::T_DefElem))
        .map(|option| node::text(option.defname))
        .filter(|option| option != "generated")
        .collect();
    AlterCommand::AlterSequence {
        sequence,
        rewrites: !options.is_empty() && !options.iter().any(|option| option == "restart"),
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
        why: RewriteBy::SetAccessMethod(name),
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
    if relations.is_empty() {
        // A virtual column: rows are looked at only where it may not be null.
        let mut unproved = context.family.clone();
        unproved.retain(|member| columns::named(*member, &name).is_some_and(|column| column.not_null));
        return AlterCommand::SetNotNull {
            column: name,
            unproved: context.relations.with_rows(&unproved),
        };
    }
    AlterCommand::Rewrite {
        why: RewriteBy::SetExpression(name),
        relations,
        sequences: vec![],
    }
}
