//! ALTER COLUMN TYPE: indexes, CHECKs, foreign keys, statistics on the column or beside it, partitions and children.

use crate::case::{case, run};

const BASE: &str = "
    CREATE TABLE t (id int PRIMARY KEY, v varchar(10), w varchar(10), i int, a int[], ts timestamp);
    INSERT INTO t SELECT i, i::text, i::text, i, ARRAY[i], '2020-01-01' FROM generate_series(1, 300) i;
    CREATE TABLE parent (v varchar(10), i int);
    CREATE TABLE child () INHERITS (parent);
    INSERT INTO parent SELECT 'x', i FROM generate_series(1, 300) i;
    INSERT INTO child SELECT 'x', i FROM generate_series(1, 300) i;
    CREATE TABLE p (a int, v varchar(10), i int) PARTITION BY RANGE (a);
    CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (100);
    CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (1000) PARTITION BY RANGE (a);
    CREATE TABLE p2a PARTITION OF p2 FOR VALUES FROM (100) TO (1000);
    INSERT INTO p SELECT i, 'x', i FROM generate_series(1, 300) i;
";

const WIDER: &str = "ALTER TABLE t ALTER v TYPE varchar(20)";
const NARROWER: &str = "ALTER TABLE t ALTER v TYPE varchar(5)";
const BIGINT: &str = "ALTER TABLE t ALTER i TYPE bigint";
const TEXT: &str = "ALTER TABLE t ALTER v TYPE text";
const COLLATED: &str = "ALTER TABLE t ALTER v TYPE varchar(10) COLLATE \"C\"";

#[test]
fn indexes() {
    let indexes = [
        "CREATE INDEX x ON t (v)",
        "CREATE UNIQUE INDEX x ON t (v)",
        "CREATE INDEX x ON t (v DESC NULLS LAST)",
        "CREATE INDEX x ON t (v text_pattern_ops)",
        "CREATE INDEX x ON t (v varchar_pattern_ops)",
        "CREATE INDEX x ON t (v COLLATE \"POSIX\")",
        "CREATE INDEX x ON t (w, v)",
        "CREATE INDEX x ON t (w) INCLUDE (v)",
        "CREATE INDEX x ON t (v) WHERE i > 10",
        "CREATE INDEX x ON t (v) WHERE v > '1'",
        "CREATE INDEX x ON t (i) WHERE v > '1'",
        "CREATE INDEX x ON t (lower(v))",
        "CREATE INDEX x ON t ((v || 'x'))",
        "CREATE INDEX x ON t (w, lower(v))",
        "CREATE INDEX x ON t (v, lower(w))",
        "CREATE INDEX x ON t (v) WITH (fillfactor = 70)",
        "CREATE INDEX x ON t USING hash (v)",
        "CREATE INDEX x ON t USING brin (v)",
        "CREATE INDEX x ON t USING gin (to_tsvector('simple', v))",
        "CREATE INDEX x ON t (w)",
        "CREATE INDEX x ON t (lower(w)) WHERE w > '1'",
        "ALTER TABLE t ADD CONSTRAINT x UNIQUE (v)",
        "ALTER TABLE t ADD CONSTRAINT x UNIQUE (v) DEFERRABLE",
        "ALTER TABLE t ADD CONSTRAINT x UNIQUE (v) INCLUDE (w)",
        "ALTER TABLE t ADD CONSTRAINT x EXCLUDE USING btree (v WITH =)",
        "ALTER TABLE t ADD CONSTRAINT x EXCLUDE USING btree (v WITH =) WHERE (i > 0)",
        "ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (v)",
        "CREATE INDEX x ON t (v); ALTER TABLE t CLUSTER ON x",
        "CREATE UNIQUE INDEX x ON t (v); ALTER TABLE t ALTER v SET NOT NULL, REPLICA IDENTITY USING INDEX x",
    ];
    let mut cases = vec![];
    for index in indexes {
        for change in [WIDER, TEXT, COLLATED, NARROWER] {
            cases.push(case(change).given(index));
        }
    }
    let of_others = [
        "CREATE INDEX x ON t (i)",
        "CREATE INDEX x ON t (i) INCLUDE (v)",
        "CREATE INDEX x ON t (v)",
        "CREATE INDEX x ON t ((i + 1))",
    ];
    cases.extend(of_others.iter().map(|index| case(BIGINT).given(*index)));
    let unusual = [
        (
            "ALTER TABLE t ALTER a TYPE bigint[]",
            "CREATE INDEX x ON t USING gin (a)",
        ),
        ("ALTER TABLE t ALTER a TYPE int[]", "CREATE INDEX x ON t USING gin (a)"),
        ("ALTER TABLE t ALTER a TYPE oid[]", "CREATE INDEX x ON t USING gin (a)"),
        ("ALTER TABLE t ALTER a TYPE oid[]", "CREATE INDEX x ON t (a)"),
        ("ALTER TABLE t ALTER i TYPE oid", "CREATE INDEX x ON t (i)"),
        ("ALTER TABLE t ALTER i TYPE oid", "CREATE INDEX x ON t (i int4_ops)"),
        ("ALTER TABLE t ALTER i TYPE oid", "CREATE INDEX x ON t USING hash (i)"),
        (
            "SET LOCAL timezone = 'UTC'; ALTER TABLE t ALTER ts TYPE timestamptz",
            "CREATE INDEX x ON t (ts)",
        ),
        ("ALTER TABLE t ALTER id TYPE oid", ""),
        ("ALTER TABLE t ALTER id TYPE bigint", ""),
        (
            "ALTER TABLE t ALTER v TYPE varchar(20), ALTER w TYPE varchar(5)",
            "CREATE INDEX x ON t (v)",
        ),
        (
            "ALTER TABLE t ALTER v TYPE varchar(20), ALTER w TYPE text",
            "CREATE INDEX x ON t (v, w)",
        ),
        (
            "ALTER TABLE t ALTER v TYPE varchar(20), ADD n float DEFAULT random()",
            "CREATE INDEX x ON t (v)",
        ),
        (
            "ALTER TABLE t ALTER v TYPE varchar(20), DROP COLUMN w",
            "CREATE INDEX x ON t (v); CREATE INDEX y ON t (v, w)",
        ),
        (
            "ALTER TABLE t ALTER v TYPE varchar(20), DROP COLUMN w",
            "ALTER TABLE t ADD CHECK (v <> w || 'x')",
        ),
        (
            "ALTER TABLE t ALTER v TYPE varchar(20), DROP COLUMN w",
            "ALTER TABLE t ADD CHECK (v <> ''), ADD CHECK (w <> '')",
        ),
    ];
    cases.extend(unusual.iter().map(|(change, index)| {
        if change.starts_with("SET LOCAL") {
            case("ALTER TABLE t ALTER ts TYPE timestamptz")
                .given(*index)
                .set("SET timezone = 'UTC'")
        } else {
            case(*change).given(*index).if_possible()
        }
    }));
    run(BASE, cases);
}

