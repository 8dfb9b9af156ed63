//! RENAME, SET SCHEMA, OWNER TO and DEPENDS ON EXTENSION, of relations of every kind, of their parts, and of other objects.

use crate::case::{Case, case, extension_with_type, run};

const BASE: &str = "
    DROP SCHEMA IF EXISTS other CASCADE;
    CREATE SCHEMA other;
    DO $$ BEGIN CREATE ROLE oracle_r; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
    CREATE TABLE t (id serial PRIMARY KEY, a int CONSTRAINT positive CHECK (a > 0), b text, g int GENERATED ALWAYS AS IDENTITY);
    INSERT INTO t (a, b) SELECT i, repeat('x', 10) FROM generate_series(1, 300) i;
    CREATE INDEX t_b ON t (b);
    CREATE TABLE r (id int PRIMARY KEY, t int CONSTRAINT r_t REFERENCES t, CONSTRAINT once UNIQUE (t));
    INSERT INTO r SELECT i, i FROM generate_series(1, 300) i;
    CREATE VIEW v AS SELECT id, a FROM t;
    CREATE VIEW vv AS SELECT id FROM v;
    CREATE MATERIALIZED VIEW mv AS SELECT id, a FROM t;
    CREATE INDEX mv_id ON mv (id);
    CREATE SEQUENCE s;
    CREATE TABLE parent (a int CONSTRAINT inherited CHECK (a > 0), c int, CONSTRAINT alone CHECK (c > 0) NO INHERIT);
    CREATE TABLE child (own int) INHERITS (parent);
    CREATE TABLE grandchild () INHERITS (child);
    INSERT INTO parent SELECT i, i FROM generate_series(1, 300) i;
    INSERT INTO child SELECT i, i, i FROM generate_series(1, 300) i;
    INSERT INTO grandchild SELECT i, i, i FROM generate_series(1, 300) i;
    CREATE TABLE p (a int CONSTRAINT p_positive CHECK (a > 0), b serial, PRIMARY KEY (a)) PARTITION BY RANGE (a);
    CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (100);
    CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (200) PARTITION BY RANGE (a);
    CREATE TABLE p2a PARTITION OF p2 FOR VALUES FROM (100) TO (200);
    CREATE TABLE pd PARTITION OF p DEFAULT;
    INSERT INTO p SELECT generate_series(1, 300);
    CREATE INDEX p_b ON p (b);
    CREATE TYPE c AS (x int, y text);
    CREATE TABLE typed OF c;
    INSERT INTO typed SELECT i, 'x' FROM generate_series(1, 300) i;
    CREATE TABLE typed_child () INHERITS (typed);
    INSERT INTO typed_child SELECT i, 'x' FROM generate_series(1, 300) i;
    CREATE TYPE lone AS (x int);
    CREATE TYPE e AS ENUM ('a');
    CREATE DOMAIN d AS int CONSTRAINT d_positive CHECK (VALUE > 0);
    CREATE TABLE users (d d, e e, lone lone);
    INSERT INTO users VALUES (1, 'a', ROW(1));
    CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER tr AFTER INSERT ON r EXECUTE FUNCTION f();
    CREATE TRIGGER tr AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION f();
    CREATE POLICY po ON r USING (t > 0);
    CREATE RULE ru AS ON DELETE TO r DO ALSO NOTHING;
    CREATE STATISTICS st ON a, b FROM t;
";

const FOREIGN: &str = "
    DROP SERVER IF EXISTS se CASCADE; DROP FOREIGN DATA WRAPPER IF EXISTS fd CASCADE;
    CREATE FOREIGN DATA WRAPPER fd; CREATE SERVER se FOREIGN DATA WRAPPER fd;
    CREATE FOREIGN TABLE ft (a int) SERVER se;
    CREATE TABLE pf (a int) PARTITION BY RANGE (a);
    CREATE FOREIGN TABLE fp PARTITION OF pf FOR VALUES FROM (1000) TO (2000) SERVER se;
";

fn all(statements: &[&str]) -> Vec<Case> {
    statements.iter().map(|statement| case(*statement)).collect()
}

