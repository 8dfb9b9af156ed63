//! What the subcommands of one ALTER TABLE share: the family they are carried to, and what one does to another.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use pgrx::pg_sys;
use pgrx::pg_sys::AlterTableType as At;

use super::added::{self, ByName};
use super::column_definition;
use super::columns;
use super::constraints::{self, Constraint, NotNull};
use super::deletion::{self, Deletion};
use super::dependencies::{self, Object, references};
use super::expressions::Conditions;
use super::oids::Oids;
use super::relations::{Relations, children};
use super::subcommands::{Subcommands, column_definition};
use crate::model::facts::{AlterCommand, Dropped};
use crate::model::lock_mode::LockMode;
use crate::model::relation::{Oid, RelationKind};
use crate::postgres::{catalog, node};

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
    /// What goes with columns and constraints that are dropped, once that was asked.
    pub gone: Option<Rc<Gone>>,
    /// Which columns of members have NOT NULL constraints.
    pub not_null: Rc<NotNull>,
    /// What is known of the rows of a member, once that was asked.
    pub conditions: BTreeMap<Oid, Rc<Conditions>>,
    /// The expressions of generated columns that subcommands drop, once that was asked.
    pub expressions_gone: Option<Vec<Object>>,
    /// The constraints that subcommands add, once that was asked.
    pub added: Option<Rc<ByName>>,
    /// The indexes of partitions that have become parts of one that a subcommand makes.
    pub indexes_taken_over: Oids,
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

/// What goes with the columns and constraints that a statement drops.
#[derive(Default)]
pub struct Gone {
    /// The tables that lose a column of a name.
    pub columns: BTreeMap<String, Rc<BTreeSet<Oid>>>,
    /// Of any kind, on any table.
    pub constraints: BTreeSet<Oid>,
    /// Indexes and sequences, above all.
    pub relations: BTreeSet<Oid>,
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

