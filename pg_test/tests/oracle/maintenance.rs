//! CLUSTER, REFRESH, TRUNCATE, ANALYZE, in a transaction; VACUUM and partitioned CLUSTER are in `watched`.

use crate::case::{case, run};

const BASE: &str = "
    CREATE TABLE t (id serial PRIMARY KEY, a int, b text);
    INSERT INTO t (a, b) SELECT i, 'x' FROM generate_series(1, 300) i;
    CREATE INDEX t_a ON t (a);
    CREATE TABLE r (id int PRIMARY KEY, t int REFERENCES t);
    INSERT INTO r SELECT i, i FROM generate_series(1, 300) i;
    CREATE TABLE rr (id int, r int REFERENCES r);
    INSERT INTO rr SELECT i, i FROM generate_series(1, 300) i;
    CREATE TABLE alone (id int GENERATED ALWAYS AS IDENTITY, a int);
    INSERT INTO alone (a) SELECT generate_series(1, 300);
    CREATE MATERIALIZED VIEW mv AS SELECT * FROM t;
    CREATE MATERIALIZED VIEW mvi AS SELECT * FROM t;
    CREATE UNIQUE INDEX mvi_id ON mvi (id);
    CREATE TABLE parent (a int);
    CREATE TABLE child () INHERITS (parent);
    INSERT INTO parent SELECT generate_series(1, 300);
    INSERT INTO child SELECT generate_series(1, 300);
    CREATE TABLE p (a int, b int) PARTITION BY RANGE (a);
    CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (100);
    CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (1000) PARTITION BY RANGE (a);
    CREATE TABLE p2a PARTITION OF p2 FOR VALUES FROM (100) TO (1000);
    INSERT INTO p SELECT i, i FROM generate_series(1, 300) i;
    CREATE INDEX p_b ON p (b);
";

#[test]
fn copies() {
    let cases = vec![
        case("CLUSTER t USING t_a"),
        case("CLUSTER t USING t_pkey"),
        case("CLUSTER t").given("ALTER TABLE t CLUSTER ON t_a"),
        case("CLUSTER (VERBOSE) app.t USING t_a"),
        case("CLUSTER p1").given("ALTER TABLE p1 CLUSTER ON p1_b_idx"),
        case("CLUSTER mvi USING mvi_id"),
        case("REFRESH MATERIALIZED VIEW mv"),
        case("REFRESH MATERIALIZED VIEW mvi"),
        case("REFRESH MATERIALIZED VIEW mv WITH NO DATA"),
        case("REFRESH MATERIALIZED VIEW mvi WITH NO DATA"),
        case("REFRESH MATERIALIZED VIEW CONCURRENTLY mvi"),
        case("REFRESH MATERIALIZED VIEW mvi").given("REFRESH MATERIALIZED VIEW mvi"),
        case("ANALYZE t"),
        case("ANALYZE t (a)"),
        case("ANALYZE t, r"),
        case("ANALYZE parent"),
        case("ANALYZE ONLY parent").from(18),
        case("ANALYZE p"),
        case("ANALYZE ONLY p").from(18),
        case("ANALYZE p1"),
        case("ANALYZE mv"),
    ];
    run(BASE, cases);
}

#[test]
fn truncate() {
    let cases = vec![
        case("TRUNCATE alone"),
        case("TRUNCATE TABLE alone CONTINUE IDENTITY"),
        case("TRUNCATE alone RESTART IDENTITY"),
        case("TRUNCATE rr"),
        case("TRUNCATE t, r, rr"),
        case("TRUNCATE t CASCADE"),
        case("TRUNCATE t RESTART IDENTITY CASCADE"),
        case("TRUNCATE r CASCADE"),
        case("TRUNCATE parent"),
        case("TRUNCATE ONLY parent"),
        case("TRUNCATE child"),
        case("TRUNCATE ONLY parent, parent"),
        case("TRUNCATE parent, ONLY parent"),
        case("TRUNCATE child, parent"),
        case("TRUNCATE p"),
        case("TRUNCATE p1"),
        case("TRUNCATE p2"),
        case("TRUNCATE p CASCADE").given(
            "CREATE UNIQUE INDEX ON p (a); CREATE TABLE f (a int REFERENCES p (a)); INSERT INTO f VALUES (1);",
        ),
        case("TRUNCATE p1 CASCADE").given(
            "CREATE UNIQUE INDEX ON p (a); CREATE TABLE f (a int REFERENCES p (a)); INSERT INTO f VALUES (1);",
        ),
        case("TRUNCATE t CASCADE").given(
            "CREATE TABLE f (t int REFERENCES t) PARTITION BY LIST (t); CREATE TABLE f1 PARTITION OF f DEFAULT;
             INSERT INTO f VALUES (1)",
        ),
        case("TRUNCATE self").given("CREATE TABLE self (id int PRIMARY KEY, up int REFERENCES self); INSERT INTO self VALUES (1, 1)"),
        case("TRUNCATE wide").given("CREATE TABLE wide (a text); INSERT INTO wide SELECT repeat(md5(i::text), 400) FROM generate_series(1, 30) i"),
        // A partition of the referenced table: it is the whole that the partitions of the referencing one refer to.
        case("TRUNCATE whole1 CASCADE").given(
            "CREATE TABLE whole (id int PRIMARY KEY) PARTITION BY RANGE (id);
             CREATE TABLE whole1 PARTITION OF whole DEFAULT;
             INSERT INTO whole VALUES (1);
             CREATE TABLE parts (id int REFERENCES whole) PARTITION BY RANGE (id);
             CREATE TABLE parts1 PARTITION OF parts DEFAULT;
             INSERT INTO parts VALUES (1)",
        ),
        case("TRUNCATE s RESTART IDENTITY").given(
            "CREATE TABLE s (a serial, b serial, c int); INSERT INTO s (c) SELECT generate_series(1, 300);
             CREATE SEQUENCE owned OWNED BY s.c; SELECT nextval('owned')",
        ),
    ];
    run(BASE, cases);
}
