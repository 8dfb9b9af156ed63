//! DROP of what is no relation: what goes with it, and the relations that lose a part.

use crate::case::{case, extension_with_type, run};

const BASE: &str = "
    CREATE TABLE t (id serial PRIMARY KEY, a int, b text);
    INSERT INTO t (a, b) SELECT i, 'x' FROM generate_series(1, 300) i;
    CREATE TABLE r (id int PRIMARY KEY, t int REFERENCES t);
    INSERT INTO r SELECT i, i FROM generate_series(1, 300) i;
    CREATE VIEW v AS SELECT id, a FROM t;
    CREATE VIEW vv AS SELECT id FROM v;
    CREATE MATERIALIZED VIEW mv AS SELECT id FROM v;
    CREATE INDEX mv_id ON mv (id);
    CREATE TABLE p (a int, b int) PARTITION BY RANGE (a);
    CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (100);
    CREATE TABLE pd PARTITION OF p DEFAULT;
    INSERT INTO p SELECT i, i FROM generate_series(1, 300) i;
";

#[test]
fn types() {
    let domain = "CREATE DOMAIN d AS int CHECK (VALUE > 0); CREATE TABLE x (a d, b int); INSERT INTO x VALUES (1, 1);
                  CREATE INDEX x_a ON x (a); CREATE VIEW vx AS SELECT a FROM x; ALTER TABLE p ADD c d; UPDATE p SET c = 1";
    let composite = "CREATE TYPE c AS (a int, b text); CREATE TABLE typed OF c; INSERT INTO typed VALUES (1);
                     CREATE TABLE x (c c, d c[]); INSERT INTO x VALUES (NULL); CREATE VIEW vx AS SELECT c FROM x";
    let cases = vec![
        case("DROP DOMAIN d").given("CREATE DOMAIN d AS int"),
        case("DROP DOMAIN IF EXISTS absent"),
        case("DROP DOMAIN IF EXISTS absent.d"),
        case("DROP DOMAIN d").given(domain).if_possible(),
        case("DROP DOMAIN d CASCADE").given(domain),
        case("DROP TYPE c CASCADE").given(composite),
        case("DROP TYPE e").given("CREATE TYPE e AS ENUM ('a')"),
        case("DROP TYPE e, c CASCADE").given(
            "CREATE TYPE e AS ENUM ('a'); CREATE TYPE c AS (e e); CREATE TABLE x (e e DEFAULT 'a', a int); INSERT INTO x VALUES ('a', 1);
             CREATE FUNCTION f(e) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1'; CREATE INDEX t_e ON t (f(a::text::e)) WHERE false",
        ).if_possible(),
        case("DROP TYPE app.e CASCADE").given("CREATE TYPE e AS ENUM ('a'); CREATE TABLE x (e e PRIMARY KEY, a int DEFAULT 1); INSERT INTO x VALUES ('a'); CREATE TABLE y (e e REFERENCES x); INSERT INTO y VALUES ('a')"),
        case("DROP TYPE ra CASCADE").given("CREATE TYPE ra AS RANGE (subtype = int); CREATE TABLE x (a int, b ra, c ra[]); INSERT INTO x VALUES (1)"),
    ];
    run(BASE, cases);
}

#[test]
fn functions() {
    let function = "CREATE FUNCTION f(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1';";
    let cases = vec![
        case("DROP FUNCTION f"),
        case("DROP FUNCTION IF EXISTS absent(int)"),
        case("DROP FUNCTION f(int)"),
        case("DROP ROUTINE app.f(int) CASCADE"),
        case("DROP FUNCTION f, f(text)").given("CREATE FUNCTION f(text) RETURNS int LANGUAGE sql AS 'SELECT 1'").if_possible(),
        case("DROP FUNCTION f CASCADE").given(format!("{function} CREATE INDEX t_f ON t (f(a)); ALTER TABLE r ALTER t SET DEFAULT f(1)")),
        case("DROP FUNCTION f CASCADE").given(format!("{function} CREATE INDEX p_f ON p (f(a)); ALTER TABLE r ADD CHECK (f(t) > 0)")),
        case("DROP FUNCTION f CASCADE").given(format!("{function} ALTER TABLE r ADD g int GENERATED ALWAYS AS (f(t)) STORED; CREATE INDEX r_g ON r (g)")),
        case("DROP FUNCTION f CASCADE").given(format!("{function} CREATE POLICY po ON r USING (f(t) > 0); CREATE STATISTICS st ON f(a), b FROM t")),
        case("DROP FUNCTION f CASCADE").given(format!("{function} CREATE RULE ru AS ON DELETE TO r WHERE f(old.t) > 0 DO ALSO NOTHING; CREATE VIEW vf AS SELECT f(a) FROM t")),
        case("DROP FUNCTION tf CASCADE").given("CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER tr AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION tf(); CREATE TRIGGER tr AFTER INSERT ON r EXECUTE FUNCTION tf()"),
        case("DROP PROCEDURE pr").given("CREATE PROCEDURE pr() LANGUAGE sql AS ''"),
        case("DROP AGGREGATE ag(int) CASCADE").given("CREATE AGGREGATE ag(int) (SFUNC = int4pl, STYPE = int); CREATE VIEW va AS SELECT ag(a) FROM t"),
        case("DROP OPERATOR +@ (int, int) CASCADE").given("CREATE OPERATOR +@ (LEFTARG = int, RIGHTARG = int, FUNCTION = int4pl); CREATE INDEX t_o ON t ((a OPERATOR(app.+@) 1))"),
        case("DROP OPERATOR CLASS oc USING btree CASCADE").given("CREATE OPERATOR CLASS oc FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int, int); CREATE INDEX t_c ON t (a oc)"),
        case("DROP OPERATOR FAMILY oc USING btree CASCADE").given("CREATE OPERATOR CLASS oc FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int, int); CREATE INDEX t_c ON t (a oc)"),
        case("DROP CAST (t AS text) CASCADE").given("CREATE FUNCTION cf(t) RETURNS text LANGUAGE sql AS 'SELECT 1::text'; CREATE CAST (t AS text) WITH FUNCTION cf(t)"),
    ];
    run(
        BASE,
        cases
            .into_iter()
            .map(|case| {
                if case.setup.is_empty() {
                    case.given(function)
                } else {
                    case
                }
            })
            .collect(),
    );
}

