//! SET LOGGED, UNLOGGED, TABLESPACE, ACCESS METHOD, storage parameters and their kin.

use pg_test::TestDatabase;

use crate::case::{case, run};

const BASE: &str = "
    CREATE TABLE t (id serial PRIMARY KEY, a int, b text);
    INSERT INTO t (a, b) SELECT i, repeat('x', 100) FROM generate_series(1, 300) i;
    CREATE INDEX t_a ON t (a);
    CREATE UNLOGGED TABLE u (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int);
    INSERT INTO u (a) SELECT generate_series(1, 300);
    CREATE TABLE plain (a int); INSERT INTO plain SELECT generate_series(1, 300);
    CREATE TABLE r (id int, t int);
    INSERT INTO r SELECT i, i FROM generate_series(1, 300) i;
    CREATE MATERIALIZED VIEW mv AS SELECT * FROM t;
    CREATE INDEX mv_a ON mv (a);
    CREATE VIEW v AS SELECT id, a FROM t;
    CREATE SEQUENCE numbers; SELECT nextval('numbers');
    CREATE TABLE parent (a int, b int GENERATED ALWAYS AS (a + 1) STORED);
    CREATE TABLE child () INHERITS (parent);
    INSERT INTO parent SELECT generate_series(1, 300);
    INSERT INTO child SELECT generate_series(1, 300);
    CREATE TABLE p (a int, b int, g int GENERATED ALWAYS AS (a + 1) STORED) PARTITION BY RANGE (a);
    CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (100);
    CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (1000);
    INSERT INTO p SELECT i, i FROM generate_series(1, 300) i;
    CREATE INDEX p_b ON p (b);
    CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    CREATE TRIGGER watch AFTER INSERT ON t EXECUTE FUNCTION nothing();
    CREATE TRIGGER rows AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION nothing();
    DO $$ BEGIN
        IF NOT EXISTS (SELECT FROM pg_am WHERE amname = 'heap2') THEN
            CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler;
        END IF;
    END $$;
";

