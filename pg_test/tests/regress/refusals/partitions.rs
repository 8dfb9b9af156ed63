//! Partitions that join or leave. The way out leads through the very statement that was refused.

use super::{CASE, Case, WayOut};

const BOUND: &str =
    "The rows of the new partition are held against its bound: EXTENT are read under AccessExclusiveLock.";
const DEFAULT: &str = "The rows of the default partition are held against the bound of the new one: EXTENT are read under AccessExclusiveLock.";

const PARTITION: Case = Case {
    rule: "attach-partition",
    sqlstate: "IL004",
    table: "events",
    would: "scan TABLE while blocking reads and writes",
    detail: BOUND,
    ..CASE
};

pub fn cases() -> Vec<Case> {
    let mut cases = attach();
    cases.extend(beside_a_default());
    cases.push(detach());
    cases
}

fn attach() -> Vec<Case> {
    const REACHED: &str = "SELECT relispartition FROM pg_class WHERE oid = 'shop.events'::regclass";
    vec![
        Case {
            before: "CREATE TABLE shop.log (id int, happened int) PARTITION BY RANGE (id)",
            statement: "ALTER TABLE shop.log ATTACH PARTITION shop.events FOR VALUES FROM (1) TO (1000) -- the old ones; all",
            reached: "SELECT relispartition AND NOT EXISTS (SELECT FROM pg_constraint WHERE contype = 'c' AND conrelid = c.oid)
                      FROM pg_class AS c WHERE oid = 'shop.events'::regclass",
            ..PARTITION
        },
        Case {
            before: "CREATE TABLE shop.log (\"from\" int, id int) PARTITION BY LIST (\"from\");
                     CREATE TABLE shop.log_1 PARTITION OF shop.log FOR VALUES IN (1000, NULL)",
            statement: "/* ; */ ALTER TABLE IF EXISTS shop.log ATTACH PARTITION shop.\"Odd 'table'\" DEFAULT",
            table: "Odd 'table'",
            reached: "SELECT relispartition FROM pg_class WHERE oid = 'shop.\"Odd ''table''\"'::regclass",
            ..PARTITION
        },
        Case {
            before: "CREATE TABLE shop.log (id int, happened int) PARTITION BY HASH (id)",
            statement: "ALTER TABLE shop.log ATTACH PARTITION shop.events FOR VALUES WITH (MODULUS 1, REMAINDER 0)",
            reached: REACHED,
            ..PARTITION
        },
        Case {
            before: "CREATE TABLE shop.log (id int, happened int) PARTITION BY RANGE (id);
                     CREATE INDEX \"By time\" ON shop.log (happened DESC) WHERE happened > 0;
                     ALTER TABLE shop.log ADD PRIMARY KEY (id);
                     ALTER TABLE shop.log ADD UNIQUE (id, happened);
                     ALTER TABLE shop.log ADD CONSTRAINT to_customer FOREIGN KEY (happened) REFERENCES shop.customers ON DELETE CASCADE",
            statement: "ALTER TABLE shop.log ATTACH PARTITION shop.events FOR VALUES FROM (1) TO (1000)",
            would: "build an index on TABLE while blocking reads and writes",
            detail: "The new partition has no equal of index \"log_id_happened_key\" of the partitioned table: \
                     EXTENT are indexed under AccessExclusiveLock.",
            reached: "SELECT count(*) = 3 FROM pg_inherits AS i JOIN pg_index AS x ON x.indexrelid = i.inhrelid
                      WHERE x.indrelid = 'shop.events'::regclass AND x.indisvalid",
            ..PARTITION
        },
        Case {
            before: "CREATE TABLE shop.log (id int, happened int) PARTITION BY RANGE (id);
                     ALTER TABLE shop.log ADD CONSTRAINT to_customer FOREIGN KEY (happened) REFERENCES shop.customers;
                     ALTER TABLE shop.events ADD CONSTRAINT old CHECK (id > 0 AND id < 900) NOT VALID;
                     ALTER TABLE shop.events VALIDATE CONSTRAINT old",
            statement: "ALTER TABLE shop.log ATTACH PARTITION shop.events FOR VALUES FROM (1) TO (1000)",
            constraint: Some("to_customer"),
            detail: "Foreign key \"to_customer\" is checked for the rows of the new partition: \
                     EXTENT are read under AccessExclusiveLock.",
            reached: "SELECT conparentid <> 0 FROM pg_constraint WHERE conrelid = 'shop.events'::regclass AND contype = 'f'",
            ..PARTITION
        },
        Case {
            before: "CREATE TABLE shop.archive (id int NOT NULL, happened int) PARTITION BY RANGE (id);
                     ALTER TABLE shop.archive ATTACH PARTITION shop.events DEFAULT;
                     CREATE TABLE shop.log (happened int, id int) PARTITION BY RANGE (id)",
            statement: "ALTER TABLE shop.log ATTACH PARTITION shop.archive FOR VALUES FROM (1) TO (1000)",
            reached: "SELECT relispartition FROM pg_class WHERE oid = 'shop.archive'::regclass",
            ..PARTITION
        },
    ]
}

fn beside_a_default() -> Vec<Case> {
    const LOG: &str = "CREATE TABLE shop.log (happened int, id int) PARTITION BY RANGE (id);
                       ALTER TABLE shop.log ATTACH PARTITION shop.events DEFAULT;
                       CREATE TABLE shop.fresh (id int, happened int)";
    vec![
        Case {
            before: LOG,
            statement: "ALTER TABLE shop.log ATTACH PARTITION shop.fresh FOR VALUES FROM (1000) TO (2000)",
            would: "scan TABLE and 1 more while blocking reads and writes",
            detail: DEFAULT,
            reached: "SELECT relispartition FROM pg_class WHERE oid = 'shop.fresh'::regclass",
            ..PARTITION
        },
        Case {
            rule: "create-partition",
            before: LOG,
            statement: "CREATE TABLE shop.log_2 PARTITION OF shop.log FOR VALUES FROM (1000) TO (2000)",
            detail: DEFAULT,
            reached: "SELECT relispartition FROM pg_class WHERE oid = 'shop.log_2'::regclass",
            ..PARTITION
        },
    ]
}

fn detach() -> Case {
    Case {
        rule: "detach-partition",
        before: "CREATE TABLE shop.log (id int PRIMARY KEY) PARTITION BY RANGE (id);
                 CREATE TABLE shop.log_1 PARTITION OF shop.log FOR VALUES FROM (1) TO (1000);
                 CREATE TABLE shop.log_2 PARTITION OF shop.log FOR VALUES FROM (1000) TO (2000);
                 INSERT INTO shop.log SELECT generate_series(1, 200);
                 ALTER TABLE shop.events ADD CONSTRAINT to_log FOREIGN KEY (happened) REFERENCES shop.log NOT VALID;
                 ALTER TABLE shop.events VALIDATE CONSTRAINT to_log",
        statement: "ALTER TABLE shop.log DETACH PARTITION shop.log_2",
        constraint: Some("to_log"),
        would: "scan TABLE while blocking writes",
        detail: "No row may refer by foreign key \"to_log\" to the partition that leaves: EXTENT are read under ShareLock.",
        way_out: WayOut::Hint(&[]),
        reached: "SELECT convalidated AND NOT (SELECT relispartition FROM pg_class WHERE oid = 'shop.log_2'::regclass)
                  FROM pg_constraint WHERE conrelid = 'shop.events'::regclass AND conname = 'to_log'",
        ..PARTITION
    }
}
