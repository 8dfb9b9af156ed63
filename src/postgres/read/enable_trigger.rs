//! ENABLE and DISABLE TRIGGER: what they are carried to; `EnableDisableTrigger` of `commands/trigger.c`.

use pgrx::pg_sys;
use pgrx::pg_sys::AlterTableType as At;
use pgrx::pg_sys::ConstrType::CONSTR_FOREIGN;

use super::added;
use super::constraints;
use super::context::Context;
use super::relations::children;
use crate::model::relation::Oid;
use crate::postgres::catalog::{self, Row, Value};
use crate::postgres::node;

/// Which triggers of a table are meant.
enum Chosen {
    Named(String),
    All,
    /// All but those of the server.
    Users,
    /// The copies of a trigger of the partitioned table above.
    CopiesOf(Oid),
}

/// The partitions that the subcommand locks: those below a table with a row trigger that is meant.
pub fn partitions(command: &pg_sys::AlterTableCmd, context: &mut Context) -> Vec<Oid> {
    let mut found = vec![];
    if context.family.len() > 1 {
        let (chosen, skip_internal) = match command.subtype {
            At::AT_EnableTrigAll | At::AT_DisableTrigAll => (Chosen::All, false),
            At::AT_EnableTrigUser | At::AT_DisableTrigUser => (Chosen::Users, true),
            _ => (Chosen::Named(node::text(command.name)), false),
        };
        below(context.target, &chosen, skip_internal, &mut found, context);
        if matches!(chosen, Chosen::All) {
            found.extend(with_new_triggers(context));
        }
    }
    found
}

/// The partitions that are reached because of triggers which the statement itself makes. Those of a foreign key are parts
/// of each other all the way down; those of a deferrable key are not.
fn with_new_triggers(context: &mut Context) -> Vec<Oid> {
    if !context.is_partitioned(context.target) {
        return vec![];
    }
    let added: Vec<_> = added::all(&context.subcommands).collect();
    if added
        .iter()
        .any(|added| added.part.contype == CONSTR_FOREIGN && constraints::is_enforced(added.part))
    {
        return context.family.clone();
    }
    if added.iter().any(|added| added.part.deferrable) {
        return children(context.target);
    }
    vec![]
}

fn below(table: Oid, chosen: &Chosen, skip_internal: bool, found: &mut Vec<Oid>, context: &mut Context) {
    if !context.is_partitioned(table) {
        return;
    }
    for trigger in catalog::rows(&catalog::TRIGGERS_OF_TABLE, &[Value::Oid(table)]) {
        let skipped = skip_internal && trigger.flag("tgisinternal") == Some(true);
        if skipped || !chosen.includes(&trigger) || trigger.int2("tgtype") & ROW == 0 {
            continue;
        }
        for partition in children(table) {
            found.push(partition);
            let copies = Chosen::CopiesOf(trigger.oid("oid"));
            below(partition, &copies, skip_internal, found, context);
        }
    }
}

/// `TRIGGER_TYPE_ROW` of `catalog/pg_trigger.h`.
const ROW: i16 = 1;

impl Chosen {
    fn includes(&self, trigger: &Row) -> bool {
        match self {
            Self::Named(name) => trigger.name("tgname") == *name,
            Self::All | Self::Users => true,
            Self::CopiesOf(parent) => trigger.oid("tgparentid") == *parent,
        }
    }
}
