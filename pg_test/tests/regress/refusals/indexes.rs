//! Statements that build indexes, and those that copy files.

use super::{CASE, Case, Hint, WayOut, Words};

const BUILD: Case = Case {
    sqlstate: "IL003",
    would: "build an index on TABLE while blocking reads and writes",
    ..CASE
};

pub fn cases() -> Vec<Case> {
    let mut cases = indexes();
    cases.extend(constraints());
    cases
}

fn indexes() -> Vec<Case> {
    const WRITES: &str = "build an index on TABLE while blocking writes";
    vec![
        Case {
            rule: "create-index",
            statement: "CREATE INDEX orders_note ON shop.orders (note) -- for the search",
            would: WRITES,
            detail: "Index \"orders_note\" is built: EXTENT are indexed under ShareLock.",
            reached: "SELECT indisvalid FROM pg_index WHERE indexrelid = 'shop.orders_note'::regclass",
            ..BUILD
        },
        Case {
            rule: "create-index",
            statement: "/* index */ create unique index if not exists \"orders index\" on shop.orders ((note || ';')) where note <> ';'",
            would: WRITES,
            detail: "Index \"orders index\" is built: EXTENT are indexed under ShareLock.",
            reached: "SELECT indisvalid AND indisunique FROM pg_index WHERE indexrelid = 'shop.\"orders index\"'::regclass",
            ..BUILD
        },
        Case {
            rule: "create-index",
            statement: "CREATE INDEX ON shop.\"Odd 'table'\" (\"from\")",
            table: "Odd 'table'",
            would: WRITES,
            detail: "The index is built: EXTENT are indexed under ShareLock.",
            reached: "SELECT count(*) = 2 AND bool_and(indisvalid) FROM pg_index WHERE indrelid = 'shop.\"Odd ''table''\"'::regclass",
            ..BUILD
        },
        Case {
            rule: "invalid-index",
            // As a concurrent build that failed leaves it.
            before: "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'shop.orders_total_idx'::regclass",
            statement: "CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_total_idx ON shop.orders (total)",
            sqlstate: "IL005",
            would: "take invalid index shop.orders_total_idx on TABLE for the one to create",
            detail: "It is left from a concurrent build that failed: no query uses it, and because it exists, the statement does nothing.",
            way_out: Hint(&[]),
            reached: "SELECT indisvalid FROM pg_index WHERE indexrelid = 'shop.orders_total_idx'::regclass",
            ..BUILD
        },
        Case {
            rule: "reindex",
            statement: "REINDEX TABLE shop.orders",
            would: WRITES,
            detail: "The indexes are built anew: EXTENT are indexed under ShareLock.",
            reached: "SELECT bool_and(pg_relation_filenode(indexrelid) <> 0) FROM pg_index WHERE indrelid = 'shop.orders'::regclass",
            ..BUILD
        },
        Case {
            rule: "reindex",
            before:
                "CREATE TABLE shop.index (id int PRIMARY KEY); INSERT INTO shop.index SELECT generate_series(1, 200);
                     ANALYZE shop.index; SET search_path = shop",
            statement: "reindex table index",
            table: "index",
            would: WRITES,
            detail: "The indexes are built anew: EXTENT are indexed under ShareLock.",
            reached: "SELECT bool_and(indisvalid) FROM pg_index WHERE indrelid = 'shop.index'::regclass",
            ..BUILD
        },
        Case {
            rule: "reindex",
            statement: "REINDEX (VERBOSE) INDEX shop.orders_total_idx",
            would: WRITES,
            detail: "The indexes are built anew: EXTENT are indexed under ShareLock.",
            reached: "SELECT indisvalid FROM pg_index WHERE indexrelid = 'shop.orders_total_idx'::regclass",
            ..BUILD
        },
        Case {
            rule: "unpredicted",
            before: "CREATE TABLE shop.parent (id int NOT NULL, happened int) PARTITION BY RANGE (id);
                     CREATE INDEX ON shop.parent (happened);
                     CREATE FUNCTION shop.zero() RETURNS int LANGUAGE sql IMMUTABLE AS
                         $$SELECT 1 / (current_setting('log_min_messages') <> 'error')::int - 1$$",
            // The function fails where messages are held back, as they are while the guard reads.
            statement: "ALTER TABLE shop.parent ATTACH PARTITION shop.events FOR VALUES FROM (shop.zero()) TO (1000)",
            table: "events",
            detail: "This was not foreseen when the statement was judged: EXTENT are indexed under AccessExclusiveLock.",
            way_out: WayOut::Unsaid(&[
                "CREATE INDEX CONCURRENTLY events_happened_idx ON shop.events (happened)",
                "ALTER TABLE shop.events ADD CONSTRAINT bound CHECK (id >= 0 AND id < 1000) NOT VALID",
                "ALTER TABLE shop.events VALIDATE CONSTRAINT bound",
                "ALTER TABLE shop.parent ATTACH PARTITION shop.events FOR VALUES FROM (0) TO (1000)",
            ]),
            reached: "SELECT relispartition FROM pg_class WHERE oid = 'shop.events'::regclass",
            ..BUILD
        },
        Case {
            rule: "set-tablespace",
            statement: "ALTER TABLE shop.orders SET TABLESPACE elsewhere",
            sqlstate: "IL001",
            would: "copy the files of TABLE while blocking reads and writes",
            detail: "The files move to tablespace \"elsewhere\": SIZE are copied under AccessExclusiveLock.",
            way_out: WayOut::None("There is no form of it that does not block"),
            ..BUILD
        },
    ]
}

