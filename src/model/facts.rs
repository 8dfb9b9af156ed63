//! Facts about a statement: everything its lock profile depends on, and nothing else.
//!
//! Plain data, read from the parse tree and the live catalog by `postgres::read`, or made up by a test.

use std::collections::BTreeMap;

use super::lock_mode::LockMode;
use super::partition::{LeavingPartition, NewPartition};
use super::relation::{IndexConstraint, Oid, Relation};
use super::rename::Rename;

/// A statement and the part of the catalog it touches.
#[derive(Clone, Debug)]
pub struct Facts {
    /// `ALTER TABLE`
    pub command_tag: String,
    /// The statement.
    pub statement: Statement,
    /// Every relation the statement may touch, by oid.
    pub tables: BTreeMap<Oid, Table>,
    /// It commits while it runs (CREATE INDEX CONCURRENTLY, VACUUM), so nothing it does is undone as a whole.
    pub commits_internally: bool,
    /// The user may do this as far as ownership goes; if not, PostgreSQL refuses it and has the word.
    pub permitted: bool,
}

/// A relation and what hangs on it.
#[derive(Clone, Debug)]
pub struct Table {
    /// The relation itself.
    pub relation: Relation,
    /// All its indexes, invalid ones included, if it is written anew or they were asked for.
    pub indexes: Vec<Oid>,
}

/// A statement, by family.
#[derive(Clone, Debug)]
pub enum Statement {
    /// It locks no existing relation more strongly than AccessShareLock, or is no utility statement.
    NoExistingRelation,
    /// A relation it names does not exist.
    MissingRelation(String),
    /// Not modelled yet: nothing is claimed about it.
    Unmodelled {
        /// The relation it names, if it names one.
        relation: Option<Oid>,
    },
    /// ALTER TABLE and its kin
    AlterTable(AlterTable),
    /// Locks and nothing else, in the order they are taken.
    LocksOnly(Vec<(Oid, LockMode)>),
    /// PostgreSQL takes these locks, in this order, and then refuses it.
    Fails(Vec<(Oid, LockMode)>),
    /// RENAME, SET SCHEMA, and OWNER TO of types
    Rename(Rename),
    /// One after the other, in one transaction.
    Several(Vec<Statement>),
    /// CREATE TABLE … PARTITION OF
    CreatePartition(NewPartition),
    /// CREATE INDEX
    CreateIndex(CreateIndex),
    /// DROP INDEX
    DropIndex {
        /// Each index with the tables whose lock it needs (a partitioned index: the whole tree).
        indexes: Vec<DroppedIndex>,
        /// CONCURRENTLY
        concurrently: bool,
        /// What CASCADE reaches.
        locked: Vec<(Oid, LockMode)>,
    },
    /// REINDEX INDEX or TABLE
    Reindex {
        /// Each table with those of its indexes that are rebuilt.
        tables: Vec<(Oid, Vec<Oid>)>,
        /// What is locked while the leaves of a partitioned relation are found: itself first.
        locked: Vec<(Oid, LockMode)>,
        /// CONCURRENTLY
        concurrently: bool,
        /// Each relation is done in a transaction of its own.
        one_by_one: bool,
    },
    /// CLUSTER, VACUUM FULL, REFRESH MATERIALIZED VIEW: copies of whole relations
    Copy {
        /// Which statement.
        by: CopyBy,
        /// What is copied.
        relations: Vec<Oid>,
        /// Partitioned relations that are locked while their leaves are found.
        locked: Vec<(Oid, LockMode)>,
        /// Each relation is done in a transaction of its own.
        one_by_one: bool,
    },
    /// VACUUM without FULL, ANALYZE
    Vacuum {
        /// The relations named, and their partitions.
        relations: Vec<Oid>,
    },
    /// REFRESH MATERIALIZED VIEW WITH NO DATA
    RefreshEmpty {
        /// The materialized view.
        relation: Oid,
    },
    /// REFRESH MATERIALIZED VIEW CONCURRENTLY
    RefreshConcurrently {
        /// The materialized view.
        relation: Oid,
    },
    /// TRUNCATE
    Truncate {
        /// What is emptied: named relations, their children, and with CASCADE those that refer to them.
        relations: Vec<Oid>,
        /// RESTART IDENTITY: their sequences.
        sequences: Vec<Oid>,
    },
    /// ALTER DOMAIN that checks values
    AlterDomain(AlterDomain),
    /// DROP TABLE, MATERIALIZED VIEW, VIEW, SEQUENCE …
    Drop {
        /// What is named.
        named: Vec<Oid>,
        /// Every relation that goes, named or reached.
        dropped: Vec<Oid>,
        /// Relations that stay and are locked: the other end of foreign keys, partition parents, default partitions.
        locked: Vec<(Oid, LockMode)>,
    },
}

