//! Statements that the rules object to, for `interlock.rules` and for the table in the README. They speak of the tables that
//! the test of that table creates; what they lock and do is asked of the judgement, never written down.

use crate::model::rule::Rule;

/// Statements of a rule, on tables over the threshold. What is no statement of PostgreSQL's own has none.
pub fn examples(rule: Rule) -> &'static [&'static str] {
    match rule {
        Rule::AddColumnVolatileDefault => &["ALTER TABLE orders ADD COLUMN token uuid DEFAULT gen_random_uuid()"],
        Rule::AddColumnSerial => &[
            "ALTER TABLE orders ADD COLUMN number bigserial",
            "ALTER TABLE orders ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY",
        ],
        Rule::AddColumnStoredGenerated => {
            &["ALTER TABLE orders ADD COLUMN gross numeric GENERATED ALWAYS AS (net * 1.2) STORED"]
        }
        Rule::AddColumnConstrainedDomain => &["ALTER TABLE orders ADD COLUMN parcels positive"],
        Rule::AddColumnNotNull => &["ALTER TABLE orders ADD COLUMN region text NOT NULL"],
        Rule::AlterColumnType => &[
            "ALTER TABLE orders ALTER COLUMN customer TYPE bigint",
            "ALTER TABLE orders ALTER COLUMN status TYPE text COLLATE \"C\"",
        ],
        Rule::SetExpression => &["ALTER TABLE orders ALTER COLUMN tax SET EXPRESSION AS (net * 0.25)"],
        Rule::SetLogged => &["ALTER TABLE orders SET UNLOGGED"],
        Rule::SetAccessMethod => &["ALTER TABLE orders SET ACCESS METHOD columnar"],
        Rule::SetTablespace => &["ALTER TABLE orders SET TABLESPACE fast"],
        Rule::Cluster => &["CLUSTER orders USING orders_pkey"],
        Rule::VacuumFull => &["VACUUM FULL orders"],
        Rule::RefreshMaterializedView => &["REFRESH MATERIALIZED VIEW totals"],
        Rule::SetNotNull => &["ALTER TABLE orders ALTER COLUMN status SET NOT NULL"],
        Rule::AddCheck => &["ALTER TABLE orders ADD CHECK (net > 0)"],
        Rule::AddForeignKey => &["ALTER TABLE orders ADD FOREIGN KEY (customer) REFERENCES customers"],
        Rule::ValidateConstraint => {
            &["ALTER TABLE orders VALIDATE CONSTRAINT placed_after_2020, ADD COLUMN region text"]
        }
        Rule::AlterDomain => &["ALTER DOMAIN positive ADD CHECK (VALUE < 1000)"],
        Rule::AddPrimaryKey => &["ALTER TABLE events ADD PRIMARY KEY (id)"],
        Rule::AddUnique => &["ALTER TABLE orders ADD UNIQUE (customer, placed)"],
        Rule::AddExclusion => &["ALTER TABLE bookings ADD EXCLUDE USING gist (during WITH &&)"],
        Rule::AttachPartition => {
            &["ALTER TABLE readings ATTACH PARTITION readings_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')"]
        }
        Rule::DetachPartition => &["ALTER TABLE flights DETACH PARTITION flights_2025"],
        Rule::CreatePartition => {
            &["CREATE TABLE readings_2026 PARTITION OF readings FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')"]
        }
        Rule::CreateIndex => &["CREATE INDEX ON orders (placed)"],
        Rule::InvalidIndex => &["CREATE INDEX CONCURRENTLY IF NOT EXISTS events_at ON events (at)"],
        Rule::Reindex => &["REINDEX TABLE orders", "REINDEX INDEX orders_status"],
        Rule::MassChange => &[
            "UPDATE orders SET status = 'closed' WHERE status = 'open'",
            "DELETE FROM events WHERE at > '2020-01-01'",
        ],
        Rule::ChangeWithoutWhere => &["DELETE FROM regions"],
        // What a transaction makes of a statement takes more than one to show.
        Rule::Unpredicted
        | Rule::LockWait
        | Rule::WorkUnderHeldLock
        | Rule::SeveralTablesLocked
        | Rule::ConcurrentlyInTransaction => &[],
        Rule::RenameTable => &[
            "ALTER TABLE orders RENAME TO invoices",
            "ALTER TABLE orders SET SCHEMA archive",
        ],
        Rule::RenameColumn => &["ALTER TABLE orders RENAME COLUMN note TO remark"],
        Rule::DropTable => &["DROP TABLE orders"],
        Rule::DropColumn => &["ALTER TABLE orders DROP COLUMN note"],
        Rule::DropConstraint => &["ALTER TABLE bookings DROP CONSTRAINT bookings_flight"],
        Rule::DropIndex => &["DROP INDEX orders_status"],
        Rule::Truncate => &["TRUNCATE events"],
    }
}
