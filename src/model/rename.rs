//! RENAME and SET SCHEMA: names that change while what they stand for stays.

use super::lock_mode::LockMode;
use super::relation::Oid;

/// RENAME, SET SCHEMA, and OWNER TO of types
#[derive(Clone, Debug)]
pub struct Rename {
    /// What gets another name.
    pub what: Renamed,
    /// What is locked, the relation named first.
    pub locked: Vec<(Oid, LockMode)>,
}

/// What gets another name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Renamed {
    /// A relation that queries name.
    Relation(NewName),
    /// A column of one, or an attribute of a composite type: its old name and its new one.
    Column(String, String),
    /// Something that no query names: an index, a constraint, a trigger, a rule, a policy.
    Part,
}

/// What a relation is called afterwards; `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewName {
    /// Its schema.
    pub schema: Option<String>,
    /// Its own name.
    pub name: Option<String>,
}