/// ALTER DOMAIN that checks the values tables have.
#[derive(Clone, Debug)]
pub struct AlterDomain {
    /// The domain.
    pub oid: Oid,
    /// Its name, as `format_type` shows it.
    pub domain: String,
    /// What is checked.
    pub check: DomainCheck,
    /// The tables and materialized views with such values.
    pub scanned: Vec<Oid>,
}

/// What ALTER DOMAIN checks.
#[derive(Clone, Debug, PartialEq)]
pub enum DomainCheck {
    /// SET NOT NULL, ADD NOT NULL
    NotNull,
    /// ADD CHECK, with the constraint's name, if given
    Constraint(Option<String>),
    /// VALIDATE CONSTRAINT
    Validate(String),
}

/// Which statement copies a relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyBy {
    /// CLUSTER
    Cluster,
    /// VACUUM FULL
    VacuumFull,
    /// REFRESH MATERIALIZED VIEW
    Refresh,
}

/// One index of DROP INDEX.
#[derive(Clone, Debug)]
pub struct DroppedIndex {
    /// The index named.
    pub index: Oid,
    /// Its table, or the table's whole tree.
    pub tables: Vec<Oid>,
    /// Indexes of partitions that go with it.
    pub children: Vec<Oid>,
}

/// CREATE INDEX
#[derive(Clone, Debug)]
pub struct CreateIndex {
    /// The table named.
    pub table: Oid,
    /// The name of the index, if the statement gives one.
    pub name: Option<String>,
    /// All relations whose lock is taken: the table and, for a partitioned one without ONLY, its partitions.
    pub members: Vec<Oid>,
    /// Those on which an index is built; a partition that has an equal index already is attached instead.
    pub builds: Vec<Oid>,
    /// CONCURRENTLY, and taken as such (on a temporary table it is not).
    pub concurrently: bool,
    /// With IF NOT EXISTS: the qualified name of the index that exists, is invalid, and is not being built now.
    pub leftover: Option<String>,
}

/// ALTER TABLE: all its subcommands are done under one lock.
#[derive(Clone, Debug)]
pub struct AlterTable {
    /// The relation named.
    pub target: Oid,
    /// The lock of the whole statement, as `AlterTableGetLockLevel` of `commands/tablecmds.c` tells.
    pub lock: LockMode,
    /// The relations it takes that lock on: the target first, then the descendants that a subcommand recurses to.
    pub members: Vec<Oid>,
    /// The subcommands, in order.
    pub commands: Vec<AlterCommand>,
}