/// Its collation first, its type then: more the server does not let one change twice.
#[test]
fn column_changed_twice() {
    let changes = [
        "ALTER v TYPE varchar(10) COLLATE \"POSIX\", ALTER v TYPE text",
        "ALTER v TYPE varchar(10) COLLATE \"POSIX\", ALTER v TYPE text COLLATE \"POSIX\"",
        "ALTER v TYPE varchar(10) COLLATE \"POSIX\", ALTER v TYPE varchar(10)",
        "ALTER v TYPE varchar(10) COLLATE \"POSIX\", ALTER v TYPE varchar(5)",
        "ALTER v TYPE varchar(10), ALTER v TYPE varchar(20) COLLATE \"POSIX\"",
        "ALTER v TYPE varchar(10), ALTER v TYPE varchar(10), ALTER w TYPE text",
        "ALTER v TYPE varchar(10) USING w, ALTER v TYPE text",
    ];
    let found = [
        "CREATE INDEX x ON t (v)",
        "CREATE INDEX x ON t (v, w)",
        "CREATE INDEX x ON t (v COLLATE \"POSIX\")",
        "ALTER TABLE t ADD CONSTRAINT k UNIQUE (v); CREATE TABLE r (v varchar(10) REFERENCES t (v));
         INSERT INTO r SELECT v FROM t",
    ];
    let cases = changes
        .iter()
        .flat_map(|change| found.map(|found| case(format!("ALTER TABLE t {change}")).given(found).if_possible()));
    run(BASE, cases.collect());
}

#[test]
fn constraints_and_statistics() {
    let mut cases = vec![];
    for given in [
        "ALTER TABLE t ADD CHECK (v <> 'y')",
        "ALTER TABLE t ADD CHECK (v <> 'y') NOT VALID",
        "ALTER TABLE t ADD CHECK (w <> 'y')",
        "ALTER TABLE t ADD CHECK (v = w)",
        "ALTER TABLE t ADD CHECK (v <> 'y'); CREATE INDEX x ON t (v)",
        "CREATE STATISTICS st ON v, w FROM t",
        "CREATE STATISTICS st ON w, i FROM t",
        "CREATE STATISTICS st ON (lower(v)), w FROM t",
        "COMMENT ON COLUMN t.v IS 'x'",
    ] {
        for change in [WIDER, NARROWER] {
            cases.push(case(change).given(given));
        }
    }
    cases.push(
        case(WIDER)
            .given("ALTER TABLE t ADD CHECK (v <> 'y') NOT ENFORCED")
            .from(18),
    );
    cases.push(case(WIDER).given("ALTER TABLE t ADD CHECK (v <> 'y'), ADD CHECK (length(v) < 50)"));
    run(BASE, cases);
}

