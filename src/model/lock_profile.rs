//! The lock profile: which relation a statement locks how strongly, and the work it does under those locks.

use std::collections::BTreeMap;

use super::change::Change;
use super::facts::DomainCheck;
use super::lock_mode::LockMode;
use super::partition::PartitionCause;
use super::relation::{IndexConstraint, Oid, Relation};
use super::rename::NewName;
use super::transaction::{Doomed, HeldTable};

/// What a statement does to existing relations.
#[derive(Clone, Debug, Default)]
pub struct LockProfile {
    /// `ALTER TABLE`
    pub command_tag: String,
    /// One entry per relation, in the order they are met.
    pub effects: Vec<Effect>,
    /// The relation the statement is about, if it names one.
    pub target: Option<Oid>,
    /// The locks it takes before any work and keeps to its end, in its own order: once they are held, nobody can change what
    /// was judged.
    pub first_locks: Vec<(Oid, LockMode)>,
    /// Each relation is done in a transaction of its own, so the work on them does not add up under one lock.
    pub one_by_one: bool,
    /// What is not known about it.
    pub unknown: Option<Unknown>,
    /// Relations that a query of the server's own joins, to check a foreign key, say; how it reads them is the planner's
    /// business.
    pub joined: Vec<Oid>,
    /// The qualified name of an invalid index that it takes for the one that it should make.
    pub leftover: Option<String>,
    /// Objects it destroys or hides from the application, for the rules about that.
    pub destroys: Option<Destruction>,
    /// The relations that are destroyed, or lose something.
    pub losing: Vec<Oid>,
    /// Rows it changes, where its plan is known.
    pub changes: Vec<Change>,
    /// Rows that it adds to tables, where it does and its plan is known.
    pub rows_added: Option<i64>,
    /// The table that it adds them to, if that is there already.
    pub added_to: Option<Oid>,
    /// Rows of the tables that it reads from end to end, where its plan is known.
    pub rows_read: i64,
    /// Tables for which others wait since an earlier statement of the transaction.
    pub held: Vec<HeldTable>,
    /// The root of each relation that is a partition or an heir.
    pub roots: BTreeMap<Oid, Oid>,
    /// The transaction block makes it fail, or a later statement that takes it along.
    pub doomed: Option<Doomed>,
}

/// Why nothing, or not everything, is claimed about a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// A relation it names does not exist.
    MissingRelation(String),
    /// The statement is not modelled.
    Unmodelled,
    /// Reading the catalog failed with this message; PostgreSQL will tell the user.
    ReadFailed(String),
}

/// Loss of data or structure, whatever its cost in locks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destruction {
    /// DROP TABLE, DROP MATERIALIZED VIEW
    Relation,
    /// DROP COLUMN
    Column(String),
    /// DROP CONSTRAINT
    Constraint(String),
    /// TRUNCATE
    Rows,
    /// DROP INDEX
    Index,
    /// RENAME, SET SCHEMA: the old name is lost, not the thing
    Name(NewName),
    /// RENAME COLUMN: its old name and its new one
    ColumnName(String, String),
}

/// What happens to one relation.
#[derive(Clone, Debug)]
pub struct Effect {
    /// The relation.
    pub relation: Relation,
    /// The strongest lock on it.
    pub lock_mode: LockMode,
    /// The work done on it, each with the lock it is done under.
    pub work: Vec<Work>,
    /// A sequence gets new storage for its one row, which is no work to speak of.
    pub renewed: bool,
    /// It gets new storage with nothing in it, which is no work at all: TRUNCATE, REFRESH WITH NO DATA, RESTART.
    pub emptied: bool,
    /// A stronger lock that the transaction held on it before the statement.
    pub held: Option<LockMode>,
}

/// Work proportional to a relation's size.
#[derive(Clone, Debug, PartialEq)]
pub struct Work {
    /// What is done.
    pub kind: WorkKind,
    /// The strongest lock that the statement itself has on the relation while it is done.
    pub under: LockMode,
    /// Why.
    pub cause: Cause,
}

