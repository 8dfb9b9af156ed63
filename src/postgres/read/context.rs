//! What the subcommands of one ALTER TABLE share: the family they are carried to, and what one does to another.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use pgrx::pg_sys;
use pgrx::pg_sys::AlterTableType as At;

use super::columns;
use super::constraints;
use super::deletion;
use super::dependencies::Object;
use super::oids::Oids;
use super::relations::{Relations, children};
use crate::model::facts::{AlterCommand, Dropped};
use crate::model::lock_mode::LockMode;
use crate::model::relation::{Oid, RelationKind};
use crate::postgres::node;

/// What the subcommands of one ALTER TABLE share.
pub struct Context<'a> {
    pub relations: &'a mut Relations,
    pub target: Oid,
    /// The target, and what inherits from it unless ONLY is said.
    pub family: Vec<Oid>,
    pub lock: LockMode,
    /// What the statement takes its lock on: the target, and what subcommands recurse to.
    pub members: Oids,
    /// All subcommands, and before them those of earlier statements that have not run: what one does may spare or cost
    /// another.
    pub subcommands: Vec<&'a pg_sys::AlterTableCmd>,
    /// How many of them are of earlier statements.
    pub earlier: usize,
    /// What is known of rewrites before what depends on columns is made again.
    pub rewritten: Rewritten,
    /// Who loses which column, once that was asked.
    pub losing: BTreeMap<String, Rc<BTreeSet<Oid>>>,
}

/// Who is rewritten by the subcommands that `ATPrepCmd` finds to do so, wherever in the statement they are written.
#[derive(Clone, Copy, Default)]
pub struct Rewritten {
    /// Every member that has the column: by a change of type.
    pub all: bool,
    /// The target alone: by new storage.
    pub target: bool,
}

