//! Constraints, as `pg_constraint` keeps them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::CString;
use std::rc::Rc;

use pgrx::pg_sys;

use super::columns::{self, Column};
use super::dependencies::{Object, references};
use crate::model::relation::Oid;
use crate::postgres::catalog::{self, Row, Value};
use crate::postgres::{encoding, node, version};

/// One constraint.
pub struct Constraint {
    pub oid: Oid,
    pub name: String,
    /// `c` check, `f` foreign key, `n` not null (18), `p` primary key, `u` unique, `x` exclusion
    pub kind: u8,
    pub table: Oid,
    pub index: Oid,
    pub referenced: Oid,
    pub validated: bool,
    pub enforced: bool,
    pub columns: Vec<i16>,
    /// Not carried to children.
    pub no_inherit: bool,
    /// Parents it is inherited from.
    pub inherited: i16,
    /// Defined here too.
    pub local: bool,
    /// The constraint of the partitioned table that this one is a part of.
    pub parent: Oid,
    /// The row, for what only some constraints have.
    pub row: Row,
}

impl Constraint {
    fn from_row(row: Row) -> Self {
        Self {
            oid: row.oid("oid"),
            name: row.name("conname"),
            kind: row.letter("contype"),
            table: row.oid("conrelid"),
            index: row.oid("conindid"),
            referenced: row.oid("confrelid"),
            validated: row.flag("convalidated").unwrap_or(true),
            // Before 18 every constraint is enforced.
            enforced: row.flag("conenforced").unwrap_or(true),
            columns: row.attnums("conkey"),
            no_inherit: row.flag("connoinherit").unwrap_or(false),
            inherited: row.int2("coninhcount"),
            local: row.flag("conislocal").unwrap_or(false),
            parent: row.oid("conparentid"),
            row,
        }
    }
}

/// All constraints of a table.
pub fn of_table(table: Oid) -> Vec<Constraint> {
    rows_of(table).map(Constraint::from_row).collect()
}

fn rows_of(table: Oid) -> impl Iterator<Item = Row> {
    catalog::rows(&catalog::CONSTRAINTS_OF_TABLE, &[Value::Oid(table)]).into_iter()
}

/// A table's constraint of this name.
pub fn named(table: Oid, name: &str) -> Option<Constraint> {
    let row = match encoding::as_stored(name) {
        Some(name) => {
            let values = [Value::Oid(table), Value::Oid(0), Value::Name(name)];
            catalog::rows(&catalog::CONSTRAINTS_OF_TABLE, &values)
                .into_iter()
                .next()
        }
        None => rows_of(table).find(|row| row.name("conname") == name),
    };
    row.map(Constraint::from_row)
}

/// Whether a relation has a constraint of this name, or its schema a relation.
pub fn is_name_taken(relation: Oid, name: &str) -> bool {
    let Ok(as_text) = CString::new(name) else { return false };
    // SAFETY: look-ups of the catalog inside a transaction; the name ends with NUL.
    let homonym = unsafe { pg_sys::get_relname_relid(as_text.as_ptr(), pg_sys::get_rel_namespace(relation.into())) };
    homonym != pg_sys::InvalidOid || named(relation, name).is_some()
}

/// A constraint that is NOT VALID and says that a column is NOT NULL, and whether it is a CHECK.
pub fn not_null_to_validate(table: Oid, name: &str) -> Option<(String, bool)> {
    let column = columns::named(table, name)?;
    let as_check = format!("CHECK (({name} IS NOT NULL))");
    let says_so = |constraint: &&Constraint| match constraint.kind {
        b'n' => constraint.columns == [column.attnum],
        b'c' => {
            constraint.inherited == 0
                && constraint.columns == [column.attnum]
                && definition(constraint).replace('"', "") == as_check
        }
        _ => false,
    };
    let constraints = of_table(table);
    let begun = constraints.iter().filter(|constraint| !constraint.validated);
    // From 18 on, SET NOT NULL validates the constraint of the column, without a look at any CHECK.
    let found = begun.filter(says_so).max_by_key(|constraint| constraint.kind)?;
    Some((found.name.clone(), found.kind == b'c'))
}

/// The constraint that an index of a table belongs to: `get_relation_idx_constraint_oid` of `catalog/pg_constraint.c`.
pub fn of_index(table: Oid, index: Oid) -> Option<Constraint> {
    of_table(table)
        .into_iter()
        .find(|constraint| constraint.index == index && matches!(constraint.kind, b'p' | b'u' | b'x'))
}

/// The constraint of this oid.
pub fn by_oid(oid: Oid) -> Option<Constraint> {
    catalog::row(&catalog::CONSTRAINT, oid).map(Constraint::from_row)
}