/// Kinds of work, cheapest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WorkKind {
    /// Its rows are read from end to end.
    Scan,
    /// An index on it is built or rebuilt.
    BuildIndex,
    /// Its files are copied block by block.
    CopyFiles,
    /// Its storage is written anew, row by row.
    Rewrite,
}

/// Why work is done.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the fields are names of the things the variant speaks of")]
pub enum Cause {
    VolatileDefault {
        column: String,
        type_name: String,
        default: String,
    },
    SequenceDefault {
        column: String,
        type_name: String,
        identity: bool,
    },
    StoredGenerated {
        column: String,
        type_name: String,
        expression: String,
    },
    ConstrainedDomain {
        column: String,
        domain: String,
        base: String,
        default: String,
        volatile: bool,
    },
    NewColumnNotNull {
        column: String,
    },
    TypeChange {
        column: String,
        from: String,
        to: String,
        base: Option<String>,
    },
    TypeChangeIndex {
        column: String,
        from: String,
        to: String,
    },
    TypeChangeCheck {
        column: String,
        constraint: String,
    },
    TypeChangeForeignKey {
        column: String,
        constraint: String,
    },
    SetNotNull {
        column: String,
    },
    Check {
        constraint: Option<String>,
    },
    ForeignKey {
        constraint: Option<String>,
        columns: Vec<String>,
    },
    PrimaryKeyNullable {
        column: String,
    },
    IndexConstraint {
        kind: IndexConstraint,
        constraint: Option<String>,
        columns: Vec<String>,
    },
    Validate {
        constraint: String,
    },
    Domain {
        domain: String,
        check: DomainCheck,
    },
    CreateIndex {
        name: Option<String>,
    },
    Reindex,
    Cluster,
    VacuumFull,
    Refresh,
    SetLogged {
        logged: bool,
    },
    SetAccessMethod {
        method: String,
    },
    SetExpression {
        column: String,
    },
    SetTablespace {
        tablespace: String,
    },
    Partition(PartitionCause),
    /// Found by the last line of defence, not by the profile.
    Unpredicted,
}

impl Effect {
    /// Its storage is written anew, by rows or by blocks.
    pub fn rewrites(&self) -> bool {
        self.renewed || self.does(WorkKind::Rewrite) || self.does(WorkKind::CopyFiles)
    }

    /// It is read from end to end; a rewrite and an index build read it too.
    pub fn scans(&self) -> bool {
        self.relation.kind.has_rows()
            && self.work.iter().any(|work| match work.kind {
                WorkKind::CopyFiles => false,
                // The new content comes from a query; the old one is not looked at.
                WorkKind::Rewrite => work.cause != Cause::Refresh,
                WorkKind::Scan | WorkKind::BuildIndex => true,
            })
    }

    /// An index on it is built or rebuilt.
    pub fn builds_indexes(&self) -> bool {
        self.does(WorkKind::BuildIndex)
    }

    /// The strongest lock on it while this work is done.
    pub fn under(&self, work: &Work) -> LockMode {
        self.held.map_or(work.under, |held| held.max(work.under))
    }

    fn does(&self, kind: WorkKind) -> bool {
        self.work.iter().any(|work| work.kind == kind)
    }
}

impl LockProfile {
    /// A transaction keeps the locks it has: tells the profile which of them are stronger than the statement's own.
    pub fn keep_locks(&mut self, held: impl Fn(Oid) -> Option<LockMode>) {
        for effect in &mut self.effects {
            effect.held = held(effect.relation.oid).filter(|mode| *mode > effect.lock_mode);
        }
    }

    /// The root of the tree that a relation is in; itself if it is in none.
    pub fn root(&self, oid: Oid) -> Oid {
        self.roots.get(&oid).copied().unwrap_or(oid)
    }

    /// The effect on a relation.
    pub fn effect(&self, oid: Oid) -> Option<&Effect> {
        self.effects.iter().find(|effect| effect.relation.oid == oid)
    }

    /// The effect on the relation the statement is about, else the first.
    pub fn main_effect(&self) -> Option<&Effect> {
        self.target
            .and_then(|oid| self.effect(oid))
            .or_else(|| self.effects.first())
    }
}