#[test]
fn foreign_keys() {
    let codes = "CREATE TABLE codes (code varchar(10) PRIMARY KEY, n int UNIQUE);
                 INSERT INTO codes SELECT i::text, i FROM generate_series(1, 300) i;";
    let refers = |more: &str| format!("{codes} ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (v) REFERENCES codes {more}");
    let number =
        |more: &str| format!("{codes} ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (i) REFERENCES codes (n) {more}");
    let mut cases = vec![];
    for more in ["", "NOT VALID", "ON DELETE CASCADE DEFERRABLE"] {
        for change in [
            WIDER,
            NARROWER,
            TEXT,
            "ALTER TABLE codes ALTER code TYPE varchar(20)",
            "ALTER TABLE codes ALTER code TYPE text",
            "ALTER TABLE codes ALTER code TYPE varchar(5)",
            "ALTER TABLE t ALTER w TYPE varchar(20)",
        ] {
            cases.push(case(change).given(refers(more)));
        }
    }
    for change in [
        BIGINT,
        "ALTER TABLE codes ALTER n TYPE bigint",
        "ALTER TABLE t ALTER i TYPE int",
    ] {
        cases.push(case(change).given(number("")));
        cases.push(case(change).given(number("NOT VALID")));
    }
    cases.extend([
        case(BIGINT).given(number("NOT ENFORCED")).from(18),
        case(WIDER).given(refers("NOT ENFORCED")).from(18),
        case(COLLATED).given(refers("")),
        case("ALTER TABLE codes ALTER code TYPE varchar(10) COLLATE \"C\"").given(refers("")),
        case("ALTER TABLE codes ALTER code TYPE varchar(20)").given(format!(
            "{} ; ALTER TABLE parent ADD FOREIGN KEY (v) REFERENCES codes NOT VALID",
            refers("")
        )),
        case("ALTER TABLE t ALTER id TYPE bigint").given("ALTER TABLE t ADD FOREIGN KEY (i) REFERENCES t"),
        case("ALTER TABLE t ALTER i TYPE bigint").given("ALTER TABLE t ADD FOREIGN KEY (i) REFERENCES t"),
        case("ALTER TABLE t ALTER i TYPE bigint, ALTER id TYPE bigint")
            .given("ALTER TABLE t ADD FOREIGN KEY (i) REFERENCES t"),
        case("ALTER TABLE t ALTER i TYPE oid").given(number("")).if_possible(),
        case("ALTER TABLE p ALTER v TYPE varchar(20)").given(format!(
            "{codes} INSERT INTO codes VALUES ('x', 0); ALTER TABLE p ADD FOREIGN KEY (v) REFERENCES codes"
        )),
        case("ALTER TABLE p ALTER i TYPE bigint").given(format!(
            "{codes} ALTER TABLE p ADD FOREIGN KEY (i) REFERENCES codes (n)"
        )),
        case("ALTER TABLE codes ALTER n TYPE bigint").given(format!(
            "{codes} ALTER TABLE p ADD FOREIGN KEY (i) REFERENCES codes (n)"
        )),
        case("ALTER TABLE keyed ALTER b TYPE bigint").given(
            "CREATE TABLE keyed (a int, b int, PRIMARY KEY (a, b)) PARTITION BY RANGE (a);
             CREATE TABLE keyed1 PARTITION OF keyed FOR VALUES FROM (1) TO (1000);
             INSERT INTO keyed SELECT i, i FROM generate_series(1, 300) i;
             ALTER TABLE t ADD FOREIGN KEY (id, i) REFERENCES keyed",
        ),
    ]);
    run(BASE, cases);
}

