//! What each rule is about, in the words of `interlock.rules`.

use crate::model::rule::Rule;

/// The words about a rule.
pub struct Words {
    /// A few words.
    pub title: &'static str,
    /// What the server does.
    pub what_happens: &'static str,
    /// What that does to an application.
    pub why_it_hurts: &'static str,
    /// The safe way to the same end.
    pub safe_form: &'static str,
}

const READS_AND_WRITES_WAIT: &str = "Every query on the table waits until it ends, and every query behind those too.";
const WRITES_WAIT: &str = "Every INSERT, UPDATE and DELETE on the table waits until it ends.";

/// The words about a rule.
pub fn words(rule: Rule) -> Words {
    let (title, what_happens, why_it_hurts, safe_form) = match rule {
        Rule::AddColumnVolatileDefault => (
            "ADD COLUMN with a volatile default",
            "The default is computed for every row, so the table and its indexes are written anew under AccessExclusiveLock.",
            READS_AND_WRITES_WAIT,
            "Add the column without a default, SET DEFAULT for new rows, and fill the old ones with interlock.safe_backfill.",
        ),
        Rule::AddColumnSerial => (
            "ADD COLUMN serial or GENERATED AS IDENTITY",
            "Every row takes a number from the sequence, so the table and its indexes are written anew under AccessExclusiveLock.",
            READS_AND_WRITES_WAIT,
            "Add a plain column and a sequence, SET DEFAULT nextval for new rows, and fill the old ones with interlock.safe_backfill.",
        ),
        Rule::AddColumnStoredGenerated => (
            "ADD COLUMN GENERATED ALWAYS AS ... STORED",
            "The expression is computed for every row, so the table and its indexes are written anew under AccessExclusiveLock.",
            READS_AND_WRITES_WAIT,
            "Use a VIRTUAL column (18), or a plain column kept by a trigger and filled with interlock.safe_backfill.",
        ),
        Rule::AddColumnConstrainedDomain => (
            "ADD COLUMN of a domain with constraints",
            "The domain's constraints are checked for every row by writing the table anew under AccessExclusiveLock.",
            READS_AND_WRITES_WAIT,
            "Use the domain's base type, and a CHECK added NOT VALID and validated later.",
        ),
        Rule::AddColumnNotNull => (
            "ADD COLUMN NOT NULL without a default",
            "Every row is checked under AccessExclusiveLock, and the statement fails if there is one.",
            READS_AND_WRITES_WAIT,
            "Add the column nullable or with a constant default, fill it, then make it NOT NULL by a validated constraint.",
        ),
        Rule::AlterColumnType => (
            "ALTER COLUMN TYPE",
            "Unless stored values stay as they are, the table and its indexes are written anew under AccessExclusiveLock; else indexes and constraints on the column may be made again.",
            READS_AND_WRITES_WAIT,
            "Add a column of the new type, keep it by a trigger, fill it with interlock.safe_backfill, and swap the names.",
        ),
        Rule::SetExpression => (
            "SET EXPRESSION of a stored generated column",
            "The new expression is computed for every row, so the table and its indexes are written anew under AccessExclusiveLock.",
            READS_AND_WRITES_WAIT,
            "DROP EXPRESSION, keep the column by a trigger, and fill it with interlock.safe_backfill.",
        ),
        Rule::SetLogged => (
            "SET LOGGED, SET UNLOGGED",
            "The table and its indexes are written anew under AccessExclusiveLock.",
            READS_AND_WRITES_WAIT,
            "A maintenance window, or a new table filled in batches.",
        ),
        Rule::SetAccessMethod => (
            "SET ACCESS METHOD",
            "The table and its indexes are written anew under AccessExclusiveLock.",
            READS_AND_WRITES_WAIT,
            "A maintenance window, or a new table filled in batches.",
        ),
        Rule::SetTablespace => (
            "SET TABLESPACE",
            "The files are copied under AccessExclusiveLock.",
            READS_AND_WRITES_WAIT,
            "For indexes REINDEX (TABLESPACE ...) CONCURRENTLY; for tables pg_repack or a maintenance window.",
        ),
        Rule::Cluster => (
            "CLUSTER",
            "The table is written anew in index order and its indexes are rebuilt under AccessExclusiveLock.",
            READS_AND_WRITES_WAIT,
            "pg_repack or pg_squeeze, or a maintenance window.",
        ),
        Rule::VacuumFull => (
            "VACUUM FULL",
            "The table is written anew and its indexes are rebuilt under AccessExclusiveLock.",
            READS_AND_WRITES_WAIT,
            "Plain VACUUM makes the room usable again; to give it back use pg_repack or pg_squeeze.",
        ),
        Rule::RefreshMaterializedView => (
            "REFRESH MATERIALIZED VIEW without CONCURRENTLY",
            "The view is computed anew under AccessExclusiveLock.",
            "Every query on the materialized view waits until it ends.",
            "REFRESH MATERIALIZED VIEW CONCURRENTLY, which needs a unique index.",
        ),
        Rule::SetNotNull => (
            "SET NOT NULL without proof",
            "Every row is checked for nulls under AccessExclusiveLock.",
            READS_AND_WRITES_WAIT,
            "ADD CHECK (... IS NOT NULL) NOT VALID, VALIDATE it, then SET NOT NULL, which takes it as proof; on 18 ADD NOT NULL ... NOT VALID and VALIDATE.",
        ),
        Rule::AddCheck => (
            "ADD CHECK",
            "Every row is checked under AccessExclusiveLock.",
            READS_AND_WRITES_WAIT,
            "ADD ... NOT VALID, then VALIDATE CONSTRAINT in a transaction of its own.",
        ),
        Rule::AddForeignKey => (
            "ADD FOREIGN KEY",
            "Every row is looked up in the referenced table under ShareRowExclusiveLock on both tables.",
            "Every INSERT, UPDATE and DELETE on both tables waits until it ends.",
            "ADD ... NOT VALID, then VALIDATE CONSTRAINT in a transaction of its own.",
        ),
        Rule::ValidateConstraint => (
            "VALIDATE CONSTRAINT under a stronger lock",
            "The scan of VALIDATE runs under the lock of another subcommand.",
            READS_AND_WRITES_WAIT,
            "VALIDATE CONSTRAINT alone, in a transaction of its own.",
        ),
        Rule::AlterDomain => (
            "ALTER DOMAIN that checks values",
            "Every table with a column of the domain is read under ShareLock, by VALIDATE CONSTRAINT too.",
            "Every INSERT, UPDATE and DELETE on those tables waits until it ends.",
            "ADD CHECK ... NOT VALID, which new values are held to, and a query that looks for old ones.",
        ),
        Rule::AddPrimaryKey => (
            "ADD PRIMARY KEY",
            "Its index is built, and nullable columns are checked, under AccessExclusiveLock.",
            READS_AND_WRITES_WAIT,
            "CREATE UNIQUE INDEX CONCURRENTLY, prove NOT NULL, then ADD PRIMARY KEY USING INDEX.",
        ),
        Rule::AddUnique => (
            "ADD UNIQUE",
            "Its index is built under AccessExclusiveLock.",
            READS_AND_WRITES_WAIT,
            "CREATE UNIQUE INDEX CONCURRENTLY, then ADD UNIQUE USING INDEX.",
        ),
        Rule::AddExclusion => (
            "ADD EXCLUDE",
            "Its index is built under AccessExclusiveLock.",
            READS_AND_WRITES_WAIT,
            "A maintenance window: there is no concurrent form.",
        ),
        Rule::AttachPartition => (
            "ATTACH PARTITION without preparation",
            "Under AccessExclusiveLock the rows of the table, and those of a default partition, are held against the bound unless CHECKs prove it, indexes it lacks are built, and foreign keys it lacks are checked.",
            "Every query on the table or on the default partition waits until it ends, and with the default partition many on the partitioned table.",
            "Beforehand add a CHECK with the bound NOT VALID and VALIDATE it, build equal indexes CONCURRENTLY, and add equal foreign keys NOT VALID and VALIDATE them.",
        ),
        Rule::DetachPartition => (
            "DETACH PARTITION of a table that others refer to",
            "Every row of the referencing tables is looked up under ShareLock, with CONCURRENTLY too; then they are locked with AccessExclusiveLock.",
            "Every INSERT, UPDATE and DELETE on the referencing tables waits until it ends.",
            "Drop the foreign key, detach, add it again NOT VALID and VALIDATE it.",
        ),
        Rule::CreatePartition => (
            "CREATE TABLE ... PARTITION OF beside a default partition",
            "The rows of the default partition are held against the new bound under AccessExclusiveLock, unless CHECKs prove that none belongs to the new one.",
            "Every query on the partitioned table waits until it ends, and every query behind those too.",
            "Add a CHECK to the default partition that excludes the new bound NOT VALID and VALIDATE it; or create the table alone and ATTACH it, which locks the partitioned table less.",
        ),
        Rule::CreateIndex => (
            "CREATE INDEX without CONCURRENTLY",
            "The index is built under ShareLock.",
            WRITES_WAIT,
            "CREATE INDEX CONCURRENTLY, outside a transaction block.",
        ),
        Rule::InvalidIndex => (
            "CREATE INDEX IF NOT EXISTS that finds an invalid index",
            "An index of this name is left from a concurrent build that failed. The statement does nothing, and says that the index exists.",
            "No query uses the index, a unique one may let duplicates in, and every write may have to maintain it.",
            "REINDEX INDEX CONCURRENTLY, or DROP INDEX CONCURRENTLY and the statement again.",
        ),
        Rule::Reindex => (
            "REINDEX without CONCURRENTLY",
            "Indexes are rebuilt under ShareLock on the table and AccessExclusiveLock on each index.",
            "Every write waits until it ends, and every query that has to plan with the index too.",
            "REINDEX ... CONCURRENTLY, outside a transaction block.",
        ),
        Rule::Unpredicted => (
            "A rewrite or index build that was not foreseen",
            "A statement that is not modelled, or an extension that goes past the hook, rewrites a table or builds an index under a lock that blocks reads or writes.",
            READS_AND_WRITES_WAIT,
            "Look for a concurrent form of the statement; if it is a statement of PostgreSQL's own, report it as a bug of pg_interlock.",
        ),
        Rule::WorkUnderHeldLock => (
            "Work under a lock from earlier in the transaction",
            "The statement reads, writes or indexes many rows. That would hold nobody up by itself, but the transaction holds a lock from before that blocks reads or writes, of this table or of another one, until it ends.",
            "What was locked for a moment is locked as long as the work takes, and every query behind the lock waits.",
            "COMMIT first, then the work in a transaction of its own: ADD ... NOT VALID; COMMIT; VALIDATE CONSTRAINT.",
        ),
        Rule::SeveralTablesLocked => (
            "Blocking locks on several large tables in one transaction",
            "The statement takes a lock that blocks reads or writes of a large table, while the transaction holds one on another large table from an earlier statement.",
            "While it waits for the one table, others wait for both; and who uses them in the other order can deadlock with it.",
            "One locking statement per transaction: COMMIT between them.",
        ),
        Rule::ConcurrentlyInTransaction => (
            "A statement with CONCURRENTLY in a transaction block",
            "It commits while it runs, so PostgreSQL refuses it in a transaction block, in a function and in a query string of several statements. What came before it in the transaction is rolled back.",
            "Locks were held and work was done for nothing.",
            "Send it by itself, outside a transaction block; every migration tool has a way to do so.",
        ),
        Rule::LockWait => (
            "A lock that cannot be had without making others wait",
            "The statement needs a lock that blocks reads or writes, and somebody holds a lock that conflicts with it. It was tried by short attempts, between which others went on, until pg_interlock.lock_wait_timeout was over.",
            "A statement that waits in the queue for such a lock makes every later query on the table wait behind it, as long as the one in front takes.",
            "End what is in the way (interlock.blockers names it), and run the statement again; one locking statement per transaction.",
        ),
        Rule::MassChange => (
            "UPDATE, DELETE or MERGE of many rows",
            "Every row it changes stays locked until its transaction ends, and leaves a dead version that no vacuum can remove before.",
            "Writers of the same rows wait, standbys lag behind, the table grows, and an error at the last row undoes it all.",
            "In batches with a COMMIT after each: interlock.safe_backfill for an UPDATE, DELETE with a LIMIT by key.",
        ),
        Rule::ChangeWithoutWhere => (
            "UPDATE or DELETE without WHERE",
            "Every row of the table is changed.",
            "Mostly the WHERE was forgotten, and the rows come back only from a backup.",
            "A WHERE that says which rows are meant; WHERE true if all are.",
        ),
        Rule::RenameTable => (
            "RENAME and SET SCHEMA of a table, view or sequence",
            "The old name is gone when it commits.",
            "What still uses the old name fails; and the releases that know the old and the new one cannot run side by side.",
            "In the same transaction CREATE VIEW with the old name, and drop the view when nothing uses it any more.",
        ),
        Rule::RenameColumn => (
            "RENAME COLUMN",
            "The old name is gone when it commits, in partitions and inheriting tables too.",
            "What still names it fails; and the releases that know the old and the new one cannot run side by side.",
            "Add a column of the new name, keep both in step by a trigger, fill it with interlock.safe_backfill, and drop the old one last; or let a view with the old names stand in.",
        ),
        Rule::DropTable => (
            "DROP TABLE, DROP MATERIALIZED VIEW and their kin",
            "The relation and its rows are gone when it commits; the other tables of its foreign keys are locked.",
            "What still uses it fails, and the rows come back only from a backup.",
            "Rename it first, wait until nothing misses it, then drop it.",
        ),
        Rule::DropColumn => (
            "DROP COLUMN",
            "The column and its values are gone when it commits, with the indexes and constraints on it.",
            "What still names it fails.",
            "Stop using it in every release that runs, then drop it.",
        ),
        Rule::DropConstraint => (
            "DROP CONSTRAINT",
            "The constraint is gone when it commits; for a foreign key both tables are locked.",
            "Rows that break it can come in.",
            "Make sure that nothing relies on it.",
        ),
        Rule::DropIndex => (
            "DROP INDEX",
            "The index is gone when it commits; without CONCURRENTLY the table is locked with AccessExclusiveLock.",
            "Queries that used it become slow, and a lock that waits makes others wait.",
            "DROP INDEX CONCURRENTLY, outside a transaction block.",
        ),
        Rule::Truncate => (
            "TRUNCATE",
            "All rows are gone when it commits, with CASCADE also those of referencing tables.",
            "The rows come back only from a backup.",
            "DELETE in batches where the rows of some time are meant.",
        ),
    };
    Words {
        title,
        what_happens,
        why_it_hurts,
        safe_form,
    }
}