#[test]
fn relations() {
    run(
        BASE,
        all(&[
            "ALTER TABLE t RENAME TO z",
            "ALTER TABLE app.t RENAME TO z",
            "ALTER TABLE IF EXISTS t RENAME TO z",
            "ALTER TABLE IF EXISTS absent RENAME TO z",
            "ALTER TABLE parent RENAME TO z",
            "ALTER TABLE child RENAME TO z",
            "ALTER TABLE p RENAME TO z",
            "ALTER TABLE p1 RENAME TO z",
            "ALTER TABLE typed RENAME TO z",
            "ALTER TABLE v RENAME TO z",
            "ALTER VIEW v RENAME TO z",
            "ALTER MATERIALIZED VIEW mv RENAME TO z",
            "ALTER SEQUENCE s RENAME TO z",
            "ALTER SEQUENCE t_id_seq RENAME TO z",
            "ALTER TABLE s RENAME TO z",
            "ALTER INDEX t_b RENAME TO z",
            "ALTER INDEX t_pkey RENAME TO z",
            "ALTER INDEX p_b RENAME TO z",
            "ALTER INDEX mv_id RENAME TO z",
            "ALTER INDEX once RENAME TO z",
            "ALTER INDEX IF EXISTS absent RENAME TO z",
            "ALTER TABLE t_b RENAME TO z",
            "ALTER INDEX t RENAME TO z",
        ]),
    );
}

#[test]
fn columns() {
    let mut cases = all(&[
        "ALTER TABLE t RENAME COLUMN a TO z",
        "ALTER TABLE t RENAME id TO z",
        "ALTER TABLE IF EXISTS absent RENAME a TO z",
        "ALTER TABLE parent RENAME a TO z",
        "ALTER TABLE child RENAME own TO z",
        "ALTER TABLE ONLY r RENAME t TO z",
        "ALTER TABLE p RENAME b TO z",
        "ALTER TABLE p RENAME a TO z",
        "ALTER VIEW v RENAME a TO z",
        "ALTER TABLE v RENAME a TO z",
        "ALTER MATERIALIZED VIEW mv RENAME a TO z",
        "ALTER TYPE lone RENAME ATTRIBUTE x TO z",
        "ALTER TYPE c RENAME ATTRIBUTE x TO z CASCADE",
        "ALTER TABLE t_b RENAME b TO z",
        "ALTER TABLE p_b RENAME b TO z",
    ]);
    cases.push(case("ALTER FOREIGN TABLE ft RENAME a TO z").given(FOREIGN));
    cases.push(case("ALTER TABLE pf RENAME a TO z").given(FOREIGN));
    run(BASE, cases);
}

#[test]
fn parts() {
    let mut cases = all(&[
        "ALTER TABLE t RENAME CONSTRAINT positive TO z",
        "ALTER TABLE t RENAME CONSTRAINT t_pkey TO z",
        "ALTER TABLE r RENAME CONSTRAINT once TO z",
        "ALTER TABLE r RENAME CONSTRAINT r_t TO z",
        "ALTER TABLE parent RENAME CONSTRAINT inherited TO z",
        "ALTER TABLE parent RENAME CONSTRAINT alone TO z",
        "ALTER TABLE ONLY parent RENAME CONSTRAINT alone TO z",
        "ALTER TABLE p RENAME CONSTRAINT p_positive TO z",
        "ALTER TABLE p RENAME CONSTRAINT p_pkey TO z",
        "ALTER TABLE IF EXISTS absent RENAME CONSTRAINT a TO z",
        "ALTER TRIGGER tr ON r RENAME TO z",
        "ALTER TRIGGER tr ON p RENAME TO z",
        "ALTER POLICY po ON r RENAME TO z",
        "ALTER RULE ru ON r RENAME TO z",
        "ALTER STATISTICS st RENAME TO z",
    ]);
    let not_null = "CREATE TABLE x (a int CONSTRAINT given NOT NULL, b int); CREATE TABLE y () INHERITS (x);
                    INSERT INTO x VALUES (1); INSERT INTO y VALUES (1)";
    cases.push(
        case("ALTER TABLE x RENAME CONSTRAINT given TO z")
            .given(not_null)
            .from(18),
    );
    run(BASE, cases);
}

