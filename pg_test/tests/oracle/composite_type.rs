//! ALTER TYPE of composite types, which is carried to typed tables and what inherits from them.

use crate::case::{case, run};

const BASE: &str = "
    CREATE DOMAIN d AS int CHECK (VALUE > 0);
    CREATE TYPE c AS (a int, b varchar(10));
    CREATE TYPE unused AS (a int, b text);
    CREATE TABLE t OF c (PRIMARY KEY (a));
    INSERT INTO t SELECT i, 'x' FROM generate_series(1, 300) i;
    CREATE INDEX t_b ON t (b);
    CREATE TABLE child (own int) INHERITS (t);
    INSERT INTO child SELECT i, 'x', i FROM generate_series(1, 300) i;
    CREATE TABLE r (a int REFERENCES t);
    INSERT INTO r SELECT generate_series(1, 300);
    CREATE TYPE e AS (a int, b int);
    CREATE TABLE u OF e (CHECK (a > 0), UNIQUE (b));
    CREATE TABLE p OF e PARTITION BY RANGE (a);
    CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (400);
    INSERT INTO u SELECT i, i FROM generate_series(1, 300) i;
    INSERT INTO p SELECT i, i FROM generate_series(1, 300) i;
";

#[test]
fn attributes() {
    let cases = vec![
        case("ALTER TYPE unused ADD ATTRIBUTE z int"),
        case("ALTER TYPE app.unused ALTER ATTRIBUTE a TYPE jsonb CASCADE"),
        case("ALTER TYPE unused DROP ATTRIBUTE a, DROP ATTRIBUTE IF EXISTS absent"),
        case("ALTER TYPE unused DROP ATTRIBUTE a CASCADE").given("CREATE VIEW v AS SELECT (NULL::unused).a, 1 AS one"),
        case("ALTER TYPE unused DROP ATTRIBUTE a").given("CREATE TABLE x (u unused, i int); INSERT INTO x (i) VALUES (1)").if_possible(),
        case("ALTER TYPE unused ADD ATTRIBUTE z int").given("CREATE TABLE x (u unused, i int); INSERT INTO x (i) VALUES (1)").if_possible(),
        case("ALTER TYPE c ADD ATTRIBUTE z int").if_possible(),
        case("ALTER TYPE c ADD ATTRIBUTE z int CASCADE"),
        case("ALTER TYPE c ADD ATTRIBUTE z d CASCADE"),
        case("ALTER TYPE c ADD ATTRIBUTE z int CASCADE, ADD ATTRIBUTE y text COLLATE \"C\" CASCADE"),
        case("ALTER TYPE c DROP ATTRIBUTE b CASCADE"),
        case("ALTER TYPE c DROP ATTRIBUTE a CASCADE"),
        case("ALTER TYPE c DROP ATTRIBUTE IF EXISTS absent CASCADE"),
        case("ALTER TYPE c ALTER ATTRIBUTE b TYPE varchar(20) CASCADE"),
        case("ALTER TYPE c ALTER ATTRIBUTE b TYPE text CASCADE"),
        case("ALTER TYPE c ALTER ATTRIBUTE b TYPE char(20) CASCADE"),
        case("ALTER TYPE c ALTER ATTRIBUTE a TYPE bigint CASCADE"),
        case("ALTER TYPE c ALTER ATTRIBUTE a TYPE bigint CASCADE, DROP ATTRIBUTE b CASCADE, ADD ATTRIBUTE z int CASCADE"),
        case("ALTER TYPE e ADD ATTRIBUTE z int CASCADE"),
        case("ALTER TYPE e ADD ATTRIBUTE z d CASCADE"),
        case("ALTER TYPE e ALTER ATTRIBUTE b TYPE bigint CASCADE"),
        case("ALTER TYPE e ALTER ATTRIBUTE a TYPE bigint CASCADE").if_possible(),
        case("ALTER TYPE e DROP ATTRIBUTE b CASCADE"),
        case("ALTER TYPE e DROP ATTRIBUTE b CASCADE").given("CREATE VIEW v AS SELECT (NULL::e).b; CREATE VIEW vu AS SELECT b FROM u; CREATE TABLE x (i int DEFAULT (ROW(1, 2)::e).b); INSERT INTO x VALUES (1)"),
    ];
    run(BASE, cases);
}