/// A table that is rewritten anyhow has its foreign keys checked anew, unless the rewrite becomes known too late.
#[test]
fn foreign_keys_beside_other_subcommands() {
    let codes = "CREATE TABLE codes (code varchar(10) PRIMARY KEY, n int);
                 INSERT INTO codes SELECT i::text, i FROM generate_series(1, 300) i;
                 ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (v) REFERENCES codes;";
    let mut cases = vec![];
    for (table, column, other) in [("codes", "code", "n"), ("t", "v", "i")] {
        for beside in [
            format!("ALTER {other} TYPE bigint"),
            format!("ALTER {other} TYPE int"),
            format!("ALTER {other} TYPE oid USING {other}::oid"),
            "ADD COLUMN lucky float DEFAULT random()".to_owned(),
            "SET LOGGED".to_owned(),
            "SET ACCESS METHOD heap".to_owned(),
        ] {
            for change in ["varchar(20)", "text"] {
                let change = format!("ALTER {column} TYPE {change}");
                cases.push(case(format!("ALTER TABLE {table} {beside}, {change}")).given(codes));
                cases.push(case(format!("ALTER TABLE {table} {change}, {beside}")).given(codes));
            }
        }
    }
    let unlogged = format!("{codes} ALTER TABLE t SET UNLOGGED");
    let method = format!(
        "{codes} DROP ACCESS METHOD IF EXISTS he CASCADE; CREATE ACCESS METHOD he TYPE TABLE HANDLER heap_tableam_handler"
    );
    cases.extend([
        case("ALTER TABLE t SET LOGGED, ALTER v TYPE varchar(20)").given(unlogged.as_str()),
        case("ALTER TABLE t ALTER v TYPE text, SET LOGGED").given(unlogged.as_str()),
        case("ALTER TABLE codes SET ACCESS METHOD he, ALTER code TYPE varchar(20)").given(method.as_str()),
        case("ALTER TABLE codes DROP CONSTRAINT codes_pkey CASCADE, ALTER code TYPE varchar(5)").given(codes),
        case("ALTER TABLE codes DROP CONSTRAINT codes_pkey CASCADE, ALTER code TYPE varchar(20), ALTER n TYPE bigint")
            .given(codes),
        case("ALTER TABLE t DROP CONSTRAINT k, ALTER v TYPE varchar(20), ALTER i TYPE bigint").given(codes),
        case("ALTER TABLE parent ALTER i TYPE bigint, ALTER v TYPE varchar(20)").given(format!(
            "{codes} INSERT INTO codes VALUES ('x'); ALTER TABLE child ADD FOREIGN KEY (v) REFERENCES codes"
        )),
        case("ALTER TABLE p ALTER i TYPE bigint, ALTER v TYPE varchar(20)").given(format!(
            "{codes} INSERT INTO codes VALUES ('x'); ALTER TABLE p ADD FOREIGN KEY (v) REFERENCES codes"
        )),
    ]);
    run(BASE, cases);
}

#[test]
fn families() {
    let cases = vec![
        case("ALTER TABLE parent ALTER v TYPE varchar(20)"),
        case("ALTER TABLE parent ALTER v TYPE varchar(5)"),
        case("ALTER TABLE parent ALTER v TYPE varchar(20)")
            .given("CREATE INDEX x ON child (v); CREATE INDEX y ON parent (v)"),
        case("ALTER TABLE parent ALTER i TYPE bigint")
            .given("CREATE INDEX x ON child (v); ALTER TABLE parent ADD CHECK (i > 0)"),
        case("ALTER TABLE parent ALTER v TYPE varchar(20)").given("ALTER TABLE parent ADD CHECK (v <> '')"),
        case("ALTER TABLE parent ALTER v TYPE varchar(20)").given("ALTER TABLE child ADD CHECK (v <> '')"),
        case("ALTER TABLE ONLY parent ALTER v TYPE varchar(20)").if_possible(),
        case("ALTER TABLE child ALTER v TYPE varchar(20)").if_possible(),
        case("ALTER TABLE p ALTER v TYPE varchar(20)"),
        case("ALTER TABLE p ALTER v TYPE varchar(5)"),
        case("ALTER TABLE p ALTER v TYPE varchar(20)").given("CREATE INDEX x ON p (v)"),
        case("ALTER TABLE p ALTER v TYPE varchar(5)").given("CREATE INDEX x ON p (v)"),
        case("ALTER TABLE p ALTER v TYPE varchar(20)").given("CREATE INDEX x ON p (lower(v))"),
        case("ALTER TABLE p ALTER v TYPE varchar(20)")
            .given("CREATE INDEX own ON p1 (lower(v)); CREATE INDEX x ON p (lower(v))"),
        case("ALTER TABLE p ALTER i TYPE bigint").given("CREATE INDEX own ON p1 (i); CREATE INDEX x ON p (i)"),
        case("ALTER TABLE p ALTER v TYPE varchar(20)").given("CREATE INDEX x ON p1 (v) WHERE v > ''"),
        case("ALTER TABLE p ALTER i TYPE bigint").given("CREATE INDEX x ON p (i); CREATE INDEX y ON p1 (a)"),
        case("ALTER TABLE p ALTER v TYPE varchar(20)").given("ALTER TABLE p ADD CHECK (v <> '')"),
        case("ALTER TABLE p ALTER v TYPE varchar(20)").given("ALTER TABLE p ADD UNIQUE (a, v)"),
        case("ALTER TABLE p ALTER v TYPE text").given("CREATE STATISTICS st ON v, i FROM p1"),
        case("ALTER TABLE p1 ALTER v TYPE text").if_possible(),
    ];
    run(BASE, cases);
}
