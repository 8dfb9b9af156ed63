//! Statements that name an object and do no work: triggers, policies, rules, comments, statistics, publications, sequences,
//! grants, LOCK, and what has no relation at all.

use pg_test::c_library;

use crate::case::{Case, case, run};

const BASE: &str = "
    DROP PUBLICATION IF EXISTS pu; DROP PUBLICATION IF EXISTS pa; DROP PUBLICATION IF EXISTS pub_new;
    DROP SCHEMA IF EXISTS other CASCADE; CREATE SCHEMA other;
    CREATE TABLE t (id serial PRIMARY KEY, a int CONSTRAINT positive CHECK (a > 0), b text DEFAULT 'x', g int GENERATED ALWAYS AS IDENTITY);
    INSERT INTO t (a, b) SELECT i, 'x' FROM generate_series(1, 300) i;
    CREATE INDEX t_b ON t (b);
    CREATE TABLE r (id int PRIMARY KEY, t int CONSTRAINT r_t REFERENCES t);
    INSERT INTO r SELECT i, i FROM generate_series(1, 300) i;
    CREATE TABLE empty_log (a int);
    INSERT INTO empty_log VALUES (1);
    CREATE VIEW v AS SELECT t.id, a FROM t JOIN r ON r.id = t.id WHERE a NOT IN (SELECT a FROM empty_log);
    CREATE VIEW vv AS WITH c AS (SELECT * FROM v) SELECT c.id FROM c, (SELECT 1 AS one FROM parent) AS s;
    CREATE MATERIALIZED VIEW mv AS SELECT id FROM t;
    CREATE INDEX mv_id ON mv (id);
    CREATE VIEW vm AS SELECT id FROM mv;
    CREATE SEQUENCE s;
    SELECT nextval('s');
    CREATE TYPE c AS (x int, y text);
    CREATE TYPE e AS ENUM ('a');
    CREATE DOMAIN d AS int CONSTRAINT d_positive CHECK (VALUE > 0);
    CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER tr AFTER INSERT ON r EXECUTE FUNCTION f();
    CREATE TRIGGER tr AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION f();
    CREATE POLICY po ON r USING (t > 0);
    CREATE RULE ru AS ON DELETE TO r DO ALSO NOTHING;
    CREATE STATISTICS st ON a, b FROM t;
";

const TREES: &str = "
    CREATE TABLE parent (a int, b int);
    CREATE TABLE child () INHERITS (parent);
    CREATE TABLE grandchild () INHERITS (child);
    INSERT INTO parent SELECT i, i FROM generate_series(1, 300) i;
    INSERT INTO child SELECT i, i FROM generate_series(1, 300) i;
    INSERT INTO grandchild SELECT i, i FROM generate_series(1, 300) i;
    CREATE TABLE p (a int, b int) PARTITION BY RANGE (a);
    CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (100);
    CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (200) PARTITION BY RANGE (a);
    CREATE TABLE p2a PARTITION OF p2 FOR VALUES FROM (100) TO (200);
    CREATE TABLE pd PARTITION OF p DEFAULT;
    INSERT INTO p SELECT i, i FROM generate_series(1, 300) i;
";

const FOREIGN: &str = "
    DROP SERVER IF EXISTS se CASCADE; DROP FOREIGN DATA WRAPPER IF EXISTS fd CASCADE;
    CREATE FOREIGN DATA WRAPPER fd; CREATE SERVER se FOREIGN DATA WRAPPER fd;
    CREATE FOREIGN TABLE ft (a int) SERVER se;
";

const EVENT: &str = "
    DROP EVENT TRIGGER IF EXISTS ev;
    CREATE FUNCTION ef() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
    CREATE EVENT TRIGGER ev ON sql_drop EXECUTE FUNCTION ef();
";

fn check(statements: &[&str], more: Vec<Case>) {
    let cases = statements.iter().map(|statement| case(*statement)).chain(more);
    run(&format!("{TREES}{BASE}"), cases.collect());
}

