//! Constraints that several subcommands of one statement speak of.

use crate::case::{case, run};

pub const BASE: &str = "
    CREATE TABLE target (id int PRIMARY KEY, code int UNIQUE);
    INSERT INTO target SELECT i, i FROM generate_series(1, 300) i;
    CREATE TABLE t (id int PRIMARY KEY, a int, b int, j json, x text);
    INSERT INTO t SELECT i, i, i, to_json(i), i FROM generate_series(1, 300) i;
    CREATE TABLE parent (a int, b int);
    CREATE TABLE child () INHERITS (parent);
    CREATE TABLE grandchild () INHERITS (child);
    INSERT INTO parent SELECT i, i FROM generate_series(1, 300) i;
    INSERT INTO child SELECT i, i FROM generate_series(1, 300) i;
    INSERT INTO grandchild SELECT i, i FROM generate_series(1, 300) i;
    CREATE TABLE p (a int, b int, x text, j json, r int4range) PARTITION BY RANGE (a);
    CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (100);
    CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (1000) PARTITION BY RANGE (a);
    CREATE TABLE p2a PARTITION OF p2 FOR VALUES FROM (100) TO (1000);
    INSERT INTO p SELECT i, i, i, to_json(i), int4range(i, i + 1) FROM generate_series(1, 300) i;
";

