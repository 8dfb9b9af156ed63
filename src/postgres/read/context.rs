//! What the subcommands of one ALTER TABLE share: the family they are carried to, and what one does to another.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use pgrx::pg_sys;
use pgrx::pg_sys::AlterTableType as At;

use super::columns;
use super::constraints::{self, Constraint, NotNull};
use super::deletion;
use super::dependencies::Object;
use super::expressions::Conditions;
use super::oids::Oids;
use super::relations::{Relations, children};
use super::subcommands::{Subcommands, column_definition, constraint};
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
    pub subcommands: Subcommands<'a>,
    /// What is known of rewrites before what depends on columns is made again.
    pub rewritten: Rewritten,
    /// Who loses which column, once that was asked.
    pub losing: BTreeMap<String, Rc<BTreeSet<Oid>>>,
    /// What goes with the columns that a member loses, once that was asked.
    pub lost: BTreeMap<Oid, Rc<BTreeSet<String>>>,
    /// Which columns of members have NOT NULL constraints.
    pub not_null: Rc<NotNull>,
    /// What is known of the rows of a member, once that was asked.
    pub conditions: BTreeMap<Oid, Rc<Conditions>>,
    /// Who loses which constraint, once that was asked.
    pub losing_constraint: BTreeMap<String, Rc<BTreeSet<Oid>>>,
    /// The foreign keys of partitions that have become parts of one that a subcommand adds, and of which.
    pub taken_over: BTreeMap<Oid, *const pg_sys::Constraint>,
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
        let added = |name| self.subcommands.named(At::AT_AddConstraint, name).find_map(constraint);
        added(name).or_else(|| added(""))
    }

    /// Whether a subcommand drops the constraint of this name.
    pub fn drops_constraint(&self, name: &str) -> bool {
        self.subcommands.names(At::AT_DropConstraint, name)
    }

    /// The columns of the target that subcommands drop.
    pub fn dropped_columns(&self) -> Vec<i16> {
        self.subcommands
            .of_kind(At::AT_DropColumn)
            .filter_map(|command| columns::named(self.target, &node::text(command.name)))
            .map(|column| column.attnum)
            .collect()
    }

    /// The CHECKs and foreign keys that go with a column of a member which subcommands drop.
    pub fn lost_with_columns(&mut self, member: Oid) -> Rc<BTreeSet<String>> {
        if let Some(known) = self.lost.get(&member) {
            return known.clone();
        }
        let drops = self.subcommands.of_kind(At::AT_DropColumn);
        let names: Vec<String> = drops.map(|command| node::text(command.name)).collect();
        let columns: Vec<i16> = names
            .iter()
            .filter(|name| self.losing_column(name).contains(&member))
            .filter_map(|name| columns::named(member, name))
            .map(|column| column.attnum)
            .collect();
        let mut lost = BTreeSet::new();
        if !columns.is_empty() {
            let on_them = constraints::of_table(member).into_iter().filter(|constraint| {
                matches!(constraint.kind, b'c' | b'f')
                    && constraint.columns.iter().any(|column| columns.contains(column))
            });
            lost.extend(on_them.map(|constraint| constraint.name));
        }
        let lost = Rc::new(lost);
        self.lost.insert(member, lost.clone());
        lost
    }

    /// What the validated CHECKs of a member that stay say of its rows.
    pub fn conditions(&mut self, member: Oid) -> Rc<Conditions> {
        if let Some(known) = self.conditions.get(&member) {
            return known.clone();
        }
        let lost = self.lost_with_columns(member);
        let conditions = Rc::new(Conditions::of(member, |check| {
            lost.contains(check) || self.losing_constraint(check).contains(&member)
        }));
        self.conditions.insert(member, conditions.clone());
        conditions
    }

    /// The members that lose the constraint of this name by DROP CONSTRAINT.
    pub fn losing_constraint(&mut self, name: &str) -> Rc<BTreeSet<Oid>> {
        if let Some(known) = self.losing_constraint.get(name) {
            return known.clone();
        }
        let drops = self.drops_constraint(name);
        let dropped = drops.then(|| constraints::named(self.target, name)).flatten();
        let losing = dropped.map_or(vec![], |dropped| inheriting_constraint(&dropped, self));
        let losing = Rc::new(BTreeSet::from_iter(losing));
        self.losing_constraint.insert(name.to_owned(), losing.clone());
        losing
    }

    /// The last subcommand that changes the type or the collation of this column.
    pub fn last_change_of_type(&self, column: &str) -> Option<&pg_sys::AlterTableCmd> {
        self.subcommands.named(At::AT_AlterColumnType, column).next_back()
    }

    /// Whether a subcommand is DROP IDENTITY of this column.
    pub fn drops_identity(&self, column: &str) -> bool {
        self.subcommands.names(At::AT_DropIdentity, column)
    }

    /// Whether a subcommand is DROP NOT NULL of this column.
    pub fn drops_not_null(&self, column: &str) -> bool {
        self.subcommands.names(At::AT_DropNotNull, column)
    }

    /// The members that lose the column of this name, which may come back under it.
    pub fn losing_column(&mut self, name: &str) -> Rc<BTreeSet<Oid>> {
        if let Some(known) = self.losing.get(name) {
            return known.clone();
        }
        let mut losing = vec![];
        if self.subcommands.names(At::AT_DropColumn, name) {
            losing = inheriting(self, |member| parents_of_column(member, name));
        }
        let losing = Rc::new(BTreeSet::from_iter(losing));
        self.losing.insert(name.to_owned(), losing.clone());
        losing
    }

    /// Whether a subcommand adds the column of this name.
    pub fn adds_column(&self, name: &str) -> bool {
        self.subcommands.names(At::AT_AddColumn, name)
    }

    /// Whether it is added with NOT NULL.
    pub fn adds_not_null_column(&self, name: &str) -> bool {
        let mut added = self.subcommands.named(At::AT_AddColumn, name);
        let constraints = added
            .find_map(column_definition)
            .map_or(vec![], |added| node::list(added.constraints));
        constraints
            .into_iter()
            .filter_map(|part| node::cast::<pg_sys::Constraint>(part, pg_sys::NodeTag::T_Constraint))
            .any(|part| part.contype == pg_sys::ConstrType::CONSTR_NOTNULL)
    }
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

/// The members that lose a NOT NULL constraint or CHECK with the target.
pub fn inheriting_constraint(constraint: &Constraint, context: &mut Context) -> Vec<Oid> {
    if constraint.no_inherit {
        return vec![constraint.table];
    }
    inheriting(context, |member| {
        constraints::same(member, constraint)
            .filter(|known| !known.local)
            .map(|known| known.inherited)
    })
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
