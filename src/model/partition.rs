//! Facts about a table that becomes a partition, or ceases to be one, and why that costs work.

use super::lock_mode::LockMode;
use super::relation::{IndexConstraint, Oid};
use super::rule::Rule;

/// A partition that a partitioned table gets: CREATE TABLE … PARTITION OF, ATTACH PARTITION.
#[derive(Clone, Debug)]
pub struct NewPartition {
    /// The partitioned table.
    pub parent: Oid,
    /// The table that is attached; `None` if the partition is created, and so is empty.
    pub attached: Option<Oid>,
    /// The tables whose rows are held against a bound: the attached one and the default partition.
    pub bounds: Vec<Bound>,
    /// Indexes of the partitioned table that the attached one has no equal of.
    pub indexes: Vec<MissingIndex>,
    /// Foreign keys of the partitioned table that the attached one has no valid equal of.
    pub foreign_keys: Vec<MissingKey>,
    /// What is locked before anything is read or built, in this order.
    pub locked: Vec<(Oid, LockMode)>,
    /// What is locked for foreign keys, once indexes have been built.
    pub locked_later: Vec<(Oid, LockMode)>,
}

/// A condition that a partition's rows must meet.
#[derive(Clone, Debug)]
pub struct Bound {
    /// The partition.
    pub table: Oid,
    /// In words of SQL.
    pub condition: String,
    /// The leaves in which every row has to be looked at; `CHECK`s prove it for the others.
    pub scanned: Vec<Oid>,
}

/// An index that is built on the leaves of an attached table.
#[derive(Clone, Debug)]
pub struct MissingIndex {
    /// The index of the partitioned table.
    pub name: String,
    /// UNIQUE
    pub unique: bool,
    /// What follows the table in its CREATE INDEX.
    pub definition: String,
    /// The constraint it belongs to.
    pub constraint: Option<IndexConstraint>,
    /// The leaves.
    pub builds: Vec<Oid>,
}

/// A foreign key that is checked for the leaves of an attached table.
#[derive(Clone, Debug)]
pub struct MissingKey {
    /// The table that would have to have it, or has it not validated.
    pub table: Oid,
    /// Its name: of the partitioned table's, or of the one that is there.
    pub name: String,
    /// What follows its name; `None` if it is there.
    pub definition: Option<String>,
    /// The leaves.
    pub checked: Vec<Oid>,
    /// The other end, with its partitions.
    pub referenced: Vec<Oid>,
}

/// A partition that is detached.
#[derive(Clone, Debug)]
pub struct LeavingPartition {
    /// It, and what is below it; the check of foreign keys may read it or not.
    pub partition: Vec<Oid>,
    /// Tables with foreign keys to it, of which no row may refer to a row that leaves.
    pub checked: Vec<ReferringTable>,
    /// What is locked.
    pub locked: Vec<(Oid, LockMode)>,
}

/// A table with a foreign key to a partitioned table.
#[derive(Clone, Debug)]
pub struct ReferringTable {
    /// The table.
    pub table: Oid,
    /// If it is partitioned: its leaves, which are read, and locked no more than by any query.
    pub leaves: Vec<Oid>,
    /// The name of the foreign key.
    pub constraint: String,
    /// What follows its name.
    pub definition: String,
}

/// Why a partition that joins or leaves costs work.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the fields are names of the things the variant speaks of")]
pub enum PartitionCause {
    /// The rows of an attached table are held against its bound.
    Bound { table: Oid, condition: String },
    /// The rows of the default partition may belong to the new one.
    Default {
        table: Oid,
        condition: String,
        created: bool,
    },
    /// An index of the partitioned table is built on an attached one.
    Index {
        table: Oid,
        index: String,
        unique: bool,
        definition: String,
        constraint: Option<IndexConstraint>,
    },
    /// A foreign key of the partitioned table is checked for an attached one.
    ForeignKey {
        table: Oid,
        constraint: String,
        definition: Option<String>,
    },
    /// Rows of another table may refer to a partition that leaves.
    Referred {
        table: Oid,
        constraint: String,
        definition: String,
    },
}

impl PartitionCause {
    /// The rule that speaks of it.
    pub fn rule(&self) -> Rule {
        match self {
            Self::Default { created: true, .. } => Rule::CreatePartition,
            Self::Referred { .. } => Rule::DetachPartition,
            _ => Rule::AttachPartition,
        }
    }
}