#[test]
fn triggers() {
    let foreign = case("CREATE TRIGGER n AFTER INSERT ON ft FOR EACH ROW EXECUTE FUNCTION f()").given(FOREIGN);
    check(
        &[
            "CREATE TRIGGER n AFTER INSERT ON t EXECUTE FUNCTION f()",
            "CREATE TRIGGER n BEFORE UPDATE OF a ON app.t FOR EACH ROW WHEN (new.a > 0) EXECUTE FUNCTION f()",
            "CREATE OR REPLACE TRIGGER tr AFTER UPDATE ON r FOR EACH ROW EXECUTE FUNCTION f()",
            "CREATE CONSTRAINT TRIGGER n AFTER INSERT ON t FROM r DEFERRABLE FOR EACH ROW EXECUTE FUNCTION f()",
            "CREATE TRIGGER n AFTER INSERT ON p EXECUTE FUNCTION f()",
            "CREATE TRIGGER n AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION f()",
            "CREATE OR REPLACE TRIGGER tr AFTER UPDATE ON p FOR EACH ROW EXECUTE FUNCTION f()",
            "CREATE TRIGGER n AFTER INSERT ON p2 FOR EACH ROW EXECUTE FUNCTION f()",
            "CREATE TRIGGER n AFTER INSERT ON p1 FOR EACH ROW EXECUTE FUNCTION f()",
            "CREATE TRIGGER n AFTER INSERT ON parent FOR EACH ROW EXECUTE FUNCTION f()",
            "CREATE TRIGGER n INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION f()",
            "ALTER TRIGGER tr ON r DEPENDS ON EXTENSION plpgsql",
            "ALTER FUNCTION f DEPENDS ON EXTENSION plpgsql",
            "ALTER INDEX t_b DEPENDS ON EXTENSION plpgsql",
            "ALTER INDEX t_b NO DEPENDS ON EXTENSION plpgsql",
            "ALTER MATERIALIZED VIEW mv DEPENDS ON EXTENSION plpgsql",
        ],
        vec![foreign],
    );
}

#[test]
fn policies_rules_and_statistics() {
    check(
        &[
            "CREATE POLICY n ON t USING (a > 0)",
            "CREATE POLICY n ON app.t FOR SELECT USING (a IN (SELECT id FROM r))",
            "CREATE POLICY n ON p USING (a > 0)",
            "CREATE POLICY n ON parent USING (a > 0)",
            "ALTER POLICY po ON r USING (t > 1)",
            "ALTER POLICY po ON r TO PUBLIC",
            "CREATE RULE n AS ON DELETE TO t DO INSTEAD NOTHING",
            "CREATE RULE n AS ON DELETE TO p DO ALSO NOTHING",
            "CREATE OR REPLACE RULE ru AS ON DELETE TO r DO INSTEAD NOTHING",
            "CREATE RULE n AS ON INSERT TO v DO INSTEAD NOTHING",
            "CREATE STATISTICS n ON a, b FROM t",
            "CREATE STATISTICS n ON a, (b || 'x') FROM app.t",
            "CREATE STATISTICS IF NOT EXISTS st ON a, b FROM t",
            "CREATE STATISTICS n ON a, b FROM p",
            "CREATE STATISTICS n ON a, b FROM parent",
            "ALTER STATISTICS st SET STATISTICS 10",
            "ALTER STATISTICS IF EXISTS absent SET STATISTICS 10",
        ],
        vec![],
    );
}