#[test]
fn other_objects() {
    run(
        BASE,
        all(&[
            "ALTER TYPE lone RENAME TO z",
            "ALTER TYPE c RENAME TO z",
            "ALTER TYPE app.e RENAME TO z",
            "ALTER TYPE e RENAME VALUE 'a' TO 'z'",
            "ALTER DOMAIN d RENAME TO z",
            "ALTER TYPE d RENAME TO z",
            "ALTER DOMAIN d RENAME CONSTRAINT d_positive TO z",
            "ALTER SCHEMA other RENAME TO z",
            "ALTER FUNCTION f RENAME TO z",
            "ALTER ROLE oracle_r RENAME TO oracle_z",
            "ALTER TYPE d SET SCHEMA other",
            "ALTER TYPE lone SET SCHEMA other",
            "ALTER TYPE c SET SCHEMA other",
            "ALTER FUNCTION f SET SCHEMA other",
            "ALTER STATISTICS st SET SCHEMA other",
            "ALTER TYPE d OWNER TO oracle_r",
            "ALTER TYPE lone OWNER TO oracle_r",
            "ALTER TYPE c OWNER TO oracle_r",
            "ALTER TYPE c OWNER TO CURRENT_USER",
            "ALTER FUNCTION f OWNER TO oracle_r",
            "ALTER SCHEMA other OWNER TO oracle_r",
            "ALTER STATISTICS st OWNER TO CURRENT_USER",
        ]),
    );
}

#[test]
fn schemas() {
    let mut cases = all(&[
        "ALTER TABLE t SET SCHEMA other",
        "ALTER TABLE IF EXISTS absent SET SCHEMA other",
        "ALTER TABLE t SET SCHEMA app",
        "ALTER TABLE parent SET SCHEMA other",
        "ALTER TABLE p SET SCHEMA other",
        "ALTER TABLE p1 SET SCHEMA other",
        "ALTER TABLE typed SET SCHEMA other",
        "ALTER VIEW v SET SCHEMA other",
        "ALTER TABLE v SET SCHEMA other",
        "ALTER MATERIALIZED VIEW mv SET SCHEMA other",
        "ALTER SEQUENCE s SET SCHEMA other",
        "ALTER TABLE users SET SCHEMA other",
    ]);
    let name = extension_with_type();
    let extension = format!(
        "CREATE EXTENSION IF NOT EXISTS {name}; ALTER EXTENSION {name} SET SCHEMA app; ALTER EXTENSION {name} ADD TABLE t;
         ALTER EXTENSION {name} ADD VIEW v; ALTER EXTENSION {name} ADD TYPE lone; ALTER EXTENSION {name} ADD SEQUENCE s"
    );
    cases.extend(
        ["other", "app"]
            .map(|schema| case(format!("ALTER EXTENSION {name} SET SCHEMA {schema}")).given(extension.as_str())),
    );
    run(BASE, cases);
}

#[test]
fn owners() {
    let mut cases = all(&[
        "ALTER TABLE t OWNER TO oracle_r",
        "ALTER TABLE t OWNER TO CURRENT_USER",
        "ALTER TABLE IF EXISTS absent OWNER TO oracle_r",
        "ALTER TABLE parent OWNER TO oracle_r",
        "ALTER TABLE p OWNER TO oracle_r",
        "ALTER TABLE p1 OWNER TO oracle_r",
        "ALTER VIEW v OWNER TO oracle_r",
        "ALTER MATERIALIZED VIEW mv OWNER TO oracle_r",
        "ALTER SEQUENCE s OWNER TO oracle_r",
        "ALTER INDEX t_b OWNER TO oracle_r",
        "ALTER TABLE t OWNER TO oracle_r, ADD z int",
    ]);
    cases.push(case("ALTER FOREIGN TABLE ft OWNER TO oracle_r").given(FOREIGN));
    cases.push(case("ALTER FOREIGN TABLE ft OPTIONS (ADD a 'b')").given(FOREIGN));
    cases.push(case("ALTER FOREIGN TABLE ft ALTER a OPTIONS (ADD a 'b')").given(FOREIGN));
    cases.push(case("ALTER FOREIGN TABLE fp OPTIONS (ADD a 'b')").given(FOREIGN));
    cases.push(case("ALTER SERVER se OPTIONS (ADD a 'b')").given(FOREIGN));
    cases.push(case("ALTER SERVER se OWNER TO CURRENT_USER").given(FOREIGN));
    cases.push(case("ALTER SERVER se RENAME TO sf").given(FOREIGN));
    run(BASE, cases);
}
