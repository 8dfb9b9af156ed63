//! The subcommands of one ALTER TABLE, found by kind and name: what one does may spare or cost another.

use std::collections::BTreeMap;

use pgrx::pg_sys;
use pgrx::pg_sys::AlterTableType as At;

use crate::postgres::node;

type Command = pg_sys::AlterTableCmd;

/// All subcommands of a statement, and before them those of earlier statements on the table that have not run.
pub struct Subcommands<'a> {
    all: Vec<&'a Command>,
    /// How many of them are of earlier statements.
    earlier: usize,
    /// Where in `all` those of a kind are.
    by_kind: BTreeMap<At::Type, Vec<usize>>,
    /// Where those of a kind are that name something.
    by_name: BTreeMap<(At::Type, String), Vec<usize>>,
}

impl<'a> Subcommands<'a> {
    pub fn new(earlier: &[&'a Command], own: &[&'a Command]) -> Self {
        let mut new = Self {
            all: [earlier, own].concat(),
            earlier: earlier.len(),
            by_kind: BTreeMap::new(),
            by_name: BTreeMap::new(),
        };
        for (at, command) in new.all.iter().enumerate() {
            let kind = command.subtype;
            new.by_kind.entry(kind).or_default().push(at);
            new.by_name.entry((kind, name(command))).or_default().push(at);
        }
        new
    }

    /// Those of a kind.
    pub fn of_kind(&self, kind: At::Type) -> impl Iterator<Item = &'a Command> {
        let found = self.by_kind.get(&kind).into_iter().flatten();
        found.map(|at| self.all[*at])
    }

    /// Those of a kind that name something: their column or constraint; the empty name stands for none.
    pub fn named(&self, kind: At::Type, name: &str) -> impl DoubleEndedIterator<Item = &'a Command> {
        let found = self.by_name.get(&(kind, name.to_owned())).into_iter().flatten();
        found.map(|at| self.all[*at])
    }

    /// Whether there is one.
    pub fn names(&self, kind: At::Type, name: &str) -> bool {
        self.named(kind, name).next().is_some()
    }

    /// Those of a kind and name that are written before another one.
    #[cfg(feature = "pg18")]
    pub fn before(&self, command: &Command, kind: At::Type, named: &str) -> impl Iterator<Item = &'a Command> {
        let is_it = |at: &&usize| std::ptr::eq(self.all[**at], command);
        let place = self
            .by_name
            .get(&(command.subtype, name(command)))
            .and_then(|found| found.iter().find(is_it));
        let place = place.copied().unwrap_or(self.all.len());
        let found = self.by_name.get(&(kind, named.to_owned())).into_iter().flatten();
        found.take_while(move |at| **at < place).map(|at| self.all[*at])
    }

    /// The first of the statement's own.
    pub fn first_own(&self, kind: At::Type, name: &str) -> Option<&'a Command> {
        let found = self.by_name.get(&(kind, name.to_owned()))?;
        found.iter().find(|at| **at >= self.earlier).map(|at| self.all[*at])
    }
}

fn name(command: &Command) -> String {
    match command.subtype {
        At::AT_AddColumn => column_definition(command).map(|column| node::text(column.colname)),
        At::AT_AddConstraint => constraint(command).map(|part| node::text(part.conname)),
        At::AT_AlterConstraint => altered_constraint(command).map(|altered| node::text(altered.conname)),
        _ => Some(node::text(command.name)),
    }
    .unwrap_or_default()
}

/// The Constraint of a subcommand that has one.
pub fn constraint<'a>(command: &Command) -> Option<&'a pg_sys::Constraint> {
    node::cast(command.def, pg_sys::NodeTag::T_Constraint)
}

/// What ALTER CONSTRAINT says.
#[cfg(feature = "pg18")]
pub fn altered_constraint<'a>(command: &Command) -> Option<&'a pg_sys::ATAlterConstraint> {
    node::cast(command.def, pg_sys::NodeTag::T_ATAlterConstraint)
}

/// What ALTER CONSTRAINT says.
#[cfg(not(feature = "pg18"))]
pub fn altered_constraint<'a>(command: &Command) -> Option<&'a pg_sys::Constraint> {
    constraint(command)
}

/// The ColumnDef of a subcommand that has one.
pub fn column_definition<'a>(command: &pg_sys::AlterTableCmd) -> Option<&'a pg_sys::ColumnDef> {
    node::cast(command.def, pg_sys::NodeTag::T_ColumnDef)
}
