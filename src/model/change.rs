//! Rows that a statement changes, as its plan expects it.

use super::relation::Oid;

/// One UPDATE, DELETE or MERGE: the statement itself, or a part of its WITH clause.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The table that it names; of a view, the table behind it.
    pub relation: Oid,
    /// What it does.
    pub verb: Verb,
    /// So many rows it is expected to change.
    pub rows: i64,
    /// No WHERE was written, and nothing else in the plan leaves a row out.
    pub unconditional: bool,
    /// Its own text, where the table is named in it.
    pub written: Option<Written>,
    /// The columns of the table's primary key.
    pub key: Vec<String>,
    /// So many rows at once would be let pass.
    pub batch: i64,
}

/// What is done to rows that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// UPDATE
    Update,
    /// DELETE
    Delete,
    /// MERGE that may do either
    Merge,
}

/// A change as its author wrote it.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// From the name of the table on.
    pub text: String,
    /// What stands for the name of the table in it.
    pub alias: Option<String>,
    /// Other tables take part, by FROM, USING or WITH.
    pub joins: bool,
    /// ONLY, of a table that has children.
    pub only: bool,
    /// It stands in the WITH clause of another statement.
    pub inside: bool,
    /// It was run with values from outside, for `$1` or for variables of a function.
    pub parameters: bool,
}