/// The copies of a constraint that partitions have.
pub fn children(parent: Oid) -> Vec<Constraint> {
    catalog::rows(&catalog::CONSTRAINTS_OF_PARENT, &[Value::Oid(parent)])
        .into_iter()
        .map(Constraint::from_row)
        .collect()
}

/// 18: the NOT NULL constraint of a column.
fn not_null_of(table: Oid, column: &Column) -> Option<Constraint> {
    not_null(table).find(|constraint| constraint.columns.first() == Some(&column.attnum))
}

fn not_null(table: Oid) -> impl Iterator<Item = Constraint> {
    rows_of(table)
        .filter(|row| row.letter("contype") == b'n')
        .map(Constraint::from_row)
}

/// 18: the NOT NULL constraints of tables. A statement that speaks of many columns asks for them again and again.
#[derive(Default)]
pub struct NotNull(RefCell<BTreeMap<Oid, BTreeMap<i16, Rc<Constraint>>>>);

impl NotNull {
    /// The one of a column.
    pub fn of(&self, table: Oid, column: &Column) -> Option<Rc<Constraint>> {
        if version::major() < 18 {
            return None;
        }
        let mut known = self.0.borrow_mut();
        let of_table = known.entry(table).or_insert_with(|| {
            let with_column = |found: Constraint| Some((*found.columns.first()?, Rc::new(found)));
            not_null(table).filter_map(with_column).collect()
        });
        of_table.get(&column.attnum).cloned()
    }

    /// Whether a column has one, valid or not.
    pub fn exists(&self, table: Oid, name: &str) -> bool {
        columns::named(table, name).is_some_and(|column| self.of(table, &column).is_some())
    }
}

/// The constraint of a member that a constraint of the target became by inheritance; NOT NULL goes by its column.
pub fn same(member: Oid, of_target: &Constraint) -> Option<Constraint> {
    if of_target.kind != b'n' || member == of_target.table {
        return named(member, &of_target.name);
    }
    let attnum = of_target.columns.first()?;
    let column = columns::of_table(of_target.table)
        .into_iter()
        .find(|column| column.attnum == *attnum)?;
    not_null_of(member, &columns::named(member, &column.name)?)
}

/// A constraint and those that partitions have as parts of it.
pub fn with_children(constraint: Constraint) -> Vec<Constraint> {
    let mut all = vec![constraint];
    let mut next = 0;
    while next < all.len() {
        let parent = all[next].oid;
        all.extend(children(parent));
        next += 1;
    }
    all
}

/// The tables whose part of a constraint is not valid.
pub fn not_valid(constraint: Constraint) -> Vec<Oid> {
    let parts = with_children(constraint).into_iter();
    parts.filter(|part| !part.validated).map(|part| part.table).collect()
}

/// Whether the rows that are there are held against a constraint that is being added.
pub fn checked_now(part: &pg_sys::Constraint) -> bool {
    !part.skip_validation && is_enforced(part)
}

/// Whether a constraint that is being added is ENFORCED.
#[cfg(feature = "pg18")]
pub fn is_enforced(part: &pg_sys::Constraint) -> bool {
    part.is_enforced
}

/// Before 18 every constraint is.
#[cfg(not(feature = "pg18"))]
pub fn is_enforced(_part: &pg_sys::Constraint) -> bool {
    true
}

/// The foreign keys to this table, those of partitions of either end included.
pub fn referring_to(referenced: Oid) -> Vec<Constraint> {
    let mut found: Vec<Constraint> = references(Object::relation(referenced))
        .into_iter()
        .filter(|(object, _)| object.class == catalog::CONSTRAINT.catalog())
        .map(|(object, _)| object.oid)
        .collect::<BTreeSet<Oid>>()
        .into_iter()
        .filter_map(by_oid)
        .collect();
    found.retain(|constraint| constraint.kind == b'f' && constraint.referenced == referenced);
    found
}

/// The definition of a constraint: what follows its name in ADD CONSTRAINT.
pub fn definition(constraint: &Constraint) -> String {
    // SAFETY: a palloc'd string about an existing constraint: `ALTER TABLE t ADD CONSTRAINT name definition`.
    let (command, name) = unsafe {
        (
            node::text(pg_sys::pg_get_constraintdef_command(constraint.oid.into())),
            node::text(pg_sys::quote_identifier(row_name(constraint).as_ptr())),
        )
    };
    let before = format!(" ADD CONSTRAINT {name} ");
    let definition = command.split_once(&before).map_or("", |(_, definition)| definition);
    definition.trim_end_matches(" NOT VALID").to_owned()
}

fn row_name(constraint: &Constraint) -> CString {
    CString::new(constraint.name.as_str()).unwrap_or_default()
}
