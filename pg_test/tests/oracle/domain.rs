//! ALTER DOMAIN: the tables whose columns are of the domain are locked, and read where their values have to be checked.

use crate::case::{case, run};

const BASE: &str = "
    CREATE DOMAIN amount AS int;
    CREATE DOMAIN price AS amount CONSTRAINT positive CHECK (VALUE > 0);
    CREATE DOMAIN unused AS text;
    CREATE TABLE t (id int PRIMARY KEY, a amount, b amount DEFAULT 3);
    INSERT INTO t SELECT i, i, i FROM generate_series(1, 300) i;
    CREATE INDEX t_a ON t (a);
    CREATE TABLE r (t int REFERENCES t, p price);
    INSERT INTO r SELECT i, i FROM generate_series(1, 300) i;
    CREATE MATERIALIZED VIEW mv AS SELECT id, a FROM t;
    CREATE VIEW v AS SELECT a, id::price AS p FROM t;
    CREATE TABLE parent (a int);
    CREATE TABLE child (c price) INHERITS (parent);
    INSERT INTO child SELECT i, i FROM generate_series(1, 300) i;
    INSERT INTO parent SELECT generate_series(1, 300);
    CREATE TABLE p (k int, a amount) PARTITION BY RANGE (k);
    CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (200);
    CREATE TABLE p2 PARTITION OF p DEFAULT;
    INSERT INTO p SELECT i, i FROM generate_series(1, 300) i;
";

#[test]
fn actions() {
    let not_valid = "ALTER DOMAIN amount ADD CONSTRAINT later CHECK (VALUE > 0) NOT VALID";
    let cases = vec![
        case("ALTER DOMAIN amount SET DEFAULT 7"),
        case("ALTER DOMAIN amount DROP DEFAULT"),
        case("ALTER DOMAIN amount SET NOT NULL"),
        case("ALTER DOMAIN app.price SET NOT NULL"),
        case("ALTER DOMAIN amount SET NOT NULL").given("ALTER DOMAIN amount SET NOT NULL"),
        case("ALTER DOMAIN unused SET NOT NULL"),
        case("ALTER DOMAIN price DROP NOT NULL").given("ALTER DOMAIN price SET NOT NULL"),
        case("ALTER DOMAIN price DROP NOT NULL"),
        case("ALTER DOMAIN amount ADD CHECK (VALUE < 1000)"),
        case("ALTER DOMAIN price ADD CONSTRAINT small CHECK (VALUE < 1000)"),
        case("ALTER DOMAIN unused ADD CHECK (VALUE <> '')"),
        case("ALTER DOMAIN amount ADD CHECK (VALUE < 1000) NOT VALID"),
        case("ALTER DOMAIN amount ADD NOT NULL").from(17),
        case("ALTER DOMAIN amount ADD CONSTRAINT n NOT NULL").from(17),
        case("ALTER DOMAIN amount ADD NOT NULL")
            .from(17)
            .given("ALTER DOMAIN amount SET NOT NULL")
            .if_possible(),
        case("ALTER DOMAIN amount VALIDATE CONSTRAINT later").given(not_valid),
        case("ALTER DOMAIN price VALIDATE CONSTRAINT positive"),
        case("ALTER DOMAIN price DROP CONSTRAINT positive"),
        case("ALTER DOMAIN price DROP CONSTRAINT IF EXISTS absent"),
        case("ALTER DOMAIN amount DROP CONSTRAINT n")
            .from(17)
            .given("ALTER DOMAIN amount ADD CONSTRAINT n NOT NULL"),
    ];
    run(BASE, cases);
}

#[test]
fn users() {
    let cases = vec![
        case("ALTER DOMAIN d ADD CHECK (VALUE > 0)").given(
            "CREATE DOMAIN d AS int; CREATE TEMP TABLE tt (a d); INSERT INTO tt VALUES (1)",
        ),
        case("ALTER DOMAIN d ADD CHECK (VALUE > 0)").given(
            "CREATE DOMAIN d AS int; CREATE TYPE c AS (a d); CREATE VIEW vd AS SELECT 1::d AS one",
        ),
        case("ALTER DOMAIN d ADD CHECK (VALUE > 0)").given(
            "CREATE DOMAIN d AS int; CREATE DOMAIN e AS d; CREATE DOMAIN f AS e; CREATE TABLE x (a f, b d, c e); INSERT INTO x VALUES (1, 1, 1)",
        ),
        case("ALTER DOMAIN d ADD CHECK (VALUE > 0)").given(
            "CREATE DOMAIN d AS int; CREATE TABLE x (a int); INSERT INTO x VALUES (1); CREATE INDEX x_e ON x ((a::d));
             ALTER TABLE x ADD CHECK (a::d > 0), ADD g int GENERATED ALWAYS AS (a::d + 1) STORED",
        ),
        case("ALTER DOMAIN d ADD CHECK (VALUE > 0)").given(
            "CREATE DOMAIN d AS int; CREATE TABLE x (a int, b d); INSERT INTO x VALUES (1, 1); ALTER TABLE x DROP COLUMN b",
        ),
        case("ALTER DOMAIN d ADD CHECK (VALUE[1] > 0)").given(
            "CREATE DOMAIN d AS int[]; CREATE TABLE x (a d); INSERT INTO x VALUES ('{1}')",
        ),
        case("ALTER DOMAIN d SET NOT NULL").given(
            "CREATE DOMAIN d AS int; CREATE TABLE x (a d[]); INSERT INTO x VALUES ('{1}')",
        ).if_possible(),
        case("ALTER DOMAIN d SET NOT NULL").given(
            "CREATE DOMAIN d AS int; CREATE TABLE x (a d) PARTITION BY LIST (a); CREATE TABLE x1 PARTITION OF x FOR VALUES IN (1); INSERT INTO x VALUES (1)",
        ),
        case("ALTER DOMAIN d ADD CHECK (VALUE > 0)").given(
            "CREATE DOMAIN d AS int; CREATE TABLE x (g int GENERATED ALWAYS AS IDENTITY, a d UNIQUE); INSERT INTO x (a) VALUES (1)",
        ),
    ];
    run(BASE, cases);
}
