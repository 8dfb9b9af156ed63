//! Roles that own some of what a statement is about: the server passes over the rest, sometimes after it has locked it.

use crate::case::{Case, case, run};

const ROLE: &str = "SET ROLE of_some";
/// A role of the cluster, which other tests know too.
const BASE: &str = "
    DO $$ BEGIN CREATE ROLE of_some; EXCEPTION WHEN duplicate_object OR unique_violation THEN END $$;
    DO $$ BEGIN CREATE ROLE of_others; EXCEPTION WHEN duplicate_object OR unique_violation THEN END $$;
    GRANT ALL ON SCHEMA app TO of_some;
    GRANT SET ON PARAMETER pg_interlock.mode, pg_interlock.verify_profiles, pg_interlock.log_decisions TO of_some;
    CREATE FUNCTION gate(n int, of_row int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
        'BEGIN PERFORM pg_catalog.pg_advisory_xact_lock_shared(n); RETURN n; END';
    CREATE TABLE t (id int PRIMARY KEY, a int);
    INSERT INTO t SELECT i, i FROM generate_series(1, 300) i;
    CREATE TABLE gated (id int PRIMARY KEY, a int);
    INSERT INTO gated SELECT i, i FROM generate_series(1, 300) i;
    CREATE INDEX gated_last ON gated (gate(1, id));
    ALTER TABLE gated OWNER TO of_some;
    CREATE TABLE p (id int PRIMARY KEY, a int) PARTITION BY RANGE (id);
    CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (100);
    CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (1000);
    INSERT INTO p SELECT i, i FROM generate_series(1, 300) i;
    CREATE INDEX p_a ON p (a);
    ALTER TABLE p OWNER TO of_some;
    ALTER TABLE p1 OWNER TO of_some;
    CREATE INDEX p1_gate ON p1 (gate(1, id));
    CREATE TABLE parent (a int);
    CREATE TABLE child () INHERITS (parent);
    INSERT INTO parent SELECT generate_series(1, 300);
    INSERT INTO child SELECT generate_series(1, 300);
    ALTER TABLE parent OWNER TO of_some;
";
const GATE: &str = "SELECT pg_advisory_xact_lock(1)";
const OF_DATABASE: &str =
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO of_some', current_database()); END $$";
const STATISTICS: &str = "
    CREATE SCHEMA theirs AUTHORIZATION of_others;
    GRANT ALL ON SCHEMA theirs TO of_some;
    CREATE TABLE theirs.t (a int, b int);
    INSERT INTO theirs.t SELECT i, i FROM generate_series(1, 300) i;
    ALTER TABLE theirs.t OWNER TO of_others;
    CREATE STATISTICS theirs.s ON a, b FROM theirs.t;
    ALTER STATISTICS theirs.s OWNER TO of_some";
const REFERRING: &str = "
    CREATE TABLE whole (id int PRIMARY KEY) PARTITION BY RANGE (id);
    CREATE TABLE whole1 PARTITION OF whole FOR VALUES FROM (1) TO (100);
    CREATE TABLE whole2 PARTITION OF whole DEFAULT;
    INSERT INTO whole SELECT generate_series(1, 300);
    CREATE TABLE mine (x int);
    INSERT INTO mine SELECT generate_series(1, 300);
    ALTER TABLE mine ADD CONSTRAINT k FOREIGN KEY (x) REFERENCES whole NOT VALID;
    ALTER TABLE mine OWNER TO of_some";

#[test]
fn of_some() {
    let watched = |statement: &str| case(statement).watched().gate(GATE);
    let cases: Vec<Case> = vec![
        watched("VACUUM FULL gated, t"),
        watched("VACUUM FULL t, gated"),
        watched("VACUUM FULL p"),
        watched("VACUUM gated, t"),
        watched("VACUUM p"),
        watched("CLUSTER p USING p_a"),
        case("ANALYZE gated, t"),
        case("ANALYZE t"),
        case("ANALYZE p"),
        case("ANALYZE parent"),
        case("DROP STATISTICS theirs.s").given(STATISTICS),
        // Each row is looked up alone.
        case("ALTER TABLE mine VALIDATE CONSTRAINT k").given(REFERRING),
        // Before 17 the owner of the database, which it is from here on, gets as far as locking.
        watched("CLUSTER p USING p_a").given(OF_DATABASE),
    ];
    run(BASE, cases.into_iter().map(|case| case.set(ROLE)).collect());
}

/// There is nothing to copy.
#[test]
fn without_content() {
    let view = "CREATE MATERIALIZED VIEW mv AS SELECT id, a FROM t; CREATE INDEX mv_a ON mv (a)";
    let emptied = format!("{view}; REFRESH MATERIALIZED VIEW mv WITH NO DATA");
    let cases = vec![
        case("CLUSTER mv USING mv_a").given(view),
        case("CLUSTER mv USING mv_a").given(&emptied),
        case("REFRESH MATERIALIZED VIEW mv").given(&emptied),
    ];
    run(
        "CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t SELECT i, i FROM generate_series(1, 300) i",
        cases,
    );
}