#[test]
fn persistence_and_method() {
    let cases = vec![
        case("ALTER TABLE t SET LOGGED"),
        case("ALTER TABLE t SET UNLOGGED"),
        case("ALTER TABLE u SET LOGGED"),
        case("ALTER TABLE u SET UNLOGGED"),
        case("ALTER TABLE plain SET UNLOGGED"),
        case("ALTER TABLE t SET UNLOGGED").given("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES t"),
        case("ALTER TABLE r SET UNLOGGED").given("ALTER TABLE r ADD FOREIGN KEY (t) REFERENCES t"),
        case("ALTER TABLE t SET UNLOGGED, ADD c float DEFAULT random()"),
        case("ALTER TABLE p1 SET UNLOGGED"),
        case("ALTER TABLE p SET UNLOGGED").if_possible(),
        case("ALTER TABLE parent SET UNLOGGED"),
        case("ALTER SEQUENCE numbers SET UNLOGGED"),
        case("ALTER SEQUENCE numbers SET LOGGED"),
        case("ALTER TABLE t SET UNLOGGED, DROP COLUMN id CASCADE"),
        case("ALTER TABLE u SET LOGGED, DROP COLUMN id"),
        case("ALTER TABLE t SET ACCESS METHOD heap"),
        case("ALTER TABLE t SET ACCESS METHOD heap2"),
        case("ALTER TABLE t SET ACCESS METHOD DEFAULT").from(17),
        case("ALTER TABLE t SET ACCESS METHOD DEFAULT").from(17).set("SET default_table_access_method = 'heap2'"),
        case("ALTER MATERIALIZED VIEW mv SET ACCESS METHOD heap2"),
        case("ALTER TABLE p SET ACCESS METHOD heap2").from(17),
        case("ALTER TABLE p1 SET ACCESS METHOD heap2"),
        case("ALTER TABLE parent SET ACCESS METHOD heap2"),
        case("ALTER TABLE t SET ACCESS METHOD heap2, ADD c float DEFAULT random()"),
        case("ALTER TABLE t ALTER b SET EXPRESSION AS ('y')").from(17).if_possible(),
        case("ALTER TABLE parent ALTER b SET EXPRESSION AS (a + 2)").from(17),
        case("ALTER TABLE p ALTER g SET EXPRESSION AS (a + 2)").from(17),
        case("ALTER TABLE vg ALTER g SET EXPRESSION AS (a + 2)")
            .given("CREATE TABLE vg (a int, g int GENERATED ALWAYS AS (a + 1)); INSERT INTO vg VALUES (1)")
            .from(18),
        case("ALTER TABLE vg ALTER g SET EXPRESSION AS (a + 2)")
            .given("CREATE TABLE vg (a int, g int GENERATED ALWAYS AS (a + 1) NOT NULL); INSERT INTO vg VALUES (1)")
            .from(18),
        case("ALTER TABLE sg ALTER g SET EXPRESSION AS (a + 2)")
            .given(
                "CREATE TABLE sg (a int, g int GENERATED ALWAYS AS (a + 1) STORED CHECK (g > 0)); INSERT INTO sg VALUES (1);
                 CREATE INDEX sg_g ON sg (g); CREATE INDEX sg_a ON sg (a); CREATE STATISTICS st ON a, g FROM sg",
            )
            .from(17),
        case("ALTER TABLE g ALTER b SET EXPRESSION AS (a + a)")
            .given(
                "CREATE TABLE g (a int, b int GENERATED ALWAYS AS (a * 2) STORED UNIQUE);
                 INSERT INTO g SELECT generate_series(1, 300);
                 CREATE TABLE to_g (x int REFERENCES g (b)); INSERT INTO to_g SELECT 2 FROM generate_series(1, 300)",
            )
            .from(17),
        case("ALTER TABLE g ALTER b SET EXPRESSION AS (a)")
            .given(
                "CREATE TABLE g (a int, b int GENERATED ALWAYS AS (a) STORED REFERENCES t (id), c int REFERENCES t (id));
                 INSERT INTO g SELECT generate_series(1, 300)",
            )
            .from(17),
        case("ALTER TABLE vg ALTER g SET EXPRESSION AS (a + 2)")
            .given("CREATE TABLE vg (a int, g int GENERATED ALWAYS AS (a + 1) CHECK (g > 0)); INSERT INTO vg VALUES (1)")
            .from(18)
            .if_possible(),
        case("ALTER TABLE parent ALTER b DROP EXPRESSION"),
    ];
    run(BASE, cases);
}

#[test]
fn tablespaces() {
    let database = TestDatabase::new();
    let mut client = database.client();
    client.batch("SET allow_in_place_tablespaces = on");
    client.batch("CREATE TABLESPACE oracle_space LOCATION ''");
    let wide = "CREATE TABLE wide (id int PRIMARY KEY, a text);
                INSERT INTO wide SELECT i, repeat(md5(i::text), 400) FROM generate_series(1, 30) i;";
    let cases = vec![
        case("ALTER TABLE t SET TABLESPACE oracle_space"),
        case("ALTER TABLE t SET TABLESPACE pg_default"),
        case("ALTER TABLE t SET TABLESPACE oracle_space").given("ALTER TABLE t SET TABLESPACE oracle_space"),
        case("ALTER TABLE wide SET TABLESPACE oracle_space").given(wide),
        case("ALTER TABLE t SET TABLESPACE oracle_space, ADD c float DEFAULT random()"),
        case("ALTER TABLE plain SET TABLESPACE oracle_space, ALTER a TYPE bigint"),
        case("ALTER TABLE t SET TABLESPACE oracle_space, ADD CHECK (a > 0)"),
        case("ALTER TABLE parent SET TABLESPACE oracle_space"),
        case("ALTER TABLE p SET TABLESPACE oracle_space"),
        case("ALTER TABLE p1 SET TABLESPACE oracle_space"),
        case("ALTER INDEX t_a SET TABLESPACE oracle_space"),
        case("ALTER INDEX t_a SET TABLESPACE pg_default"),
        case("ALTER INDEX p_b SET TABLESPACE oracle_space"),
        case("ALTER MATERIALIZED VIEW mv SET TABLESPACE oracle_space"),
        case("REINDEX (TABLESPACE oracle_space) TABLE t"),
        case("ALTER TABLE ALL IN TABLESPACE pg_default SET TABLESPACE oracle_space"),
        case("ALTER TABLE ALL IN TABLESPACE pg_default OWNED BY CURRENT_USER SET TABLESPACE oracle_space NOWAIT"),
        case("ALTER INDEX ALL IN TABLESPACE pg_default SET TABLESPACE oracle_space"),
        case("ALTER MATERIALIZED VIEW ALL IN TABLESPACE pg_default SET TABLESPACE oracle_space"),
        case("ALTER TABLE ALL IN TABLESPACE oracle_space SET TABLESPACE pg_default"),
        case("ALTER TABLE ALL IN TABLESPACE oracle_space SET TABLESPACE pg_default")
            .given("ALTER TABLE t SET TABLESPACE oracle_space; ALTER TABLE p SET TABLESPACE oracle_space"),
        case("ALTER TABLE ALL IN TABLESPACE pg_default SET TABLESPACE pg_default"),
    ];
    run(BASE, cases);
}