    /// The statement locks the children of those that lose something, whether or not they lose it, and with ONLY too:
    /// `ATExecDropColumn` and `ATExecDropConstraint` of `commands/tablecmds.c`.
    pub fn reach_below(&mut self, losing: impl IntoIterator<Item = Oid>) {
        for member in losing {
            self.reach(&children(member));
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

    /// What goes because subcommands drop columns and constraints: before anything else is done (`AT_PASS_DROP`).
    pub fn gone(&mut self) -> Rc<Gone> {
        if let Some(known) = &self.gone {
            return known.clone();
        }
        let mut gone = Gone::default();
        let columns = self.subcommands.of_kind(At::AT_DropColumn);
        let drops: Vec<_> = columns.chain(self.subcommands.of_kind(At::AT_DropConstraint)).collect();
        for command in drops {
            let name = node::text(command.name);
            let objects = if command.subtype == At::AT_DropColumn {
                columns_that_go(&name, self)
            } else {
                let constraints = constraints_that_go(&name, self).into_iter();
                constraints
                    .map(|constraint| Object::constraint(constraint.oid))
                    .collect()
            };
            let deletion = self.deletion(&objects, command);
            gone.constraints.extend(deletion.constraints);
            gone.relations.extend(deletion.relations);
            for column in deletion.columns {
                if let Some(name) = columns::name(column.oid, column.column as i16) {
                    Rc::make_mut(gone.columns.entry(name).or_default()).insert(column.oid);
                }
            }
        }
        let gone = Rc::new(gone);
        self.gone = Some(gone.clone());
        gone
    }

    /// What goes with these objects. Columns that another subcommand makes ordinary ones do not go with those that they were
    /// generated from: it comes before, or PostgreSQL does not find them.
    fn deletion(&mut self, objects: &[Object], command: &pg_sys::AlterTableCmd) -> Deletion {
        if self.expressions_gone.is_none() {
            let mut gone = vec![];
            for command in self.subcommands.of_kind(At::AT_DropExpression) {
                let column = node::text(command.name);
                gone.extend(self.family.iter().flat_map(|member| expressions_of(*member, &column)));
            }
            self.expressions_gone = Some(gone);
        }
        let gone = self.expressions_gone.as_deref().unwrap_or_default();
        let cascade = command.behavior == pg_sys::DropBehavior::DROP_CASCADE;
        deletion::deletion_after(gone, objects, cascade)
    }

    /// The constraints that subcommands add.
    pub fn added(&mut self) -> Rc<ByName> {
        let (target, subcommands) = (self.target, &self.subcommands);
        let known = self
            .added
            .get_or_insert_with(|| Rc::new(added::by_name(target, subcommands)));
        known.clone()
    }

    /// The constraint of this name that a member has, unless it goes.
    pub fn constraint_that_stays(&mut self, member: Oid, name: &str) -> Option<Constraint> {
        let gone = self.gone();
        constraints::named(member, name).filter(|constraint| !gone.constraints.contains(&constraint.oid))
    }

    /// What the validated CHECKs of a member that stay say of its rows.
    pub fn conditions(&mut self, member: Oid) -> Rc<Conditions> {
        if let Some(known) = self.conditions.get(&member) {
            return known.clone();
        }
        let gone = self.gone();
        let goes = |check: &str| {
            !gone.constraints.is_empty()
                && constraints::named(member, check).is_some_and(|check| gone.constraints.contains(&check.oid))
        };
        let conditions = Rc::new(Conditions::of(member, goes));
        self.conditions.insert(member, conditions.clone());
        conditions
    }

    /// The last subcommand that changes the type or the collation of this column.
    pub fn last_change_of_type(&self, column: &str) -> Option<&pg_sys::AlterTableCmd> {
        self.subcommands.named(At::AT_AlterColumnType, column).next_back()
    }

    /// Whether a subcommand is DROP IDENTITY of this column.
    pub fn drops_identity(&self, column: &str) -> bool {
        self.subcommands.names(At::AT_DropIdentity, column)
    }

    /// The sequences of columns of the target that cease to be identities.
    pub fn dropped_identities(&self) -> Vec<Oid> {
        let names = self
            .subcommands
            .of_kind(At::AT_DropIdentity)
            .map(|command| node::text(command.name));
        let columns = names.filter_map(|name| columns::named(self.target, &name));
        columns
            .filter_map(|column| dependencies::identity_sequence(self.target, column.attnum))
            .collect()
    }

    /// Whether a subcommand is DROP NOT NULL of this column.
    pub fn drops_not_null(&self, column: &str) -> bool {
        self.subcommands.names(At::AT_DropNotNull, column)
    }

    /// The tables that lose the column of this name, which may come back under it.
    pub fn losing_column(&mut self, name: &str) -> Rc<BTreeSet<Oid>> {
        self.gone().columns.get(name).cloned().unwrap_or_default()
    }

    /// Whether a subcommand adds the column of this name.
    pub fn adds_column(&self, name: &str) -> bool {
        self.subcommands.names(At::AT_AddColumn, name)
    }

    /// Whether it is added with NOT NULL, or what implies it.
    pub fn adds_not_null_column(&self, name: &str) -> bool {
        let mut added = self.subcommands.named(At::AT_AddColumn, name);
        added
            .find_map(column_definition)
            .is_some_and(column_definition::is_not_null)
    }
}

/// From how many parents a member has a column, if only from parents.
pub fn parents_of_column(member: Oid, column: &str) -> Option<i16> {
    columns::named(member, column)
        .filter(|column| !column.local)
        .map(|column| column.inherited)
}

/// The members that lose something the target loses: those that have it only from parents that lose it (`parents` tells
/// from how many).
pub fn inheriting(context: &Context, parents: impl Fn(Oid) -> Option<i16>) -> Vec<Oid> {
    let mut losing = vec![context.target];
    let mut losing_parents: BTreeMap<Oid, i16> = BTreeMap::new();
    let mut next = 0;
    while context.family.len() > 1 && next < losing.len() {
        let below = children(losing[next]);
        next += 1;
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
pub fn inheriting_constraint(constraint: &Constraint, context: &Context) -> Vec<Oid> {
    if constraint.no_inherit {
        return vec![constraint.table];
    }
    inheriting(context, |member| {
        constraints::same(member, constraint)
            .filter(|known| !known.local)
            .map(|known| known.inherited)
    })
}

/// The expression that a generated column of a table is made by.
fn expressions_of(table: Oid, column: &str) -> Vec<Object> {
    let column = columns::named(table, column).map(|column| Object::column(table, column.attnum));
    let found = column.map_or(vec![], references);
    found
        .into_iter()
        .map(|(object, _)| object)
        .filter(|object| object.class == catalog::ATTRIBUTE_DEFAULT.catalog())
        .filter(|object| deletion::table_of_part(*object) == Some(table))
        .collect()
}

/// The columns of members that go with one of the target; none if that has no such column, as with IF EXISTS.
pub fn columns_that_go(name: &str, context: &Context) -> Vec<Object> {
    if columns::named(context.target, name).is_none() {
        return vec![];
    }
    inheriting(context, |member| parents_of_column(member, name))
        .into_iter()
        .filter_map(|member| columns::named(member, name).map(|column| Object::column(member, column.attnum)))
        .collect()
}

/// The constraint of this name of the target, and those of members that go with it.
pub fn constraints_that_go(name: &str, context: &Context) -> Vec<Constraint> {
    let Some(constraint) = constraints::named(context.target, name) else {
        return vec![];
    };
    if !matches!(constraint.kind, b'c' | b'n') {
        return constraints::with_children(constraint);
    }
    let losing = inheriting_constraint(&constraint, context).into_iter();
    losing
        .filter_map(|member| constraints::same(member, &constraint))
        .collect()
}

/// What goes with dropped parts of the target.
pub fn dropped(
    what: Dropped,
    objects: &[Object],
    command: &pg_sys::AlterTableCmd,
    context: &mut Context,
) -> AlterCommand {
    let deletion = context.deletion(objects, command);
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