#[test]
fn comments() {
    check(
        &[
            "COMMENT ON TABLE t IS 'x'",
            "COMMENT ON TABLE app.t IS NULL",
            "COMMENT ON TABLE p IS 'x'",
            "COMMENT ON TABLE parent IS 'x'",
            "COMMENT ON COLUMN t.a IS 'x'",
            "COMMENT ON COLUMN app.v.a IS 'x'",
            "COMMENT ON COLUMN c.x IS 'x'",
            "COMMENT ON INDEX t_b IS 'x'",
            "COMMENT ON INDEX t_pkey IS 'x'",
            "COMMENT ON VIEW v IS 'x'",
            "COMMENT ON MATERIALIZED VIEW mv IS 'x'",
            "COMMENT ON SEQUENCE s IS 'x'",
            "COMMENT ON CONSTRAINT positive ON t IS 'x'",
            "COMMENT ON CONSTRAINT d_positive ON DOMAIN d IS 'x'",
            "COMMENT ON TRIGGER tr ON r IS 'x'",
            "COMMENT ON POLICY po ON r IS 'x'",
            "COMMENT ON RULE ru ON r IS 'x'",
            "COMMENT ON STATISTICS st IS 'x'",
            "COMMENT ON TYPE c IS 'x'",
            "COMMENT ON DOMAIN d IS 'x'",
            "COMMENT ON FUNCTION f IS 'x'",
            "COMMENT ON SCHEMA app IS 'x'",
            "COMMENT ON EXTENSION plpgsql IS 'x'",
            "COMMENT ON CAST (int AS bigint) IS 'x'",
            "COMMENT ON LANGUAGE plpgsql IS 'x'",
        ],
        vec![case("COMMENT ON FOREIGN TABLE ft IS 'x'").given(FOREIGN)],
    );
}

#[test]
fn members_of_extensions() {
    let member = "ALTER EXTENSION plpgsql ADD TABLE r";
    check(
        &[
            "ALTER EXTENSION plpgsql ADD TABLE t",
            "ALTER EXTENSION plpgsql ADD TABLE p",
            "ALTER EXTENSION plpgsql ADD VIEW v",
            "ALTER EXTENSION plpgsql ADD MATERIALIZED VIEW mv",
            "ALTER EXTENSION plpgsql ADD SEQUENCE s",
            "ALTER EXTENSION plpgsql ADD TYPE c",
            "ALTER EXTENSION plpgsql ADD DOMAIN d",
            "ALTER EXTENSION plpgsql ADD FUNCTION f()",
            "ALTER EXTENSION plpgsql ADD SCHEMA other",
        ],
        vec![case("ALTER EXTENSION plpgsql DROP TABLE r").after(member)],
    );
}

#[test]
fn publications() {
    let publication = "CREATE PUBLICATION pu FOR TABLE t, p; CREATE PUBLICATION pa FOR ALL TABLES";
    let of_publication = [
        "ALTER PUBLICATION pu ADD TABLE r",
        "ALTER PUBLICATION pu ADD TABLE parent",
        "ALTER PUBLICATION pu DROP TABLE t",
        "ALTER PUBLICATION pu SET TABLE r",
        "ALTER PUBLICATION pu SET TABLE r, t WHERE (id > 0)",
        "ALTER PUBLICATION pu SET TABLE t (id, a)",
        "ALTER PUBLICATION pu SET TABLES IN SCHEMA other",
        "ALTER PUBLICATION pu ADD TABLES IN SCHEMA other",
        "ALTER PUBLICATION pu SET (publish = 'insert')",
        "ALTER PUBLICATION pa SET (publish = 'insert')",
        "ALTER PUBLICATION pu RENAME TO pub_new",
        "ALTER PUBLICATION pu OWNER TO CURRENT_USER",
        "DROP PUBLICATION pu, pa",
        "DROP PUBLICATION IF EXISTS absent",
    ];
    check(
        &[
            "CREATE PUBLICATION pub_new",
            "CREATE PUBLICATION pub_new FOR ALL TABLES",
            "CREATE PUBLICATION pub_new FOR TABLE t",
            "CREATE PUBLICATION pub_new FOR TABLE app.t, r (id), p1 WHERE (a > 0)",
            "CREATE PUBLICATION pub_new FOR TABLE parent",
            "CREATE PUBLICATION pub_new FOR TABLE ONLY parent",
            "CREATE PUBLICATION pub_new FOR TABLE p1",
            "CREATE PUBLICATION pub_new FOR TABLES IN SCHEMA app",
            "CREATE PUBLICATION pub_new FOR TABLES IN SCHEMA other, TABLE t",
            "CREATE SUBSCRIPTION n CONNECTION '' PUBLICATION p WITH (connect = false)",
            "DROP SUBSCRIPTION IF EXISTS absent",
        ],
        of_publication
            .into_iter()
            .map(|statement| case(statement).given(publication))
            .collect(),
    );
}

