//! VALIDATE CONSTRAINT of each kind.

use crate::case::{case, run};

const BASE: &str = "
    CREATE TABLE target (id int PRIMARY KEY);
    INSERT INTO target SELECT generate_series(1, 300);
    CREATE TABLE t (id int PRIMARY KEY, a int);
    INSERT INTO t SELECT i, i FROM generate_series(1, 300) i;
    CREATE TABLE parent (a int);
    CREATE TABLE child () INHERITS (parent);
    INSERT INTO parent SELECT generate_series(1, 300);
    INSERT INTO child SELECT generate_series(1, 300);
    CREATE TABLE p (a int, b int) PARTITION BY RANGE (a);
    CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (100);
    CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (1000);
    INSERT INTO p SELECT i, i FROM generate_series(1, 300) i;
    CREATE TABLE q (id int PRIMARY KEY) PARTITION BY RANGE (id);
    CREATE TABLE q1 PARTITION OF q FOR VALUES FROM (1) TO (1000);
    INSERT INTO q SELECT generate_series(1, 300);
";

#[test]
fn every_kind() {
    let validate = |table: &str, add: &str| {
        case(format!("ALTER TABLE {table} VALIDATE CONSTRAINT k"))
            .given(format!("ALTER TABLE {table} ADD CONSTRAINT k {add}"))
    };
    let cases = vec![
        validate("t", "CHECK (a > 0) NOT VALID"),
        validate("t", "CHECK (a > 0)"),
        validate("t", "FOREIGN KEY (a) REFERENCES target NOT VALID"),
        validate("t", "FOREIGN KEY (a) REFERENCES target"),
        validate("t", "FOREIGN KEY (a) REFERENCES t NOT VALID"),
        validate("t", "FOREIGN KEY (a) REFERENCES q NOT VALID"),
        validate("parent", "CHECK (a > 0) NOT VALID"),
        validate("parent", "CHECK (a > 0) NO INHERIT NOT VALID"),
        validate("parent", "CHECK (a > 0)"),
        validate("p", "CHECK (b > 0) NOT VALID"),
        validate("p", "CHECK (b > 0)"),
        validate("p1", "CHECK (b > 0) NOT VALID"),
        validate("p1", "FOREIGN KEY (b) REFERENCES target NOT VALID"),
        validate("p", "FOREIGN KEY (b) REFERENCES target NOT VALID").from(18),
        validate("p", "FOREIGN KEY (b) REFERENCES q NOT VALID").from(18),
        validate("t", "CHECK (a > 0) NOT ENFORCED").from(18).if_possible(),
        case("ALTER TABLE ONLY parent VALIDATE CONSTRAINT k")
            .given("ALTER TABLE parent ADD CONSTRAINT k CHECK (a > 0) NOT VALID")
            .if_possible(),
        case("ALTER TABLE parent VALIDATE CONSTRAINT k").given(
            "ALTER TABLE parent ADD CONSTRAINT k CHECK (a > 0) NOT VALID; ALTER TABLE child VALIDATE CONSTRAINT k",
        ),
        case("ALTER TABLE p VALIDATE CONSTRAINT k")
            .given("ALTER TABLE p ADD CONSTRAINT k CHECK (b > 0) NOT VALID; ALTER TABLE p1 VALIDATE CONSTRAINT k"),
        case("ALTER TABLE p VALIDATE CONSTRAINT k")
            .given(
                "ALTER TABLE p1 ADD CONSTRAINT k FOREIGN KEY (b) REFERENCES target;
                 ALTER TABLE p ADD CONSTRAINT k FOREIGN KEY (b) REFERENCES target NOT VALID",
            )
            .from(18),
        case("ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID, VALIDATE CONSTRAINT k"),
        case("ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES target NOT VALID, VALIDATE CONSTRAINT k"),
        // Under the name that the server gives.
        case("ALTER TABLE t ADD CHECK (a > 0) NOT VALID, VALIDATE CONSTRAINT t_a_check"),
        case("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES target NOT VALID, VALIDATE CONSTRAINT t_a_fkey"),
        case("ALTER TABLE parent ADD CHECK (a > 0) NOT VALID, VALIDATE CONSTRAINT parent_a_check"),
        case("ALTER TABLE t VALIDATE CONSTRAINT k, VALIDATE CONSTRAINT l").given(
            "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID,
                           ADD CONSTRAINT l FOREIGN KEY (a) REFERENCES target NOT VALID",
        ),
        case("ALTER TABLE t VALIDATE CONSTRAINT k, ALTER a SET DEFAULT 1")
            .given("ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID"),
    ];
    run(BASE, cases);
}