/// One subcommand of ALTER TABLE.
#[derive(Clone, Debug)]
pub enum AlterCommand {
    /// Changes catalog rows only, under the statement's lock.
    CatalogOnly,
    /// The same, and locks other relations.
    Locks(Vec<(Oid, LockMode)>),
    /// SET GENERATED of an identity column: its sequence is altered.
    AlterSequence {
        /// The sequence.
        sequence: Oid,
        /// What becomes of it.
        change: SequenceChange,
    },
    /// Not modelled yet.
    Unmodelled,
    /// ADD COLUMN
    AddColumn(AddColumn),
    /// ALTER COLUMN TYPE
    AlterColumnType(AlterColumnType),
    /// SET NOT NULL, or ADD CONSTRAINT … NOT NULL
    SetNotNull {
        /// The column.
        column: String,
        /// Members in which every row has to be looked at.
        unproved: Vec<Oid>,
    },
    /// ADD CHECK that is validated at once
    AddCheck {
        /// Its name, if given.
        constraint: Option<String>,
        /// Members in which every row has to be looked at.
        scanned: Vec<Oid>,
    },
    /// ADD PRIMARY KEY, UNIQUE, EXCLUDE
    AddIndexConstraint(AddIndexConstraint),
    /// ADD FOREIGN KEY
    AddForeignKey(AddForeignKey),
    /// ATTACH PARTITION
    AttachPartition(NewPartition),
    /// DETACH PARTITION
    DetachPartition(LeavingPartition),
    /// VALIDATE CONSTRAINT
    ValidateConstraint {
        /// Its name.
        constraint: String,
        /// Members in which every row has to be looked at.
        scanned: Vec<Oid>,
        /// The tables a foreign key refers to; partitions may be only read.
        referenced: Vec<(Oid, LockMode)>,
    },
    /// DROP COLUMN, DROP CONSTRAINT: what goes and what else is locked.
    Drop {
        /// COLUMN or CONSTRAINT, and its name.
        what: Dropped,
        /// Indexes that go.
        indexes: Vec<Oid>,
        /// Other relations that are locked.
        locked: Vec<(Oid, LockMode)>,
    },
    /// SET LOGGED, SET UNLOGGED, SET ACCESS METHOD, SET EXPRESSION: the target is rewritten.
    Rewrite {
        /// Why.
        why: RewriteBy,
        /// What is rewritten.
        relations: Vec<Oid>,
        /// Sequences of the target that follow, and the lock on each.
        sequences: Vec<(Oid, LockMode)>,
    },
    /// SET TABLESPACE that moves the target's files
    MoveFiles {
        /// The tablespace.
        tablespace: String,
    },
}

/// What becomes of the sequence of an identity column; `AlterSequence` of `commands/sequence.c`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SequenceChange {
    /// Only the column changes.
    OfColumn,
    /// It gets new storage, with the number it stands at.
    Renews,
    /// It starts anew.
    Restarts,
}

/// What DROP COLUMN or DROP CONSTRAINT drops.
#[derive(Clone, Debug)]
pub enum Dropped {
    /// A column.
    Column(String),
    /// A constraint.
    Constraint(String),
}

/// Which subcommand rewrites its target as a whole.
#[derive(Clone, Debug, PartialEq)]
pub enum RewriteBy {
    /// SET LOGGED
    Logged,
    /// SET UNLOGGED
    Unlogged,
    /// SET ACCESS METHOD
    AccessMethod(String),
    /// ALTER COLUMN … SET EXPRESSION of a stored generated column
    #[allow(dead_code, reason = "only 17 and later have it")]
    Expression(String),
}

/// ADD COLUMN
#[derive(Clone, Debug)]
pub struct AddColumn {
    /// Its name.
    pub column: String,
    /// Its type, as `format_type` shows it.
    pub type_name: String,
    /// Its default or generation expression, in words of SQL.
    pub expression: Option<String>,
    /// Where existing rows get their value from.
    pub value: NewColumnValue,
    /// NOT NULL, PRIMARY KEY or a type that implies it.
    pub not_null: bool,
    /// The members with rows to which it is really added; an inheriting table that has it already is left alone.
    pub members: Vec<Oid>,
    /// Sequences that the default takes numbers from.
    pub sequences: Vec<Oid>,
}