#[test]
fn sequences() {
    check(
        &[
            "ALTER SEQUENCE s INCREMENT 2",
            "ALTER SEQUENCE app.s CACHE 10 NO CYCLE",
            "ALTER SEQUENCE s RESTART",
            "ALTER SEQUENCE s RESTART WITH 7",
            "ALTER SEQUENCE s AS int",
            "ALTER SEQUENCE s OWNED BY t.a",
            "ALTER SEQUENCE s OWNED BY NONE",
            "ALTER SEQUENCE s OWNED BY t.a MAXVALUE 1000",
            "ALTER SEQUENCE t_id_seq START 5",
            "ALTER SEQUENCE IF EXISTS absent INCREMENT 2",
            "ALTER SEQUENCE s SET UNLOGGED",
            "ALTER SEQUENCE s SET LOGGED",
            "CREATE SEQUENCE n OWNED BY t.a",
            "CREATE SEQUENCE IF NOT EXISTS s",
        ],
        vec![
            case("ALTER SEQUENCE s SET UNLOGGED"),
            case("ALTER SEQUENCE s SET LOGGED"),
        ]
        .into_iter()
        .map(|case| case.from(15))
        .collect(),
    );
}

#[test]
fn locks() {
    check(
        &[
            "LOCK TABLE t",
            "LOCK t IN ACCESS SHARE MODE",
            "LOCK t IN ROW SHARE MODE",
            "LOCK TABLE app.t, r IN SHARE MODE NOWAIT",
            "LOCK parent IN EXCLUSIVE MODE",
            "LOCK ONLY parent IN EXCLUSIVE MODE",
            "LOCK child",
            "LOCK p IN SHARE ROW EXCLUSIVE MODE",
            "LOCK ONLY p",
            "LOCK v IN SHARE MODE",
            "LOCK vv",
            "LOCK vm",
            "LOCK t, v IN ROW EXCLUSIVE MODE",
        ],
        vec![
            case("LOCK self")
                .given("CREATE VIEW self AS SELECT 1 AS one; CREATE OR REPLACE VIEW self AS SELECT one FROM self"),
            case("LOCK vo").given("CREATE VIEW vo AS SELECT a FROM ONLY parent"),
        ]
        .into_iter()
        .map(Case::if_possible)
        .collect(),
    );
}

#[test]
fn grants() {
    check(
        &[
            "GRANT SELECT ON t TO PUBLIC",
            "GRANT UPDATE (a) ON app.t TO PUBLIC",
            "REVOKE ALL ON t, p, v FROM PUBLIC",
            "GRANT ALL ON ALL TABLES IN SCHEMA app TO PUBLIC",
            "GRANT USAGE ON SEQUENCE s TO PUBLIC",
            "GRANT USAGE ON SCHEMA app TO PUBLIC",
            "GRANT EXECUTE ON FUNCTION f TO PUBLIC",
            "GRANT USAGE ON TYPE c TO PUBLIC",
            "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC",
        ],
        vec![],
    );
}

#[test]
fn schemas() {
    check(
        &[
            "CREATE SCHEMA n",
            "CREATE SCHEMA IF NOT EXISTS other",
            "CREATE SCHEMA n CREATE TABLE x (a int PRIMARY KEY) CREATE VIEW y AS SELECT a FROM x CREATE INDEX ON x (a)",
            "CREATE SCHEMA n CREATE TABLE x (a int REFERENCES t) CREATE VIEW y AS SELECT a FROM v GRANT SELECT ON x TO PUBLIC",
            "CREATE SCHEMA n CREATE TABLE t (id int PRIMARY KEY) CREATE TABLE x (a int REFERENCES t)",
            "CREATE SCHEMA n CREATE TABLE x () INHERITS (parent) CREATE TABLE y PARTITION OF p FOR VALUES FROM (1000) TO (2000)",
            "CREATE SCHEMA n CREATE TABLE p (a int) PARTITION BY LIST (a) CREATE TABLE p9 PARTITION OF p FOR VALUES IN (1)",
            "CREATE SCHEMA n CREATE TABLE parent (a int) CREATE TABLE x () INHERITS (parent)",
            "CREATE SCHEMA n CREATE SEQUENCE x CREATE TABLE t (a int) CREATE TRIGGER z AFTER INSERT ON t EXECUTE FUNCTION f()",
        ],
        vec![],
    );
}