fn constraints() -> Vec<Case> {
    vec![
        Case {
            rule: "add-primary-key",
            statement: "ALTER TABLE shop.events ADD PRIMARY KEY (id)",
            table: "events",
            detail: "The index of the constraint on (id) is built: EXTENT are indexed under AccessExclusiveLock.",
            reached: "SELECT contype = 'p' FROM pg_constraint WHERE conrelid = 'shop.events'::regclass AND contype <> 'n'",
            ..BUILD
        },
        Case {
            rule: "add-primary-key",
            statement: "ALTER TABLE shop.events ADD CONSTRAINT events_key PRIMARY KEY (id, happened)",
            table: "events",
            constraint: Some("events_key"),
            detail: "The index of constraint \"events_key\" is built: EXTENT are indexed under AccessExclusiveLock.",
            reached: "SELECT contype = 'p' FROM pg_constraint WHERE conname = 'events_key'",
            ..BUILD
        },
        Case {
            rule: "add-primary-key",
            before: "CREATE TABLE shop.pairs (a int, b int);
                     INSERT INTO shop.pairs SELECT g, g FROM generate_series(1, 200) AS g; ANALYZE shop.pairs",
            statement: "ALTER TABLE shop.pairs ADD PRIMARY KEY (a, b)",
            table: "pairs",
            detail: "The index of the constraint on (a, b) is built: EXTENT are indexed under AccessExclusiveLock.",
            reached: "SELECT contype = 'p' FROM pg_constraint WHERE conrelid = 'shop.pairs'::regclass AND contype <> 'n'",
            ..BUILD
        },
        Case {
            rule: "add-primary-key",
            before: "CREATE TABLE shop.pairs (a int CONSTRAINT old PRIMARY KEY, b int NOT NULL);
                     INSERT INTO shop.pairs SELECT g, g FROM generate_series(1, 200) AS g; ANALYZE shop.pairs",
            statement: "ALTER TABLE shop.pairs DROP CONSTRAINT old, ADD CONSTRAINT old PRIMARY KEY (b) INCLUDE (a)",
            table: "pairs",
            constraint: Some("old"),
            detail: "The index of constraint \"old\" is built: EXTENT are indexed under AccessExclusiveLock.",
            reached: "SELECT string_agg(pg_get_constraintdef(oid), '') = 'PRIMARY KEY (b) INCLUDE (a)'
                        FROM pg_constraint WHERE conrelid = 'shop.pairs'::regclass AND conname = 'old'",
            ..BUILD
        },
        Case {
            rule: "add-primary-key",
            before: "CREATE UNIQUE INDEX CONCURRENTLY events_key ON shop.events (happened)",
            statement: "ALTER TABLE shop.events ADD CONSTRAINT events_key PRIMARY KEY USING INDEX events_key",
            sqlstate: "IL002",
            table: "events",
            column: Some("happened"),
            would: "scan TABLE while blocking reads and writes",
            detail: "Column \"happened\" of the primary key is not known to be NOT NULL, so every row is checked: \
                     EXTENT are read under AccessExclusiveLock.",
            reached: "SELECT attnotnull FROM pg_attribute WHERE attrelid = 'shop.events'::regclass AND attname = 'happened'",
            ..BUILD
        },
        Case {
            rule: "add-unique",
            statement: "ALTER TABLE shop.orders ADD UNIQUE (customer, total)",
            detail: "The index of the constraint on (customer, total) is built: EXTENT are indexed under AccessExclusiveLock.",
            reached: "SELECT contype = 'u' FROM pg_constraint WHERE conname = 'orders_customer_total_key'",
            ..BUILD
        },
        Case {
            rule: "add-unique",
            statement: "ALTER TABLE shop.orders ADD CONSTRAINT one_each
                        UNIQUE NULLS NOT DISTINCT (customer, total) INCLUDE (note) DEFERRABLE INITIALLY DEFERRED",
            constraint: Some("one_each"),
            detail: "The index of constraint \"one_each\" is built: EXTENT are indexed under AccessExclusiveLock.",
            reached: "SELECT condeferred AND indnullsnotdistinct AND indnkeyatts = 2 AND indnatts = 3
                      FROM pg_constraint JOIN pg_index ON indexrelid = conindid WHERE conname = 'one_each'",
            ..BUILD
        },
        Case {
            rule: "add-unique",
            statement: "ALTER TABLE shop.orders ADD CONSTRAINT first UNIQUE (customer) INCLUDE (note),
                        ADD CONSTRAINT second UNIQUE (total)",
            constraint: Some("second"),
            detail: "The index of constraint \"second\" is built: EXTENT are indexed under AccessExclusiveLock.",
            reached: "SELECT indnatts = 1 FROM pg_constraint JOIN pg_index ON indexrelid = conindid WHERE conname = 'second'",
            ..BUILD
        },
        Case {
            rule: "add-unique",
            statement: "ALTER TABLE shop.orders ADD COLUMN code text UNIQUE NULLS DISTINCT DEFERRABLE DEFAULT NULL",
            detail: "The index of the constraint on (code) is built: EXTENT are indexed under AccessExclusiveLock.",
            reached: "SELECT contype = 'u' AND condeferrable FROM pg_constraint WHERE conname = 'orders_code_key'",
            ..BUILD
        },
        Case {
            rule: "add-unique",
            statement: "ALTER TABLE shop.orders ADD COLUMN code text UNIQUE WITH (fillfactor = 70) USING INDEX TABLESPACE pg_default,
                        ADD COLUMN ean int CHECK (ean > 0) UNIQUE",
            detail: "The index of the constraint on (ean) is built: EXTENT are indexed under AccessExclusiveLock.",
            reached: "SELECT string_agg(conname, ' ' ORDER BY conname) =
                             'orders_code_key orders_ean_check orders_ean_key' AND bool_and(convalidated)
                             AND (SELECT reloptions = '{fillfactor=70}' FROM pg_class WHERE relname = 'orders_code_key')
                      FROM pg_constraint WHERE conname LIKE 'orders_code%' OR conname LIKE 'orders_ean%'",
            ..BUILD
        },
        Case {
            rule: "add-unique",
            statement: "ALTER TABLE shop.orders ADD UNIQUE (customer) USING INDEX TABLESPACE elsewhere",
            detail: "The index of the constraint on (customer) is built: EXTENT are indexed under AccessExclusiveLock.",
            reached: "SELECT spcname = 'elsewhere' FROM pg_tablespace AS t JOIN pg_class AS c ON c.reltablespace = t.oid
                      WHERE c.oid = 'shop.orders_customer_key'::regclass",
            ..BUILD
        },
        Case {
            rule: "add-exclusion",
            statement: "ALTER TABLE shop.orders ADD CONSTRAINT no_overlap EXCLUDE USING gist (span WITH &&)",
            constraint: Some("no_overlap"),
            detail: "The index of constraint \"no_overlap\" is built: EXTENT are indexed under AccessExclusiveLock.",
            way_out: WayOut::None("cannot be built beside writes"),
            ..BUILD
        },
        Case {
            rule: "alter-column-type",
            before: "CREATE INDEX CONCURRENTLY note_idx ON shop.orders (note)",
            statement: "ALTER TABLE shop.orders ALTER COLUMN note TYPE varchar(20) COLLATE \"POSIX\"",
            column: Some("note"),
            detail: "Column \"note\" changes from character varying(20) to character varying(20), and an index on it cannot \
                     be kept: EXTENT are indexed under AccessExclusiveLock.",
            way_out: Words(
                "DROP INDEX CONCURRENTLY, change the type",
                &[
                    "DROP INDEX CONCURRENTLY shop.note_idx",
                    "ALTER TABLE shop.orders ALTER COLUMN note TYPE varchar(20) COLLATE \"POSIX\"",
                    "CREATE INDEX CONCURRENTLY note_idx ON shop.orders (note)",
                ],
            ),
            reached: "SELECT indisvalid FROM pg_index WHERE indexrelid = 'shop.note_idx'::regclass",
            ..BUILD
        },
        Case {
            rule: "set-tablespace",
            before: "SET pg_interlock.size_threshold = '8kB'", // an index is judged by its size alone
            statement: "ALTER INDEX shop.orders_total_idx SET TABLESPACE elsewhere",
            sqlstate: "IL001",
            table: "orders_total_idx",
            would: "copy the files of TABLE while blocking reads and writes",
            detail: "The files move to tablespace \"elsewhere\": SIZE are copied under AccessExclusiveLock.",
            way_out: Hint(&[]),
            reached:
                "SELECT spcname = 'elsewhere' FROM pg_tablespace AS t JOIN pg_class AS c ON c.reltablespace = t.oid
                      WHERE c.oid = 'shop.orders_total_idx'::regclass",
            ..BUILD
        },
    ]
}
