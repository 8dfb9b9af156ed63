//! SET NOT NULL, with what proves it and what does not.

use crate::case::{Case, case, run};

const BASE: &str = "
    CREATE TABLE t (id int PRIMARY KEY, a int, b text, \"Odd\" int);
    INSERT INTO t SELECT i, i, 'x', i FROM generate_series(1, 300) i;
    CREATE TABLE parent (a int, b text);
    CREATE TABLE child () INHERITS (parent);
    INSERT INTO parent SELECT i, 'x' FROM generate_series(1, 300) i;
    INSERT INTO child SELECT i, 'x' FROM generate_series(1, 300) i;
    CREATE TABLE p (a int, b text) PARTITION BY RANGE (a);
    CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (100);
    CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (1000) PARTITION BY RANGE (a);
    CREATE TABLE p2a PARTITION OF p2 FOR VALUES FROM (100) TO (1000);
    INSERT INTO p SELECT i, 'x' FROM generate_series(1, 300) i;
    CREATE FUNCTION yes() RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';
";

/// SET NOT NULL on t.a beside a constraint of t.
fn beside(constraint: &str) -> Case {
    case("ALTER TABLE t ALTER a SET NOT NULL").given(format!("ALTER TABLE t ADD CONSTRAINT proof {constraint}"))
}

#[test]
fn proofs() {
    let constraints = [
        "CHECK (a IS NOT NULL)",
        "CHECK (a IS NOT NULL) NO INHERIT",
        "CHECK (a IS NOT NULL) NOT VALID",
        "CHECK (NOT a IS NULL)",
        "CHECK (NOT (a IS NULL))",
        "CHECK (a IS DISTINCT FROM NULL)",
        "CHECK (a > 0)",
        "CHECK (a > 0 AND a IS NOT NULL)",
        "CHECK (b IS NOT NULL AND a IS NOT NULL)",
        "CHECK (b IS NOT NULL OR a IS NOT NULL)",
        "CHECK ((a IS NOT NULL AND b = 'x') OR (a IS NOT NULL AND b = 'y'))",
        "CHECK (a IS NOT NULL AND a > 0 AND a < 1000)",
        "CHECK (COALESCE(a, 0) > 0)",
        "CHECK (a = a)",
        "CHECK (yes() AND a IS NOT NULL)",
        "CHECK (a + 0 IS NOT NULL)",
        "CHECK ((a, b) IS NOT NULL)",
        "CHECK (CASE WHEN a IS NULL THEN false ELSE true END)",
        "CHECK (b IS NOT NULL)",
        "CHECK (t IS NOT NULL)",
        "UNIQUE (a)",
        "CHECK (a IN (1, 2) OR a IS NOT NULL)",
    ];
    let mut cases: Vec<_> = constraints.into_iter().map(beside).collect();
    cases.extend([
        beside("CHECK (a IS NOT NULL) NOT ENFORCED").from(18),
        beside("NOT NULL a").from(18),
        beside("NOT NULL a NOT VALID").from(18),
        beside("NOT NULL a NO INHERIT").from(18).if_possible(),
        case("ALTER TABLE t ALTER a SET NOT NULL"),
        case("ALTER TABLE t ALTER id SET NOT NULL"),
        case("ALTER TABLE t ALTER COLUMN \"Odd\" SET NOT NULL"),
        case("ALTER TABLE t ALTER a SET NOT NULL, ALTER b SET NOT NULL"),
        case("ALTER TABLE t ALTER a SET NOT NULL, ALTER b SET NOT NULL")
            .given("ALTER TABLE t ADD CHECK (a IS NOT NULL), ADD CHECK (b IS NOT NULL)"),
        // A CHECK goes with any of its columns, and then proves nothing.
        case("ALTER TABLE t DROP b, ALTER a SET NOT NULL")
            .given("ALTER TABLE t ADD CHECK (a IS NOT NULL AND b IS NOT NULL)"),
        case("ALTER TABLE t DROP b, ALTER a SET NOT NULL").given("ALTER TABLE t ADD CHECK (a IS NOT NULL)"),
        case("ALTER TABLE t DROP CONSTRAINT k, ALTER a SET NOT NULL")
            .given("ALTER TABLE t ADD CONSTRAINT k CHECK (a IS NOT NULL)"),
        case("ALTER TABLE t ALTER a DROP NOT NULL"),
        case("ALTER TABLE t ADD CHECK (a IS NOT NULL) NOT VALID, ALTER a SET NOT NULL"),
        case("ALTER TABLE t ADD CHECK (a IS NOT NULL), ALTER a SET NOT NULL"),
        case("ALTER TABLE t ALTER a DROP NOT NULL, ALTER a SET NOT NULL").given("ALTER TABLE t ALTER a SET NOT NULL"),
        case("ALTER TABLE t ALTER a DROP NOT NULL, ALTER a SET NOT NULL")
            .given("ALTER TABLE t ALTER a SET NOT NULL, ADD CHECK (a IS NOT NULL)"),
        case("ALTER TABLE t DROP CONSTRAINT n, ALTER a SET NOT NULL")
            .given("ALTER TABLE t ADD CONSTRAINT n NOT NULL a")
            .from(18),
        case("ALTER TABLE t ADD CONSTRAINT n NOT NULL a").from(18),
        case("ALTER TABLE t ADD NOT NULL a")
            .from(18)
            .given("ALTER TABLE t ADD CHECK (a IS NOT NULL)"),
        case("ALTER TABLE t ADD CONSTRAINT n NOT NULL a NOT VALID").from(18),
        case("ALTER TABLE t ADD CONSTRAINT n NOT NULL id")
            .from(18)
            .if_possible(),
        case("ALTER TABLE t ADD CONSTRAINT n NOT NULL a NO INHERIT").from(18),
        case("ALTER TABLE t VALIDATE CONSTRAINT n")
            .given("ALTER TABLE t ADD CONSTRAINT n NOT NULL a NOT VALID")
            .from(18),
        case("ALTER TABLE t VALIDATE CONSTRAINT n")
            .given("ALTER TABLE t ADD CONSTRAINT n NOT NULL a NOT VALID, ADD CHECK (a IS NOT NULL)")
            .from(18),
        case("ALTER TABLE t VALIDATE CONSTRAINT n")
            .given("ALTER TABLE t ADD CONSTRAINT n NOT NULL a")
            .from(18),
    ]);
    run(BASE, cases);
}

#[test]
fn families() {
    let cases = vec![
        case("ALTER TABLE parent ALTER a SET NOT NULL"),
        case("ALTER TABLE ONLY parent ALTER a SET NOT NULL").if_possible(),
        case("ALTER TABLE child ALTER a SET NOT NULL"),
        case("ALTER TABLE parent ALTER a SET NOT NULL").given("ALTER TABLE child ALTER a SET NOT NULL"),
        case("ALTER TABLE parent ALTER a SET NOT NULL").given("ALTER TABLE child ADD CHECK (a IS NOT NULL)"),
        case("ALTER TABLE parent ALTER a SET NOT NULL").given("ALTER TABLE parent ADD CHECK (a IS NOT NULL)"),
        case("ALTER TABLE parent ALTER a SET NOT NULL")
            .given("ALTER TABLE ONLY parent ADD CHECK (a IS NOT NULL) NO INHERIT"),
        // Already so in the parent, not in the child, which only before 18 can be.
        case("ALTER TABLE parent ALTER a SET NOT NULL")
            .given("ALTER TABLE ONLY parent ALTER a SET NOT NULL")
            .until(17),
        case("ALTER TABLE parent ALTER a SET NOT NULL").given("ALTER TABLE parent ALTER a SET NOT NULL"),
        case("ALTER TABLE parent DROP b, ALTER a SET NOT NULL")
            .given("ALTER TABLE parent ADD CHECK (a IS NOT NULL AND b IS NOT NULL)"),
        case("ALTER TABLE parent DROP b, ALTER a SET NOT NULL")
            .given("ALTER TABLE child ADD CHECK (a IS NOT NULL AND b IS NOT NULL)"),
        case("ALTER TABLE p ALTER a SET NOT NULL"),
        case("ALTER TABLE p ALTER b SET NOT NULL"),
        case("ALTER TABLE p ALTER b SET NOT NULL").given("ALTER TABLE p1 ALTER b SET NOT NULL"),
        case("ALTER TABLE p ALTER b SET NOT NULL").given("ALTER TABLE p ALTER b SET NOT NULL"),
        case("ALTER TABLE p ALTER b SET NOT NULL").given("ALTER TABLE p2 ADD CHECK (b IS NOT NULL)"),
        case("ALTER TABLE p1 ALTER b SET NOT NULL"),
        // The bounds of a partition are no proof.
        case("ALTER TABLE p1 ALTER a SET NOT NULL"),
        case("ALTER TABLE ONLY p ALTER b SET NOT NULL").if_possible(),
        case("ALTER TABLE ONLY p ALTER b SET NOT NULL")
            .given("ALTER TABLE p1 ALTER b SET NOT NULL; ALTER TABLE p2 ALTER b SET NOT NULL")
            .if_possible(),
        case("ALTER TABLE p ADD CONSTRAINT n NOT NULL b").from(18),
        case("ALTER TABLE p ADD CONSTRAINT n NOT NULL b NOT VALID").from(18),
        case("ALTER TABLE p VALIDATE CONSTRAINT n")
            .given("ALTER TABLE p ADD CONSTRAINT n NOT NULL b NOT VALID")
            .from(18),
        case("ALTER TABLE p ALTER b SET NOT NULL")
            .given("ALTER TABLE p ADD CONSTRAINT n NOT NULL b NOT VALID")
            .from(18),
        case("ALTER TABLE p ALTER b SET NOT NULL")
            .given("ALTER TABLE p1 ADD CONSTRAINT n NOT NULL b NOT VALID")
            .from(18)
            .if_possible(),
        case("ALTER TABLE parent ADD CONSTRAINT n NOT NULL a").from(18),
        case("ALTER TABLE parent ADD CONSTRAINT n NOT NULL a")
            .given("ALTER TABLE child ALTER a SET NOT NULL")
            .from(18),
        case("ALTER TABLE parent ADD CONSTRAINT n NOT NULL a NO INHERIT").from(18),
        case("ALTER TABLE parent ALTER a DROP NOT NULL, ALTER a SET NOT NULL")
            .given("ALTER TABLE parent ALTER a SET NOT NULL"),
        case("ALTER TABLE parent ALTER a DROP NOT NULL, ALTER a SET NOT NULL")
            .given("ALTER TABLE child ALTER a SET NOT NULL; ALTER TABLE parent ALTER a SET NOT NULL"),
        case("ALTER TABLE p ALTER b DROP NOT NULL, ALTER b SET NOT NULL").given("ALTER TABLE p ALTER b SET NOT NULL"),
        case("ALTER TABLE p DROP CONSTRAINT n, ALTER b SET NOT NULL")
            .given("ALTER TABLE p ADD CONSTRAINT n NOT NULL b")
            .from(18),
        case("ALTER TABLE parent ALTER a DROP NOT NULL"),
        case("ALTER TABLE p ALTER b DROP NOT NULL"),
        case("ALTER TABLE parent ALTER a DROP NOT NULL").given("ALTER TABLE parent ALTER a SET NOT NULL"),
        case("ALTER TABLE parent ALTER a DROP NOT NULL")
            .given("ALTER TABLE child ALTER a SET NOT NULL; ALTER TABLE parent ALTER a SET NOT NULL"),
        case("ALTER TABLE p ALTER b DROP NOT NULL").given("ALTER TABLE p ALTER b SET NOT NULL"),
        case("ALTER TABLE p1 ALTER b DROP NOT NULL").given("ALTER TABLE p1 ALTER b SET NOT NULL"),
    ];
    run(BASE, cases);
}
