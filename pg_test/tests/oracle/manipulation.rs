//! INSERT, UPDATE, DELETE, MERGE: the lock on their targets.

use crate::case::{case, run};

const BASE: &str = "
    CREATE TABLE t (id int PRIMARY KEY, a int);
    INSERT INTO t SELECT i, i FROM generate_series(1, 300) i;
    CREATE TABLE source (id int, a int);
    INSERT INTO source SELECT i, i FROM generate_series(200, 400) i;
    CREATE TABLE parent (a int PRIMARY KEY);
    CREATE TABLE child (PRIMARY KEY (a)) INHERITS (parent);
    INSERT INTO parent SELECT generate_series(1, 300);
    INSERT INTO child SELECT generate_series(1, 300);
    CREATE TABLE p (a int, b int, PRIMARY KEY (a, b)) PARTITION BY RANGE (a);
    CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (100);
    CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (1000);
    INSERT INTO p SELECT i, i FROM generate_series(1, 300) i;
    CREATE INDEX ON p (b);
";

#[test]
fn targets() {
    let cases = vec![
        case("INSERT INTO t VALUES (1000, 1)"),
        case("INSERT INTO t SELECT id + 1000, a FROM source"),
        case("INSERT INTO t VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET a = 2"),
        case("WITH s AS (SELECT * FROM source) INSERT INTO t SELECT id + 1000, a FROM s"),
        case("UPDATE t SET a = 0 WHERE id < 0"),
        case("UPDATE app.t SET a = s.a FROM source s WHERE s.id = t.id AND s.id < 0"),
        case("DELETE FROM t WHERE id < 0"),
        case("DELETE FROM ONLY parent WHERE a < 0"),
        case("UPDATE parent SET a = 1 WHERE a < 0"),
        case("INSERT INTO parent VALUES (1000)"),
        case("UPDATE p SET b = 1 WHERE b < 0"),
        case("DELETE FROM p WHERE b < 0"),
        case("MERGE INTO t USING source s ON s.id = t.id WHEN MATCHED THEN DO NOTHING"),
        case("SELECT * FROM t WHERE id < 0"),
    ];
    // Whether a table is read from end to end is the planner's business.
    run(
        BASE,
        cases
            .into_iter()
            .map(|case| case.set("SET enable_seqscan = off"))
            .collect(),
    );
}