/// Where existing rows get the value of a new column from; `ATExecAddColumn` of `commands/tablecmds.c`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewColumnValue {
    /// They have none: null.
    Null,
    /// Computed once and kept in the catalog (`attmissingval`).
    Stored,
    /// A default that contains a volatile function, computed for each row.
    Volatile,
    /// `serial` and its kin: a number from a sequence for each row.
    Serial,
    /// GENERATED … AS IDENTITY
    Identity,
    /// GENERATED … STORED
    StoredGenerated,
    /// GENERATED … VIRTUAL: computed when read.
    #[allow(dead_code, reason = "only 18 has it")]
    VirtualGenerated,
    /// The type is a domain with constraints, which are checked for each row.
    ConstrainedDomain {
        /// Its name, as `format_type` shows it.
        domain: String,
        /// Its base type.
        base: String,
        /// The default contains a volatile function.
        volatile: bool,
    },
}

/// ALTER COLUMN TYPE
#[derive(Clone, Debug)]
pub struct AlterColumnType {
    /// The column.
    pub column: String,
    /// Its type now, as `format_type` shows it.
    pub from: String,
    /// Its type afterwards.
    pub to: String,
    /// The base type of that, if it is a domain with constraints.
    pub base: Option<String>,
    /// Stored values cannot stay as they are; `ATColumnChangeRequiresRewrite` of `commands/tablecmds.c`.
    pub rewrites: bool,
    /// The members that have the column.
    pub members: Vec<TypeChange>,
    /// Other tables that use it as a part of the table's row.
    pub elsewhere: Vec<TypeChange>,
    /// Partitions that get an index built which they had no part of.
    pub completed: Vec<(Oid, LockMode)>,
    /// Foreign keys on the column, at either end.
    pub foreign_keys: Vec<ForeignKeyOnColumn>,
    /// Tables locked because something of theirs depends on the column.
    pub locked: Vec<(Oid, LockMode)>,
    /// The sequence of an identity column, which changes its type too.
    pub sequences: Vec<Oid>,
}

/// What a type change means to one table.
#[derive(Clone, Debug)]
pub struct TypeChange {
    /// The table.
    pub table: Oid,
    /// Its indexes on the column, and whether their storage can be kept (`TryReuseIndex`) while the table's is.
    pub indexes: Vec<(Oid, bool)>,
    /// Names of validated CHECKs on the column, which are verified anew.
    pub checks: Vec<String>,
}

/// A foreign key that a type change drops and adds again.
#[derive(Clone, Debug)]
pub struct ForeignKeyOnColumn {
    /// Its name.
    pub constraint: String,
    /// The referencing table.
    pub referencing: Oid,
    /// The referenced table.
    pub referenced: Oid,
    /// It has triggers on the referenced table, which are dropped; one that is NOT ENFORCED has none.
    pub enforced: bool,
    /// Its rows are checked again (`TryReuseForeignKey` says no).
    pub validated_again: bool,
}

/// ADD PRIMARY KEY, UNIQUE, EXCLUDE
#[derive(Clone, Debug)]
pub struct AddIndexConstraint {
    /// Which.
    pub kind: IndexConstraint,
    /// Its name, if given.
    pub constraint: Option<String>,
    /// Its key columns.
    pub columns: Vec<String>,
    /// The index of USING INDEX.
    pub using_index: Option<Oid>,
    /// It gets the name of the constraint.
    pub renames_index: bool,
    /// Partitions that are locked while they get, or give, an index.
    pub partitions: Vec<(Oid, LockMode)>,
    /// Members with rows on which an index is built.
    pub builds: Vec<Oid>,
    /// PRIMARY KEY: members with rows, and columns of the key that are not known to be NOT NULL in them.
    pub nullable: Vec<(Oid, String)>,
}

/// ADD FOREIGN KEY
#[derive(Clone, Debug)]
pub struct AddForeignKey {
    /// Its name, if given.
    pub constraint: Option<String>,
    /// Its columns.
    pub columns: Vec<String>,
    /// The referenced table and its partitions.
    pub referenced: Vec<Oid>,
    /// The members whose rows are checked; none with NOT VALID.
    pub validated: Vec<Oid>,
    /// What is locked because a partition has an equal foreign key, which becomes part of the new one.
    pub locked: Vec<(Oid, LockMode)>,
}