#[test]
fn parts_of_tables() {
    let trigger = "CREATE TRIGGER tr AFTER INSERT ON r EXECUTE FUNCTION suppress_redundant_updates_trigger();";
    let row = "CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER tr AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION tf();";
    let cases = vec![
        case("DROP TRIGGER tr ON r").given(trigger),
        case("DROP TRIGGER tr ON app.r CASCADE").given(trigger),
        case("DROP TRIGGER IF EXISTS absent ON r"),
        case("DROP TRIGGER IF EXISTS tr ON absent"),
        case("DROP TRIGGER tr ON p").given(row),
        case("DROP TRIGGER tr ON p1").given(row).if_possible(),
        case("DROP RULE ru ON r").given("CREATE RULE ru AS ON DELETE TO r DO ALSO DELETE FROM t WHERE false"),
        case("DROP RULE IF EXISTS absent ON r"),
        case("DROP POLICY po ON r").given("CREATE POLICY po ON r USING (t > 0)"),
        case("DROP POLICY IF EXISTS absent ON r"),
        case("DROP STATISTICS st").given("CREATE STATISTICS st ON a, b FROM t"),
        case("DROP STATISTICS IF EXISTS absent"),
        case("DROP COLLATION co CASCADE").given("CREATE COLLATION co FROM \"C\"; CREATE TABLE x (a text COLLATE co, b int); INSERT INTO x VALUES ('a', 1); CREATE INDEX t_b ON t (b COLLATE co)"),
        case("DROP PUBLICATION pu").given("DROP PUBLICATION IF EXISTS pu; CREATE PUBLICATION pu FOR TABLE r, p"),
        case("DROP EVENT TRIGGER IF EXISTS absent"),
        case("DROP TEXT SEARCH CONFIGURATION ts CASCADE").given("CREATE TEXT SEARCH CONFIGURATION ts (COPY = english); CREATE INDEX t_ts ON t USING gin (to_tsvector('ts', b))"),
        case("DROP TEXT SEARCH DICTIONARY IF EXISTS absent"),
        case("DROP CONVERSION IF EXISTS absent"),
        case("DROP LANGUAGE IF EXISTS absent"),
        case("DROP TRANSFORM IF EXISTS FOR int LANGUAGE sql"),
    ];
    run(BASE, cases);
}

#[test]
fn containers() {
    let extension = extension_with_type();
    let installed = format!("CREATE EXTENSION IF NOT EXISTS {extension}");
    let used = format!("{installed}; CREATE TABLE x (a {extension}, b int); INSERT INTO x VALUES ('[1]', 1)");
    let schema = "DROP SCHEMA IF EXISTS other CASCADE; CREATE SCHEMA other; CREATE TABLE other.x (id serial PRIMARY KEY, a int); INSERT INTO other.x VALUES (1);
                  CREATE TABLE other.y (x int REFERENCES t); INSERT INTO other.y VALUES (1); CREATE VIEW vx AS SELECT a FROM other.x;
                  CREATE TABLE other.p3 PARTITION OF p FOR VALUES FROM (1000) TO (2000); INSERT INTO p VALUES (1000);
                  CREATE TYPE other.e AS ENUM ('a'); ALTER TABLE r ADD e other.e";
    let foreign = "DROP SERVER IF EXISTS se CASCADE; DROP FOREIGN DATA WRAPPER IF EXISTS fd; CREATE FOREIGN DATA WRAPPER fd; CREATE SERVER se FOREIGN DATA WRAPPER fd;
                   CREATE FOREIGN TABLE ft (a int) SERVER se; CREATE FOREIGN TABLE fp PARTITION OF p FOR VALUES FROM (1000) TO (2000) SERVER se; CREATE VIEW vf AS SELECT a FROM ft";
    let cases = vec![
        case("DROP SCHEMA empty").given("DROP SCHEMA IF EXISTS empty CASCADE; CREATE SCHEMA empty"),
        case("DROP SCHEMA IF EXISTS absent CASCADE"),
        case(format!("DROP EXTENSION {extension} CASCADE")).given(format!(
            "{installed}; CREATE TABLE x (a {extension} PRIMARY KEY, b int); INSERT INTO x VALUES ('[1]', 1); CREATE VIEW vc AS SELECT a FROM x"
        )),
        case(format!("DROP EXTENSION {extension} CASCADE")).given(format!(
            "{used}; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER EXTENSION {extension} ADD FUNCTION f()"
        )),
        case("DROP SCHEMA other CASCADE").given(schema),
        case("DROP SCHEMA app CASCADE"),
        case("DROP FOREIGN TABLE ft CASCADE").given(foreign),
        case("DROP SERVER se CASCADE").given(foreign),
        case("DROP FOREIGN DATA WRAPPER fd CASCADE").given(foreign),
        case("DROP ACCESS METHOD he CASCADE").given("DROP ACCESS METHOD IF EXISTS he CASCADE; CREATE ACCESS METHOD he TYPE TABLE HANDLER heap_tableam_handler; CREATE TABLE x (a int PRIMARY KEY) USING he; INSERT INTO x VALUES (1)"),
    ];
    run(BASE, cases);
}
