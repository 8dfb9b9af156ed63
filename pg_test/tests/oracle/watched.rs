//! Statements that cannot run in a transaction block, watched from other sessions.

use crate::case::{case, run};

/// An index on `gate(n, column)` cannot be built while `GATE` holds advisory lock n: the build waits, and the locks taken by then
/// can be seen.
const BASE: &str = "
    CREATE FUNCTION gate(n int, of_row int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
        'BEGIN PERFORM pg_catalog.pg_advisory_xact_lock_shared(n); RETURN n; END';
    CREATE TABLE t (id int PRIMARY KEY, a int);
    INSERT INTO t SELECT i, i FROM generate_series(1, 300) i;
    CREATE INDEX t_a ON t (a);
    CREATE TABLE gated (id int PRIMARY KEY, a int);
    INSERT INTO gated SELECT i, i FROM generate_series(1, 300) i;
    CREATE INDEX gated_a ON gated (a);
    CREATE INDEX gated_last ON gated (gate(1, id));
    CREATE TABLE p (a int, b int) PARTITION BY RANGE (a);
    CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (100);
    CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (1000);
    INSERT INTO p SELECT i, i FROM generate_series(1, 300) i;
    CREATE INDEX p_b ON p (b);
    CREATE INDEX p1_gate ON p1 (gate(11, a));
    CREATE INDEX p2_gate ON p2 (gate(12, a));
    CREATE TABLE parent (a int);
    CREATE TABLE child () INHERITS (parent);
    INSERT INTO parent SELECT generate_series(1, 300);
    INSERT INTO child SELECT generate_series(1, 300);
";
const GATE: &str = "SELECT pg_advisory_xact_lock(1)";
const GATE_P1: &str = "SELECT pg_advisory_xact_lock(11)";
const GATE_P2: &str = "SELECT pg_advisory_xact_lock(12)";
/// ShareUpdateExclusiveLock on an index, which LOCK TABLE cannot take.
const INDEX_P1: &str = "COMMENT ON INDEX app.p1_b_idx IS ''";
const INDEX_P2: &str = "COMMENT ON INDEX app.p2_b_idx IS ''";
/// What looking for partitions reads.
const PARTITIONS: &str = "LOCK TABLE pg_catalog.pg_inherits IN ACCESS EXCLUSIVE MODE";
/// The last thing that dropping a relation does.
const CATALOG: &str = "LOCK TABLE pg_catalog.pg_attribute IN SHARE MODE";

const OF_OTHERS: &str = "DO $$ BEGIN CREATE ROLE of_parent; EXCEPTION WHEN duplicate_object THEN END $$;
    GRANT ALL ON SCHEMA app TO of_parent; ALTER TABLE p OWNER TO of_parent; ALTER TABLE p1 OWNER TO of_parent";
const EXCLUDING: &str = "CREATE TABLE excluding (id int PRIMARY KEY, r int4range, EXCLUDE USING gist (r WITH &&));
    INSERT INTO excluding SELECT i, int4range(i, i + 1) FROM generate_series(1, 300) i";
const EXCLUDING_IN_SCHEMA: &str = "CREATE SCHEMA other;
    CREATE TABLE other.excluding (id int PRIMARY KEY, r int4range, EXCLUDE USING gist (r WITH &&));
    INSERT INTO other.excluding SELECT i, int4range(i, i + 1) FROM generate_series(1, 300) i;
    CREATE TABLE other.only (r int4range, EXCLUDE USING gist (r WITH &&));
    INSERT INTO other.only SELECT int4range(i, i + 1) FROM generate_series(1, 300) i";
const WIDE: &str = "CREATE TABLE wide (a text); ALTER TABLE wide ALTER a SET STORAGE external;
    INSERT INTO wide SELECT repeat(md5(i::text), 400) FROM generate_series(1, 30) i";

const TEMPORARY: &str = "CREATE TEMPORARY TABLE own (id int PRIMARY KEY, a int);
    INSERT INTO own SELECT i, i FROM generate_series(1, 300) i;
    CREATE INDEX own_a ON own (a); CREATE INDEX own_gate ON own (app.gate(1, id));
    CREATE TEMPORARY TABLE own_p (a int, b int) PARTITION BY RANGE (a);
    CREATE TEMPORARY TABLE own_p1 PARTITION OF own_p FOR VALUES FROM (1) TO (1000);
    INSERT INTO own_p SELECT i, i FROM generate_series(1, 300) i;
    CREATE INDEX own_p_b ON own_p (b); CREATE INDEX own_p1_gate ON own_p1 (app.gate(11, a))";

/// Nobody else sees them, and CONCURRENTLY is left out.
#[test]
fn temporary_tables() {
    let cases = vec![
        case("CREATE INDEX CONCURRENTLY n ON own (gate(1, id))").gate(GATE),
        case("CREATE INDEX CONCURRENTLY n ON own (a)"),
        case("DROP INDEX CONCURRENTLY own_a").gate(CATALOG),
        case("DROP INDEX CONCURRENTLY IF EXISTS pg_temp.own_p_b").gate(CATALOG),
        case("REINDEX INDEX CONCURRENTLY own_gate").gate(GATE),
        case("REINDEX TABLE CONCURRENTLY own").gate(GATE),
        case("REINDEX TABLE CONCURRENTLY own_p").gate(GATE_P1),
        case("REINDEX TABLE own").gate(GATE),
        case("VACUUM own"),
        case("VACUUM FULL own").gate(GATE),
        case("VACUUM"),
        case("VACUUM FULL")
            .given("DROP TABLE t, gated, p, parent, child")
            .gate(GATE)
            .gate(GATE_P1),
        case("CLUSTER own USING own_a").gate(GATE),
        case("CLUSTER").given("ALTER TABLE own CLUSTER ON own_a").gate(GATE),
        case("REINDEX DATABASE")
            .given("DROP TABLE t, gated, p, parent, child")
            .gate(GATE)
            .gate(GATE_P1)
            .from(16),
        case("REINDEX DATABASE CONCURRENTLY")
            .given("DROP TABLE t, gated, p, parent, child")
            .gate(GATE)
            .gate(GATE_P1)
            .from(16),
        case("ANALYZE"),
    ];
    let with_temporary = format!("{BASE}; {TEMPORARY}");
    run(
        &with_temporary,
        cases.into_iter().map(crate::case::Case::watched).collect(),
    );
}

#[test]
fn concurrent_index_commands() {
    let cases = vec![
        case("CREATE INDEX CONCURRENTLY n ON t (a)"),
        case("CREATE UNIQUE INDEX CONCURRENTLY n ON t (a)"),
        case("CREATE INDEX CONCURRENTLY ON t (a) WHERE a > 10"),
        case("CREATE INDEX CONCURRENTLY n ON gated (gate(1, id))").gate(GATE),
        case("CREATE INDEX CONCURRENTLY IF NOT EXISTS t_a ON t (a)"),
        case("CREATE INDEX CONCURRENTLY n ON p1 (b, a)"),
        case("DROP INDEX CONCURRENTLY t_a").gate(CATALOG),
        case("DROP INDEX CONCURRENTLY IF EXISTS t_a").gate(CATALOG),
        case("DROP INDEX CONCURRENTLY IF EXISTS absent"),
        case("REINDEX INDEX CONCURRENTLY t_a").gate(CATALOG),
        case("REINDEX INDEX CONCURRENTLY gated_last").gate(GATE),
        case("REINDEX TABLE CONCURRENTLY t").gate(CATALOG),
        case("REINDEX (CONCURRENTLY) TABLE gated").gate(GATE),
        // Those of exclusion constraints and those that are not valid are passed over.
        case("REINDEX TABLE CONCURRENTLY excluding")
            .given(EXCLUDING)
            .gate(CATALOG),
        case("REINDEX TABLE CONCURRENTLY t")
            .given("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'app.t_a'::regclass")
            .gate(CATALOG),
        case("REINDEX INDEX CONCURRENTLY t_a")
            .given("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'app.t_a'::regclass")
            .gate(CATALOG),
        case("REINDEX SCHEMA CONCURRENTLY other")
            .given(EXCLUDING_IN_SCHEMA)
            .gate(CATALOG),
        case("REINDEX SCHEMA CONCURRENTLY app")
            .given("DROP TABLE t")
            .gate(GATE)
            .gate(GATE_P1)
            .gate(GATE_P2),
        case("REINDEX TABLE CONCURRENTLY p").gate(GATE_P1).gate(GATE_P2),
        case("REINDEX INDEX CONCURRENTLY p_b").gate(INDEX_P1).gate(INDEX_P2),
    ];
    run(BASE, cases.into_iter().map(crate::case::Case::watched).collect());
}

#[test]
fn partitioned_and_vacuum() {
    let cases = vec![
        case("REINDEX TABLE p").gate(GATE_P1).gate(GATE_P2),
        case("REINDEX INDEX p_b").gate(PARTITIONS),
        case("CLUSTER p USING p_b").gate(GATE_P1).gate(GATE_P2),
        case("VACUUM t"),
        case("VACUUM (ANALYZE) t"),
        case("VACUUM t, gated"),
        case("VACUUM p"),
        case("VACUUM"),
        case("VACUUM (ANALYZE, VERBOSE)"),
        case("VACUUM (ONLY_DATABASE_STATS)").from(16),
        case("VACUUM (ONLY_DATABASE_STATS false)").from(16),
        case("VACUUM (SKIP_DATABASE_STATS)").from(16),
        case("ANALYZE"),
        case("VACUUM p1"),
        case("VACUUM parent"),
        case("VACUUM FULL gated").gate(GATE),
        case("VACUUM (FULL, ANALYZE) gated").gate(GATE),
        // TOAST alone is written anew.
        case("VACUUM (FULL, PROCESS_MAIN false) t").from(16),
        case("VACUUM (FULL, PROCESS_MAIN false) wide, t").given(WIDE).from(16),
        case("VACUUM (FULL, PROCESS_MAIN) gated").gate(GATE).from(16),
        case("VACUUM (FULL, PROCESS_MAIN false) p").from(16),
        case("VACUUM (PROCESS_MAIN false) t").from(16),
        case("VACUUM (FULL, PROCESS_MAIN false)").given(WIDE).from(16),
        case("VACUUM FULL p").gate(GATE_P1).gate(GATE_P2),
        case("VACUUM FULL p1").gate(GATE_P1),
        case("VACUUM FULL")
            .given("DROP TABLE t")
            .gate(GATE)
            .gate(GATE_P1)
            .gate(GATE_P2),
        // Another's leaves are passed over.
        case("CLUSTER p USING p_b")
            .given(OF_OTHERS)
            .set("SET ROLE of_parent")
            .gate(GATE_P1),
        case("VACUUM FULL parent"),
        case("CLUSTER").given("ALTER TABLE gated CLUSTER ON gated_a").gate(GATE),
        case("REINDEX SCHEMA app")
            .given("DROP TABLE t")
            .gate(GATE)
            .gate(GATE_P1)
            .gate(GATE_P2),
        case("REINDEX SCHEMA other").given("CREATE SCHEMA other"),
        case("REINDEX DATABASE")
            .given("DROP TABLE t")
            .gate(GATE)
            .gate(GATE_P1)
            .gate(GATE_P2)
            .from(16),
        case("REINDEX SYSTEM").from(16),
        case("ANALYZE p"),
    ];
    run(BASE, cases.into_iter().map(crate::case::Case::watched).collect());
}
