//! CREATE INDEX, DROP INDEX and REINDEX in a transaction; the concurrent forms are in `watched`.

use crate::case::{case, run};

const BASE: &str = "
    CREATE TABLE t (id int PRIMARY KEY, a int, b text);
    INSERT INTO t SELECT i, i, repeat('x', 10) FROM generate_series(1, 300) i;
    CREATE INDEX t_a ON t (a);
    CREATE INDEX \"T b\" ON t (b);
    CREATE MATERIALIZED VIEW mv AS SELECT * FROM t;
    CREATE INDEX mv_a ON mv (a);
    CREATE TABLE parent (a int);
    CREATE TABLE child () INHERITS (parent);
    INSERT INTO parent SELECT generate_series(1, 300);
    INSERT INTO child SELECT generate_series(1, 300);
    CREATE TABLE p (a int, b int) PARTITION BY RANGE (a);
    CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (100);
    CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (1000) PARTITION BY RANGE (a);
    CREATE TABLE p2a PARTITION OF p2 FOR VALUES FROM (100) TO (1000);
    INSERT INTO p SELECT i, i FROM generate_series(1, 300) i;
    CREATE FUNCTION inlined(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
    CREATE FUNCTION f(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1; END';
";

#[test]
fn create() {
    let cases = vec![
        case("CREATE INDEX ON t (a)"),
        case("CREATE INDEX n ON t (a, b)"),
        case("CREATE UNIQUE INDEX n ON t (a)"),
        case("CREATE INDEX n ON t (a) WHERE a > 10"),
        case("CREATE INDEX n ON t (f(a))"),
        case("CREATE INDEX n ON t USING hash (b)"),
        case("CREATE INDEX n ON t USING gin (to_tsvector('simple', b))"),
        case("CREATE INDEX n ON t (a) INCLUDE (b) WITH (fillfactor = 50)"),
        case("CREATE INDEX n ON ONLY t (a)"),
        case("CREATE INDEX IF NOT EXISTS t_a ON t (b)"),
        case("CREATE INDEX IF NOT EXISTS t ON t (b)"),
        case("CREATE INDEX IF NOT EXISTS n ON t (b)"),
        case("CREATE INDEX n ON app.t (a)").set("SET search_path = pg_catalog"),
        case("CREATE INDEX n ON mv (b)"),
        case("CREATE UNIQUE INDEX n ON mv (id)"),
        case("CREATE INDEX n ON parent (a)"),
        case("CREATE INDEX n ON child (a)"),
        case("CREATE INDEX n ON p (b)"),
        case("CREATE UNIQUE INDEX n ON p (a, b)"),
        case("CREATE INDEX n ON ONLY p (b)"),
        case("CREATE INDEX n ON p2 (b)"),
        case("CREATE INDEX n ON p1 (b)"),
        case("ALTER INDEX x ALTER COLUMN 1 SET STATISTICS 100").given("CREATE INDEX x ON p ((b + 1))"),
        case("ALTER INDEX x SET TABLESPACE pg_default").given("CREATE INDEX x ON p ((b + 1))"),
        case("CREATE INDEX n ON p (b)").given("CREATE INDEX ON p1 (b)"),
        case("CREATE INDEX n ON p (b)").given("CREATE INDEX ON p2a (b)"),
        case("CREATE INDEX n ON p (b)").given("CREATE INDEX ON p2 (b)"),
        case("CREATE INDEX n ON p (b)").given("CREATE INDEX ON p1 (b); CREATE INDEX ON p2 (b)"),
        case("CREATE INDEX n ON p (b)").given("CREATE INDEX ON p1 (b DESC)"),
        case("CREATE INDEX n ON p (inlined(b))")
            .given("CREATE INDEX ON p1 (inlined(b)); CREATE INDEX ON p2a (inlined(b))"),
        case("CREATE INDEX n ON p (b) WHERE b > 1 + 1").given("CREATE INDEX ON p1 (b) WHERE b > 2"),
        case("CREATE INDEX n ON p (b) WHERE b > 2 AND (a > 5 OR a > 5 AND b < 7)")
            .given("CREATE INDEX ON p1 (b) WHERE b > 2 AND (a > 5 OR a > 5 AND b < 7)"),
        case("CREATE INDEX n ON p (b)").given("CREATE UNIQUE INDEX ON p1 (b)"),
        case("CREATE INDEX n ON p (b)").given("CREATE INDEX ON p1 (b) WHERE b > 0"),
        case("CREATE INDEX n ON p (b)").given("CREATE INDEX ON p1 (b, a)"),
        case("CREATE INDEX n ON p (b)").given("CREATE INDEX ON p1 (b) INCLUDE (a)"),
        case("CREATE INDEX n ON p (b)").given("CREATE INDEX ON p1 USING hash (b)"),
        case("CREATE INDEX n ON p (b) WHERE b > 0").given("CREATE INDEX ON p1 (b) WHERE b > 0"),
        case("CREATE INDEX n ON p (f(b))").given("CREATE INDEX ON p1 (f(b))"),
        case("CREATE INDEX n ON p (b)").given("CREATE INDEX l ON p (b)"),
        case("CREATE INDEX n ON p (b)").given("ALTER TABLE p1 ADD UNIQUE (b)"),
        case("CREATE INDEX IF NOT EXISTS l ON p (b)").given("CREATE INDEX l ON p (b)"),
        case("CREATE INDEX n ON p (b)").given(
            "CREATE TABLE other (c int, b int, a int); INSERT INTO other VALUES (1, 1, 2000);
             CREATE INDEX ON other (b); ALTER TABLE other DROP c;
             ALTER TABLE p ATTACH PARTITION other FOR VALUES FROM (1000) TO (3000)",
        ),
    ];
    run(BASE, cases);
}

#[test]
fn drop() {
    let cases = vec![
        case("DROP INDEX t_a"),
        case("DROP INDEX \"T b\""),
        case("DROP INDEX app.t_a, app.\"T b\""),
        case("DROP INDEX IF EXISTS t_a"),
        case("DROP INDEX IF EXISTS absent"),
        case("DROP INDEX IF EXISTS absent, t_a"),
        case("DROP INDEX t_a CASCADE"),
        case("DROP INDEX mv_a"),
        case("DROP INDEX x").given("CREATE INDEX x ON p (b)"),
        case("DROP INDEX x").given("CREATE INDEX x ON p2 (b)"),
        case("DROP INDEX x").given("CREATE INDEX x ON p1 (b)"),
        case("DROP INDEX x").given("CREATE INDEX x ON ONLY p (b)"),
        case("DROP INDEX x CASCADE")
            .given("CREATE UNIQUE INDEX x ON t (a); CREATE TABLE r (a int REFERENCES t (a)); INSERT INTO r VALUES (1)"),
        case("DROP INDEX x, t_a").given("CREATE INDEX x ON p (b)"),
    ];
    run(BASE, cases);
}

#[test]
fn rebuild_and_alter() {
    let cases = vec![
        case("REINDEX INDEX t_a"),
        case("REINDEX INDEX \"T b\""),
        case("REINDEX INDEX t_pkey"),
        case("REINDEX TABLE t"),
        case("REINDEX (VERBOSE) TABLE app.t"),
        case("REINDEX TABLE mv"),
        case("REINDEX INDEX mv_a"),
        case("REINDEX TABLE parent").given("CREATE INDEX ON parent (a); CREATE INDEX ON child (a)"),
        case("REINDEX TABLE child"),
        case("REINDEX TABLE p1").given("CREATE INDEX x ON p (b)"),
        case("REINDEX TABLE wide").given("CREATE TABLE wide (a text); INSERT INTO wide SELECT repeat(md5(i::text), 400) FROM generate_series(1, 300) i; CREATE INDEX ON wide (left(a, 10))"),
        case("ALTER INDEX t_a SET (fillfactor = 50)"),
        case("ALTER INDEX t_a RESET (fillfactor)"),
        case("ALTER INDEX t_a SET (deduplicate_items = off)"),
        case("ALTER INDEX x SET (fastupdate = off)").given("CREATE INDEX x ON t USING gin (to_tsvector('simple', b))"),
        case("ALTER INDEX x ALTER COLUMN 1 SET STATISTICS 100").given("CREATE INDEX x ON t (f(a))"),
        case("ALTER INDEX x ATTACH PARTITION y").given("CREATE INDEX x ON ONLY p (b); CREATE INDEX y ON p1 (b)"),
        case("ALTER INDEX x SET (gin_pending_list_limit = 128)")
            .given("CREATE INDEX x ON t USING gin (to_tsvector('simple', b))"),
        case("ALTER INDEX x RESET (fastupdate, gin_pending_list_limit)")
            .given("CREATE INDEX x ON t USING gin (to_tsvector('simple', b)) WITH (fastupdate = off)"),
        case("ALTER INDEX x SET (pages_per_range = 4)").given("CREATE INDEX x ON t USING brin (a)"),
        case("ALTER INDEX x SET (autosummarize = on)").given("CREATE INDEX x ON t USING brin (a)"),
        case("ALTER INDEX x SET (fillfactor = 70)").given("CREATE INDEX x ON t USING hash (a)"),
        case("ALTER INDEX x SET (buffering = on)").given("CREATE INDEX x ON t USING gist (int4range(a, a + 1))"),
        case("ALTER INDEX x SET (fillfactor = 70, buffering = on)")
            .given("CREATE INDEX x ON t USING gist (int4range(a, a + 1))"),
        case("ALTER TABLE t_a SET (fillfactor = 50)"),
        case("ALTER TABLE t CLUSTER ON t_a"),
        case("ALTER TABLE t SET WITHOUT CLUSTER"),
    ];
    run(BASE, cases);
}