/// VALIDATE finds what the statement leaves under a name, or without one.
#[test]
fn validated_late() {
    let cases = vec![
        case("ALTER TABLE t DROP COLUMN id CASCADE, ADD CONSTRAINT k FOREIGN KEY (b) REFERENCES t (a) NOT VALID, VALIDATE CONSTRAINT k").given("ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (b) REFERENCES t; ALTER TABLE t ADD UNIQUE (a)"),
        case("ALTER TABLE parent ADD FOREIGN KEY (a) REFERENCES target NOT VALID, ADD CHECK (a > 0) NOT VALID, VALIDATE CONSTRAINT parent_a_check"),
        case("ALTER TABLE parent ADD CHECK (a > 0) NOT VALID, ADD FOREIGN KEY (a) REFERENCES target NOT VALID, VALIDATE CONSTRAINT parent_a_fkey"),
        case("ALTER TABLE parent ADD UNIQUE (a), ADD CHECK (a > 0) NOT VALID, VALIDATE CONSTRAINT parent_a_check"),
        case("ALTER TABLE t ADD CHECK (a > 0) NOT VALID, ADD CHECK (a > -1) NO INHERIT NOT VALID, VALIDATE CONSTRAINT t_a_check1"),
        case("ALTER TABLE parent ADD CHECK (a > 0) NOT VALID, ADD CHECK (a > -1) NO INHERIT NOT VALID, VALIDATE CONSTRAINT parent_a_check1")
            .given("ALTER TABLE parent ADD CONSTRAINT parent_a_check CHECK (b > 0)"),
        case("ALTER TABLE far_too_long_a_name_for_a_table_with_a_constraint_behind_it ADD CHECK (a > 0) NOT VALID,
              VALIDATE CONSTRAINT far_too_long_a_name_for_a_table_with_a_constraint_behi_a_check1")
            .given("CREATE TABLE far_too_long_a_name_for_a_table_with_a_constraint_behind_it (a int);
                    INSERT INTO far_too_long_a_name_for_a_table_with_a_constraint_behind_it VALUES (1);
                    ALTER TABLE far_too_long_a_name_for_a_table_with_a_constraint_behind_it ADD CHECK (a > -1)"),
        case("ALTER TABLE t ADD CHECK (a >= b) NOT VALID, VALIDATE CONSTRAINT t_check"),
        case("ALTER TABLE t ADD COLUMN c int REFERENCES target, ADD CHECK (a > 0) NOT VALID, VALIDATE CONSTRAINT t_c_fkey"),
        case("ALTER TABLE parent ADD CONSTRAINT k CHECK (b > 0) NOT VALID, VALIDATE CONSTRAINT k").given("ALTER TABLE child ADD CONSTRAINT k CHECK (b > 0)"),
        case("ALTER TABLE p ADD CONSTRAINT k CHECK (b > 0) NOT VALID, VALIDATE CONSTRAINT k").given("ALTER TABLE p2 ADD CONSTRAINT k CHECK (b > 0)"),
        case("ALTER TABLE parent ADD CONSTRAINT n NOT NULL a NOT VALID, VALIDATE CONSTRAINT n").given("ALTER TABLE child ALTER a SET NOT NULL").from(18),
        case("ALTER TABLE t ADD CONSTRAINT n NOT NULL a, VALIDATE CONSTRAINT n").given("ALTER TABLE t ADD CHECK (a IS NOT NULL)").from(18),
        case("ALTER TABLE parent ADD NOT NULL a, VALIDATE CONSTRAINT parent_a_not_null").given("ALTER TABLE child ADD CHECK (a IS NOT NULL)").from(18),
        case("ALTER TABLE parent ALTER CONSTRAINT n NO INHERIT, VALIDATE CONSTRAINT n").given("ALTER TABLE parent ADD CONSTRAINT n NOT NULL a NOT VALID").from(18),
        case("ALTER TABLE parent VALIDATE CONSTRAINT n, ALTER CONSTRAINT n NO INHERIT").given("ALTER TABLE parent ADD CONSTRAINT n NOT NULL a NOT VALID").from(18),
        case("ALTER TABLE parent ADD CHECK (b > 0)").given("CREATE SCHEMA o; CREATE TABLE o.kid () INHERITS (parent); INSERT INTO o.kid VALUES (1, 1); ALTER TABLE o.kid ADD CONSTRAINT parent_b_check CHECK (b > 0)"),
    ];
    run(BASE, cases);
}

/// ALTER CONSTRAINT finds what the statement has made of a constraint by then.
#[test]
fn altered_late() {
    let cases = vec![
        case("ALTER TABLE t ADD CHECK (a > 0) NOT VALID, ADD FOREIGN KEY (a) REFERENCES target NOT ENFORCED, ALTER CONSTRAINT t_a_fkey ENFORCED").from(18),
        case("ALTER TABLE t DROP CONSTRAINT k, ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES target NOT ENFORCED, ALTER CONSTRAINT k ENFORCED").given("ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES target").from(18),
        case("ALTER TABLE t ALTER CONSTRAINT k NOT ENFORCED, ALTER CONSTRAINT k ENFORCED").given("ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES target").from(18),
        case("ALTER TABLE p ALTER CONSTRAINT k NOT ENFORCED, ALTER CONSTRAINT k ENFORCED").given("ALTER TABLE p ADD CONSTRAINT k FOREIGN KEY (b) REFERENCES target").from(18),
        case("ALTER TABLE t ADD COLUMN c int CONSTRAINT k REFERENCES target NOT ENFORCED, ALTER CONSTRAINT k ENFORCED").from(18),
        case("ALTER TABLE parent ADD CONSTRAINT n NOT NULL a NO INHERIT, ALTER CONSTRAINT n INHERIT").from(18),
        case("ALTER TABLE parent DROP CONSTRAINT n, ADD CONSTRAINT n NOT NULL a NO INHERIT, ALTER CONSTRAINT n INHERIT").given("ALTER TABLE parent ADD CONSTRAINT n NOT NULL a").from(18),
        case("ALTER TABLE t ALTER CONSTRAINT k ENFORCED, ALTER CONSTRAINT k NOT ENFORCED").given("ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES target NOT ENFORCED").from(18),
        case("ALTER TABLE t ADD CONSTRAINT n FOREIGN KEY (a) REFERENCES target, ALTER CONSTRAINT n NOT ENFORCED").from(18),
        case("ALTER TABLE p DROP CONSTRAINT k, ADD CONSTRAINT k FOREIGN KEY (b) REFERENCES target, ALTER CONSTRAINT k DEFERRABLE").given("ALTER TABLE p ADD CONSTRAINT k FOREIGN KEY (b) REFERENCES target"),
    ];
    run(BASE, cases);
}

/// ENABLE and DISABLE TRIGGER ALL follow triggers that the statement itself makes.
#[test]
fn triggers_of_its_own() {
    let cases = vec![
        case("ALTER TABLE p ADD UNIQUE (a) DEFERRABLE, DISABLE TRIGGER ALL"),
        case("ALTER TABLE p ADD UNIQUE (a) DEFERRABLE, DISABLE TRIGGER USER"),
        case("ALTER TABLE p ADD FOREIGN KEY (b) REFERENCES target, DISABLE TRIGGER ALL")
            .given("ALTER TABLE p2 ADD FOREIGN KEY (b) REFERENCES target"),
    ];
    run(BASE, cases);
}

/// A foreign key of a partition that goes in the same statement is not taken over.
#[test]
fn equal_ones_that_go() {
    let cases = vec![
        case("ALTER TABLE p DROP COLUMN b, ADD COLUMN b int DEFAULT 1 REFERENCES target").given("ALTER TABLE p1 ADD FOREIGN KEY (b) REFERENCES target"),
        case("ALTER TABLE p DROP COLUMN b, ADD COLUMN b int DEFAULT 1, ADD CONSTRAINT k FOREIGN KEY (b) REFERENCES target NOT VALID, VALIDATE CONSTRAINT k").given("ALTER TABLE p1 ADD FOREIGN KEY (b) REFERENCES target").from(18),
        case("ALTER TABLE p DROP CONSTRAINT pk CASCADE, ADD FOREIGN KEY (b) REFERENCES p (a)").given("ALTER TABLE p ADD CONSTRAINT pk PRIMARY KEY (a), ADD CONSTRAINT u UNIQUE (a); ALTER TABLE p1 ADD CONSTRAINT own FOREIGN KEY (b) REFERENCES p"),
    ];
    run(BASE, cases);
}