#[test]
fn subscriptions() {
    // Made where the statement runs, because a database that has one cannot be dropped.
    let subscription = "CREATE SUBSCRIPTION su CONNECTION '' PUBLICATION pu WITH (connect = false, slot_name = NONE)";
    let cases = [
        "ALTER SUBSCRIPTION su SET (binary = true)",
        "ALTER SUBSCRIPTION su SET PUBLICATION other WITH (refresh = false)",
        "ALTER SUBSCRIPTION su RENAME TO so",
        "DROP SUBSCRIPTION su",
    ];
    let mut cases: Vec<_> = cases.map(|statement| case(statement).after(subscription)).into();
    cases.push(case(subscription));
    check(&[], cases);
}

#[test]
fn security_labels() {
    let provider = c_library("tests/oracle/label_provider.c");
    let cases = [
        "TABLE t",
        "TABLE p",
        "COLUMN app.t.a",
        "VIEW v",
        "MATERIALIZED VIEW mv",
        "SEQUENCE s",
        "TYPE c",
        "SCHEMA app",
    ];
    let cases = cases.map(|object| {
        case(format!("SECURITY LABEL FOR oracle ON {object} IS 'x'")).set(&format!("LOAD '{}'", provider.display()))
    });
    check(&[], cases.into());
}

#[test]
fn without_a_relation() {
    check(
        &[
            "CREATE ROLE oracle_new",
            "CREATE FUNCTION n() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "CREATE PROCEDURE n() LANGUAGE plpgsql AS 'BEGIN DELETE FROM t; END'",
            "ALTER FUNCTION f() COST 10",
            "CREATE AGGREGATE n(int) (SFUNC = int4pl, STYPE = int)",
            "CREATE OPERATOR +@ (LEFTARG = int, RIGHTARG = int, FUNCTION = int4pl)",
            "CREATE TYPE n AS ENUM ('a')",
            "ALTER TYPE e ADD VALUE 'b'",
            "ALTER TYPE pg_catalog.varchar SET (STORAGE = extended)",
            "ALTER EXTENSION plpgsql UPDATE",
            "CREATE TYPE n AS RANGE (SUBTYPE = int)",
            "CREATE TYPE n AS (a int)",
            "CREATE DOMAIN n AS int",
            "ALTER DOMAIN d SET DEFAULT 1",
            "ALTER DOMAIN d DROP CONSTRAINT d_positive",
            "CREATE COLLATION n FROM \"C\"",
            "CREATE CAST (c AS text) WITH INOUT",
            "CREATE TEXT SEARCH CONFIGURATION n (COPY = english)",
            "CREATE CONVERSION n FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1",
            "CREATE ACCESS METHOD n TYPE TABLE HANDLER heap_tableam_handler",
            "CREATE FOREIGN DATA WRAPPER n",
            "DO $$ BEGIN NULL; END $$",
            "SET LOCAL work_mem = '1MB'",
            "SHOW work_mem",
            "SET CONSTRAINTS ALL DEFERRED",
            "LISTEN n",
            "NOTIFY n",
            "UNLISTEN n",
            "DEALLOCATE ALL",
            "CLOSE ALL",
            "DISCARD PLANS",
        ],
        vec![
            case("IMPORT FOREIGN SCHEMA x FROM SERVER se INTO other")
                .given(FOREIGN)
                .if_possible(),
            case("CREATE USER MAPPING FOR CURRENT_USER SERVER se").given(FOREIGN),
            case("ALTER SERVER se VERSION '2'").given(FOREIGN),
            case("ALTER FOREIGN DATA WRAPPER fd OPTIONS (ADD a 'b')").given(FOREIGN),
            case("CREATE EVENT TRIGGER n ON ddl_command_end EXECUTE FUNCTION ef()").given(EVENT),
            case("ALTER EVENT TRIGGER ev DISABLE").given(EVENT),
        ],
    );
}