#[test]
fn catalog_only() {
    let actions = [
        "SET (fillfactor = 70)",
        "SET (autovacuum_enabled = off)",
        "SET (user_catalog_table = true)",
        "SET (fillfactor = 70, user_catalog_table = true)",
        "SET (toast.autovacuum_enabled = off)",
        "RESET (fillfactor)",
        "ALTER a SET DEFAULT 5",
        "ALTER a SET DEFAULT random()",
        "ALTER a DROP DEFAULT",
        "ALTER a SET STATISTICS 200",
        "ALTER a SET (n_distinct = 5)",
        "ALTER a RESET (n_distinct)",
        "ALTER b SET STORAGE external",
        "ALTER b SET COMPRESSION pglz",
        "DISABLE TRIGGER watch",
        "ENABLE TRIGGER ALL",
        "DISABLE TRIGGER USER",
        "ENABLE ALWAYS TRIGGER watch",
        "ENABLE ROW LEVEL SECURITY",
        "FORCE ROW LEVEL SECURITY",
        "REPLICA IDENTITY FULL",
        "REPLICA IDENTITY NOTHING",
        "REPLICA IDENTITY USING INDEX t_pkey",
        "SET WITHOUT OIDS",
        "ALTER a SET DEFAULT 5, SET (fillfactor = 70)",
        "ALTER a ADD GENERATED ALWAYS AS IDENTITY",
        "ALTER id DROP DEFAULT",
    ];
    let mut cases: Vec<_> = actions
        .iter()
        .map(|action| case(format!("ALTER TABLE t {action}")).if_possible())
        .collect();
    cases.extend([
        case("ALTER TABLE u ALTER id SET GENERATED BY DEFAULT"),
        case("ALTER TABLE u ALTER id SET START 5 RESTART"),
        case("ALTER TABLE u ALTER id DROP IDENTITY"),
        case("ALTER TABLE parent ALTER a SET DEFAULT 5"),
        case("ALTER TABLE ONLY parent ALTER a SET DEFAULT 5"),
        case("ALTER TABLE parent ALTER a SET STATISTICS 10"),
        case("ALTER TABLE parent SET (fillfactor = 70)"),
        case("ALTER TABLE p ALTER b SET DEFAULT 5"),
        case("ALTER TABLE p ALTER b SET STORAGE plain"),
        case("ALTER TABLE p DISABLE TRIGGER rows"),
        case("ALTER TABLE p DISABLE TRIGGER ALL"),
        case("ALTER TABLE ONLY p DISABLE TRIGGER rows"),
        case("ALTER TABLE p ENABLE ROW LEVEL SECURITY"),
        case("ALTER TABLE p REPLICA IDENTITY FULL"),
        case("ALTER VIEW v ALTER a SET DEFAULT 5"),
        case("ALTER VIEW v SET (security_barrier = true)"),
        case("ALTER VIEW v SET (security_invoker = true, check_option = local)"),
        case("ALTER VIEW v RESET (security_barrier)"),
        case("ALTER MATERIALIZED VIEW mv CLUSTER ON mv_a"),
        case("ALTER MATERIALIZED VIEW mv SET (autovacuum_enabled = off)"),
    ]);
    run(BASE, cases);
}