impl Context<'_> {
    /// Whether a relation is a partitioned table.
    pub fn is_partitioned(&mut self, oid: Oid) -> bool {
        self.relations.kind(oid) == Some(RelationKind::PartitionedTable)
    }

    /// The statement takes its lock on these.
    pub fn reach(&mut self, oids: &[Oid]) {
        for oid in oids {
            if !self.members.contains(*oid) && self.relations.load(*oid).is_some() {
                self.members.push(*oid);
            }
        }
    }

    /// The target and, unless ONLY is said, what inherits from it; not below those of which `stops` is true. They are
    /// locked.
    pub fn descend(&mut self, stops: impl Fn(Oid) -> bool) -> Vec<Oid> {
        let mut found = Oids::from_iter([self.target]);
        let mut next = 0;
        while self.family.len() > 1
            && let Some(member) = found.at(next)
        {
            if next == 0 || !stops(member) {
                found.extend(children(member));
            }
            next += 1;
        }
        let found = found.into_vec();
        self.reach(&found);
        found
    }

    /// The constraint that a subcommand of this statement adds under a name. One without a name gets its own from the
    /// server: a name that nothing else has is taken for it, because else there would be an error anyway.
    pub fn added_constraint(&self, name: &str) -> Option<&'static pg_sys::Constraint> {
        let added = || {
            self.subcommands
                .iter()
                .filter(|command| command.subtype == At::AT_AddConstraint)
                .filter_map(|command| node::cast::<pg_sys::Constraint>(command.def, pg_sys::NodeTag::T_Constraint))
        };
        let named = added().find(|part| node::text(part.conname) == name);
        named.or_else(|| added().find(|part| part.conname.is_null()))
    }

    /// Whether a subcommand drops the constraint of this name.
    pub fn drops_constraint(&self, name: &str) -> bool {
        self.subcommands
            .iter()
            .any(|command| command.subtype == At::AT_DropConstraint && node::text(command.name) == name)
    }

    /// The columns of the target that subcommands drop.
    pub fn dropped_columns(&self) -> Vec<i16> {
        let drops = self
            .subcommands
            .iter()
            .filter(|command| command.subtype == At::AT_DropColumn);
        drops
            .filter_map(|command| columns::named(self.target, &node::text(command.name)))
            .map(|column| column.attnum)
            .collect()
    }

    /// The CHECKs and foreign keys that go with a column of a member which subcommands drop.
    pub fn lost_with_columns(&mut self, member: Oid) -> Vec<String> {
        let drops = self
            .subcommands
            .iter()
            .filter(|command| command.subtype == At::AT_DropColumn);
        let names: Vec<String> = drops.map(|command| node::text(command.name)).collect();
        let columns: Vec<i16> = names
            .iter()
            .filter(|name| self.losing_column(name).contains(&member))
            .filter_map(|name| columns::named(member, name))
            .map(|column| column.attnum)
            .collect();
        if columns.is_empty() {
            return vec![];
        }
        let lost = constraints::of_table(member).into_iter().filter(|constraint| {
            matches!(constraint.kind, b'c' | b'f') && constraint.columns.iter().any(|column| columns.contains(column))
        });
        lost.map(|constraint| constraint.name).collect()
    }

    /// Whether a subcommand is DROP NOT NULL of this column.
    pub fn drops_not_null(&self, column: &str) -> bool {
        self.subcommands
            .iter()
            .any(|command| command.subtype == At::AT_DropNotNull && node::text(command.name) == column)
    }

    /// The members that lose the column of this name, which may come back under it.
    pub fn losing_column(&mut self, name: &str) -> Rc<BTreeSet<Oid>> {
        if let Some(known) = self.losing.get(name) {
            return known.clone();
        }
        let dropped = self
            .subcommands
            .iter()
            .any(|command| command.subtype == At::AT_DropColumn && node::text(command.name) == name);
        let mut losing = vec![];
        if dropped {
            losing = inheriting(self, |member| parents_of_column(member, name));
        }
        let losing = Rc::new(BTreeSet::from_iter(losing));
        self.losing.insert(name.to_owned(), losing.clone());
        losing
    }

    /// Whether a subcommand adds the column of this name.
    pub fn adds_column(&self, name: &str) -> bool {
        self.added_column(name).is_some()
    }

    /// Whether it is added with NOT NULL.
    pub fn adds_not_null_column(&self, name: &str) -> bool {
        let constraints = self
            .added_column(name)
            .map_or(vec![], |added| node::list(added.constraints));
        constraints
            .into_iter()
            .filter_map(|part| node::cast::<pg_sys::Constraint>(part, pg_sys::NodeTag::T_Constraint))
            .any(|part| part.contype == pg_sys::ConstrType::CONSTR_NOTNULL)
    }

    fn added_column(&self, name: &str) -> Option<&pg_sys::ColumnDef> {
        self.subcommands
            .iter()
            .filter(|command| command.subtype == At::AT_AddColumn)
            .filter_map(|command| column_definition(command))
            .find(|definition| node::text(definition.colname) == name)
    }
}

/// The ColumnDef of a subcommand that has one.
pub fn column_definition<'a>(command: &pg_sys::AlterTableCmd) -> Option<&'a pg_sys::ColumnDef> {
    node::cast(command.def, pg_sys::NodeTag::T_ColumnDef)
}

/// From how many parents a member has a column, if only from parents.
pub fn parents_of_column(member: Oid, column: &str) -> Option<i16> {
    columns::named(member, column)
        .filter(|column| !column.local)
        .map(|column| column.inherited)
}

/// The members that lose something the target loses: those that have it only from parents that lose it (`parents` tells
/// from how many). Their children are locked whether or not they lose it, and with ONLY too: `ATExecDropColumn` and
/// `ATExecDropConstraint` of `commands/tablecmds.c`.
pub fn inheriting(context: &mut Context, parents: impl Fn(Oid) -> Option<i16>) -> Vec<Oid> {
    let mut losing = vec![context.target];
    let mut losing_parents: BTreeMap<Oid, i16> = BTreeMap::new();
    let mut next = 0;
    while next < losing.len() {
        let below = children(losing[next]);
        context.reach(&below);
        next += 1;
        if context.family.len() == 1 {
            continue;
        }
        for child in below {
            let lost = losing_parents.entry(child).or_default();
            *lost += 1;
            if parents(child) == Some(*lost) {
                losing.push(child);
            }
        }
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
    let deletion = deletion::deletion(objects, behavior == pg_sys::DropBehavior::DROP_CASCADE);
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
