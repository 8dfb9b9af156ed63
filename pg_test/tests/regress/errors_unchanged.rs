//! What PostgreSQL has to say reaches the client as it would without us: every field of every error, every notice.
//!
//! Each statement runs on two clusters of the same server, of which one has never heard of pg_interlock.

use pg_test::{Client, Cluster, DbError};

const SCHEMA: &str = "
    CREATE ROLE stranger;
    CREATE TYPE mood AS ENUM ('glad');
    CREATE DOMAIN positive AS int CONSTRAINT above_zero CHECK (VALUE > 0);
    CREATE TABLE of_domain (a positive);
    CREATE TABLE parent (id int PRIMARY KEY);
    INSERT INTO parent VALUES (1);
    CREATE TABLE t (id int PRIMARY KEY, twice int, hole int, name text, parent int DEFAULT 2, CONSTRAINT small CHECK (id < 100));
    INSERT INTO t VALUES (1, 7, NULL, 'x'), (2, 7, 1, 'y');
    ALTER TABLE t ADD CONSTRAINT to_parent FOREIGN KEY (parent) REFERENCES parent NOT VALID;
    ALTER TABLE t ADD CONSTRAINT later CHECK (id > 1) NOT VALID;
    CREATE INDEX t_name ON t (name);
    CREATE VIEW v AS SELECT name FROM t;
    CREATE VIEW v2 AS SELECT name FROM v;
    CREATE MATERIALIZED VIEW m AS SELECT id FROM t;
    CREATE TABLE parts (id int) PARTITION BY RANGE (id);
    CREATE TABLE part_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
    CREATE TABLE loose (id int); INSERT INTO loose VALUES (50);
    CREATE FUNCTION broken() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$BEGIN
        RAISE EXCEPTION 'm %', 1 USING ERRCODE = 'XX123', DETAIL = 'd', HINT = 'h', SCHEMA = 's', TABLE = 't', COLUMN = 'c',
            DATATYPE = 'y', CONSTRAINT = 'n'; END$$;
    CREATE FUNCTION chatty() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$BEGIN
        RAISE NOTICE 'm' USING ERRCODE = 'XX124', DETAIL = 'd', HINT = 'h', TABLE = 't'; RETURN 1; END$$;
    CREATE FUNCTION misspelt() RETURNS void LANGUAGE plpgsql AS $$BEGIN EXECUTE 'ALTER TABLE t ADD COLUM a b c'; END$$;
    CREATE FUNCTION dynamic() RETURNS void LANGUAGE plpgsql AS $$BEGIN ALTER TABLE t ALTER nothing SET NOT NULL; END$$;
    CREATE PROCEDURE called() LANGUAGE plpgsql AS $$BEGIN COMMIT; PERFORM 1 / 0; END$$;
    CREATE FUNCTION on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN
        RAISE EXCEPTION 'not %', tg_tag USING HINT = 'never', TABLE = 'events'; END$$;
    CREATE EVENT TRIGGER on_ddl ON ddl_command_start WHEN TAG IN ('CREATE SEQUENCE') EXECUTE FUNCTION on_ddl();";

const FAILING: &[&str] = &[
    // Words
    "ALTER TABLE t ADD COLUM a b c",
    "CREATE INDEX ON t (",
    "SELECT misspelt()",
    "SELECT dynamic()",
    // Names
    "ALTER TABLE missing ADD COLUMN a int",
    "ALTER TABLE no_schema.t ADD COLUMN a int",
    "ALTER TABLE t ALTER COLUMN missing TYPE int",
    "ALTER TABLE t ALTER COLUMN id TYPE missing_type",
    "ALTER TABLE t ADD COLUMN a missing_type(3)",
    "ALTER TABLE t ADD COLUMN a int DEFAULT missing_function()",
    "ALTER TABLE t ADD COLUMN a int DEFAULT (name)",
    "ALTER TABLE t ADD COLUMN a int GENERATED ALWAYS AS (missing + 1) STORED",
    "ALTER TABLE t ADD COLUMN a int GENERATED ALWAYS AS (random()) STORED",
    "ALTER TABLE t ADD CHECK (missing > 0)",
    "ALTER TABLE t ADD CHECK (id > 'x')",
    "ALTER TABLE t ADD CHECK (id > 0 AND count(*) > 1)",
    "ALTER TABLE t ADD FOREIGN KEY (parent) REFERENCES missing",
    "ALTER TABLE t ADD FOREIGN KEY (missing) REFERENCES parent",
    "ALTER TABLE t ADD FOREIGN KEY (twice) REFERENCES t (twice)",
    "ALTER TABLE t ADD FOREIGN KEY (name) REFERENCES parent",
    "ALTER TABLE t ADD UNIQUE (missing)",
    "ALTER TABLE t ADD PRIMARY KEY (twice)",
    "ALTER TABLE t ADD UNIQUE USING INDEX missing",
    "ALTER TABLE t VALIDATE CONSTRAINT missing",
    "ALTER TABLE t DROP CONSTRAINT missing",
    "ALTER TABLE t DROP COLUMN missing",
    "ALTER TABLE t SET TABLESPACE missing",
    "ALTER TABLE t SET ACCESS METHOD missing",
    "CREATE INDEX ON t (missing)",
    "CREATE INDEX ON t USING missing (id)",
    "CREATE INDEX t_name ON t (name)",
    "REINDEX TABLE missing",
    "CLUSTER t USING missing",
    "CLUSTER t",
    "VACUUM missing",
    "DROP TABLE missing, t",
    "DROP INDEX t",
    "TRUNCATE missing",
    "REFRESH MATERIALIZED VIEW t",
    "REFRESH MATERIALIZED VIEW CONCURRENTLY m",
    // Kinds of things
    "ALTER TABLE v ALTER name TYPE int",
    "CREATE INDEX ON v (name)",
    "TRUNCATE v",
    "ALTER INDEX t SET (fillfactor = 50)",
    "ALTER TABLE v SET UNLOGGED",
    "ALTER TABLE t ATTACH PARTITION loose DEFAULT",
    "ALTER TABLE loose ATTACH PARTITION t FOR VALUES IN (1)",
    "ALTER INDEX t_name ATTACH PARTITION t_pkey",
    "ALTER TABLE t_name ATTACH PARTITION t_pkey DEFAULT",
    "ALTER TABLE v ATTACH PARTITION t DEFAULT",
    "CREATE TABLE new PARTITION OF t DEFAULT",
    // What is there already
    "ALTER TABLE t ADD COLUMN id int",
    "ALTER TABLE t ADD CONSTRAINT small CHECK (id > 0)",
    "CREATE TABLE t (a int)",
    "CREATE TABLE new (a int, a int)",
    // Rows
    "CREATE UNIQUE INDEX ON t (twice)",
    "CREATE UNIQUE INDEX CONCURRENTLY t_twice ON t (twice)",
    "ALTER TABLE t ADD CONSTRAINT unlike UNIQUE (twice)",
    "ALTER TABLE t ALTER hole SET NOT NULL",
    "ALTER TABLE t ADD COLUMN a int NOT NULL",
    "ALTER TABLE t ADD CONSTRAINT one CHECK (id = 1)",
    "ALTER TABLE t ADD FOREIGN KEY (parent) REFERENCES parent",
    "ALTER TABLE t VALIDATE CONSTRAINT to_parent",
    "ALTER TABLE t VALIDATE CONSTRAINT later",
    "ALTER TABLE t ADD COLUMN a positive DEFAULT -1",
    "ALTER TABLE t ALTER name TYPE int USING name::int",
    "ALTER TABLE t ALTER name TYPE int",
    "ALTER TABLE t ALTER id TYPE int USING id / 0",
    "ALTER TABLE t ADD COLUMN a int DEFAULT 1 / 0",
    "ALTER TABLE t ADD COLUMN a int DEFAULT broken()",
    "ALTER TABLE t ADD COLUMN a int DEFAULT 'x'",
    "ALTER TABLE t ADD COLUMN a int DEFAULT (random() / 0)",
    "CREATE INDEX ON t ((id / 0))",
    "CREATE INDEX ON t (id) WHERE 1 / (id - 1) > 0",
    "ALTER TABLE parts ATTACH PARTITION loose FOR VALUES FROM (10) TO (20)",
    "CREATE TABLE part_2 PARTITION OF parts FOR VALUES FROM (5) TO (15)",
    "COPY t (id, twice) FROM PROGRAM 'printf \"3\\t1\\nx\\t2\\n\"'",
    "COPY t (id, twice) FROM PROGRAM 'printf \"3\\t1\\n1\\t2\\n\"'",
    // What depends on it
    "DROP TABLE t",
    "ALTER TABLE t DROP COLUMN name",
    "ALTER TABLE t ALTER name TYPE varchar(5)",
    "DROP TABLE parent",
    "DROP VIEW v",
    "DROP INDEX t_pkey",
    "TRUNCATE parent",
    "DROP TYPE positive",
    // Rights
    "SET ROLE stranger; ALTER TABLE t ADD COLUMN a int",
    "SET ROLE stranger; CREATE INDEX ON t (id)",
    "SET ROLE stranger; CREATE TABLE s.t (a int)",
    "SET ROLE stranger; TRUNCATE t",
    "SET ROLE stranger; CREATE ROLE other",
    // Transactions
    "BEGIN; CREATE INDEX CONCURRENTLY ON t (id)",
    "BEGIN; VACUUM t",
    "BEGIN; SELECT 1 / 0; ALTER TABLE t ADD COLUMN a int",
    "BEGIN; CREATE DATABASE other",
    "BEGIN; ALTER TYPE mood ADD VALUE 'sad'; ALTER TABLE t ADD COLUMN a mood DEFAULT 'sad'",
    "BEGIN READ ONLY; ALTER TABLE t ADD COLUMN a int",
    "BEGIN; DECLARE c CURSOR FOR SELECT * FROM t; FETCH c; ALTER TABLE t ADD COLUMN a int",
    // Code
    "DO $$BEGIN PERFORM broken(); END$$",
    "DO $$BEGIN RAISE 'm' USING ERRCODE = 'IL001', DETAIL = 'd', HINT = 'h', TABLE = 't'; END$$",
    "DO $$BEGIN missing := 1; END$$",
    "DO $$BEGIN ALTER TABLE t ALTER name TYPE int USING name::int; END$$",
    "DO $$BEGIN EXECUTE 'CREATE INDEX ON t (missing)'; END$$",
    "DO LANGUAGE missing ''",
    "CALL called()",
    "CALL missing()",
    "CREATE SEQUENCE counted",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT missing'",
    "CREATE VIEW w AS SELECT missing FROM t",
    "CREATE TABLE made AS SELECT 1 / (id - 1) FROM t",
    "CREATE EXTENSION missing",
    "EXPLAIN ANALYZE SELECT 1 / (id - 1) FROM t",
    "EXECUTE missing",
    "SET work_mem = 'much'",
];

/// Tables above the threshold, on which what follows would be refused if PostgreSQL did not refuse it first.
const LARGE_SCHEMA: &str = "
    CREATE ROLE owner;
    CREATE SCHEMA closed;
    CREATE TABLE large (id int PRIMARY KEY, a int, b text, c int, d int, e text, CONSTRAINT taken CHECK (a > 0));
    INSERT INTO large SELECT i, i, i, i, i, i FROM generate_series(1, 1000) i;
    CREATE INDEX large_a ON large (a);
    CREATE VIEW of_large AS SELECT b FROM large;
    CREATE POLICY p ON large USING (c > 0);
    CREATE TRIGGER tr BEFORE UPDATE OF d ON large FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
    CREATE TABLE root (k int, v int, w int) PARTITION BY RANGE (k);
    CREATE TABLE leaf PARTITION OF root FOR VALUES FROM (0) TO (10000);
    INSERT INTO root SELECT i, i, i FROM generate_series(1, 1000) i;
    CREATE TABLE above (a int, b int);
    CREATE TABLE below () INHERITS (above);
    INSERT INTO below SELECT i, i FROM generate_series(1, 1000) i;
    CREATE TABLE closed.large AS TABLE large;
    CREATE TABLE owned AS TABLE large;
    ALTER TABLE above OWNER TO owner;
    ALTER TABLE owned OWNER TO owner;
    ALTER TABLE closed.large OWNER TO owner;
    GRANT USAGE ON SCHEMA closed TO owner;
    GRANT CREATE ON SCHEMA public TO owner;";

/// PostgreSQL says no to them before it does any work.
const FAILING_BEFORE_WORK: &[&str] = &[
    // Names
    "ALTER TABLE large ADD CONSTRAINT taken CHECK (a > 1)",
    "ALTER TABLE large ADD CONSTRAINT taken UNIQUE (a)",
    "ALTER TABLE large ADD CONSTRAINT large_a UNIQUE (a)",
    "ALTER TABLE large ADD CONSTRAINT taken FOREIGN KEY (a) REFERENCES large",
    "ALTER TABLE large ADD PRIMARY KEY (a)",
    "ALTER TABLE large ADD UNIQUE (missing)",
    "ALTER TABLE large ADD UNIQUE (a, a)",
    "ALTER TABLE large ADD UNIQUE (a) INCLUDE (missing)",
    "ALTER TABLE large ADD CHECK (missing > 0)",
    "ALTER TABLE large ADD CHECK (a)",
    "ALTER TABLE large ADD CHECK (b > 0)",
    "ALTER TABLE large ADD CHECK (a > (SELECT 1))",
    "ALTER TABLE large ADD FOREIGN KEY (missing) REFERENCES large",
    "ALTER TABLE large ADD FOREIGN KEY (a) REFERENCES missing",
    "ALTER TABLE large ADD FOREIGN KEY (a) REFERENCES large (missing)",
    "ALTER TABLE large ADD FOREIGN KEY (a) REFERENCES large (c)",
    "ALTER TABLE large ADD FOREIGN KEY (a) REFERENCES owned",
    "CREATE INDEX large_a ON large (c)",
    "CREATE INDEX ON large (missing)",
    "CREATE INDEX ON large (a) INCLUDE (missing)",
    "CLUSTER large",
    "CLUSTER large USING missing",
    "REINDEX TABLE large_a",
    "REINDEX INDEX large",
    // Transactions
    "BEGIN; VACUUM FULL large",
    "BEGIN; REINDEX SCHEMA public",
    "BEGIN READ ONLY; ALTER TABLE large ADD CHECK (a > 0)",
    // What depends on it
    "ALTER TABLE large ALTER b TYPE varchar(5)",
    "ALTER TABLE large ALTER c TYPE bigint",
    "ALTER TABLE large ALTER d TYPE bigint",
    "ALTER TABLE root ALTER k TYPE bigint",
    "ALTER TABLE leaf ALTER v TYPE bigint",
    "ALTER TABLE ONLY root ALTER v TYPE bigint",
    "ALTER TABLE below ALTER a TYPE bigint",
    // Rights
    "SET ROLE owner; ALTER TABLE owned ADD FOREIGN KEY (a) REFERENCES large",
    "SET ROLE owner; ALTER TABLE above ALTER a TYPE bigint",
    "SET ROLE owner; ALTER TABLE above ADD c float DEFAULT random()",
    "SET ROLE owner; ALTER TABLE above ADD CONSTRAINT positive CHECK (a > 0)",
    "SET ROLE owner; ALTER TABLE above ALTER a SET NOT NULL",
    "SET ROLE owner; CREATE INDEX ON closed.large (a)",
    "SET ROLE owner; REINDEX SCHEMA public",
    "SET ROLE owner; REINDEX DATABASE postgres",
    "SET ROLE owner; ALTER TABLE large ADD CHECK (a > 0)",
];

const PASSING: &[&str] = &[
    "DROP TABLE IF EXISTS missing, no_schema.missing",
    "CREATE TABLE IF NOT EXISTS t (a int)",
    "ALTER TABLE t ADD COLUMN IF NOT EXISTS id int",
    "ALTER TABLE IF EXISTS missing ADD COLUMN a int",
    "CREATE INDEX IF NOT EXISTS t_name ON t (id)",
    "CREATE TABLE heir (id int) INHERITS (parent)",
    "ALTER TABLE t ADD COLUMN a_name_that_is_much_longer_than_the_sixty_three_bytes_a_name_may_have int",
    "ALTER TABLE t ADD COLUMN talked_about int DEFAULT chatty()",
    "ALTER TABLE t ALTER twice TYPE bigint USING twice + chatty()",
    "ALTER TABLE t ADD CONSTRAINT said CHECK (id >= chatty())",
    "CREATE INDEX ON t ((id + chatty()))",
    "DO $$BEGIN RAISE WARNING 'w' USING DETAIL = 'd', HINT = 'h', COLUMN = 'c'; PERFORM chatty(); END$$",
    "TRUNCATE parent CASCADE",
    "SET ROLE stranger; VACUUM t; ANALYZE t",
    "DROP VIEW v CASCADE",
    "DROP TABLE t CASCADE",
];

struct Pair {
    without: Client,
    with: Client,
}

impl Pair {
    /// Sessions on clusters that outlive them.
    fn new(without: &Cluster, with: &Cluster) -> Pair {
        Pair {
            without: without.connect("postgres"),
            with: with.connect("postgres"),
        }
    }

    fn each<T>(&mut self, mut ask: impl FnMut(&mut Client) -> T) -> (T, T) {
        (ask(&mut self.without), ask(&mut self.with))
    }
}

fn clusters() -> (Cluster, Cluster) {
    let settings = [
        ("client_min_messages", "notice"),
        ("max_prepared_transactions", "2"),
        ("pg_interlock.row_threshold", "500"),
    ];
    let without = Cluster::start(&[&settings[..], &[("shared_preload_libraries", "")]].concat());
    let with = Cluster::start(&settings);
    let mut guarded = with.connect("postgres");
    guarded.batch("CREATE EXTENSION pg_interlock");
    for cluster in [&without, &with] {
        cluster.connect("postgres").batch(SCHEMA);
        cluster.connect("postgres").batch(LARGE_SCHEMA);
    }
    let refused = guarded.error("CREATE INDEX ON large (e)");
    assert_eq!(refused.code().code(), "IL003", "the tables are large enough");
    assert_eq!(
        guarded.text("SELECT preloaded, guarding, mode FROM interlock.status()"),
        "t|t|enforce"
    );
    let mut plain = without.connect("postgres");
    assert_eq!(
        plain.text("SELECT count(*) FROM pg_settings WHERE name LIKE 'pg_interlock.%'"),
        "0"
    );
    (without, with)
}

fn afresh(client: &mut Client) {
    client.batch("ROLLBACK");
    client.batch("RESET ROLE");
    client.notices();
}

/// Runs each statement of a string on its own and returns the first error.
fn simple(client: &mut Client, string: &str) -> Option<DbError> {
    let pieces: Vec<&str> = if string.contains("$$") {
        vec![string]
    } else {
        string.split("; ").collect()
    };
    let failed = pieces
        .into_iter()
        .find_map(|statement| client.try_batch(statement).err());
    failed.map(|error| {
        error
            .as_db_error()
            .unwrap_or_else(|| panic!("{string}: {error}"))
            .clone()
    })
}

fn as_one_string(client: &mut Client, string: &str) -> Option<DbError> {
    let failed = client.try_batch(string).err();
    failed.map(|error| {
        error
            .as_db_error()
            .unwrap_or_else(|| panic!("{string}: {error}"))
            .clone()
    })
}

fn extended(client: &mut Client, string: &str) -> Option<DbError> {
    let failed = string
        .split("; ")
        .find_map(|statement| client.raw().execute(statement, &[]).err());
    failed.map(|error| {
        error
            .as_db_error()
            .unwrap_or_else(|| panic!("{string}: {error}"))
            .clone()
    })
}

fn in_a_function(client: &mut Client, string: &str) -> Option<DbError> {
    as_one_string(
        client,
        &format!("DO $outer$BEGIN EXECUTE $inner${string}$inner$; END$outer$"),
    )
}

/// A way to send a statement.
type Route = fn(&mut Client, &str) -> Option<DbError>;

#[test]
fn errors_have_the_same_fields_with_and_without_us() {
    compare(FAILING);
}

#[test]
fn errors_that_come_before_any_work_come_before_ours() {
    compare(FAILING_BEFORE_WORK);
}

fn compare(failing: &[&str]) {
    let (without, with) = clusters();
    let mut pair = Pair::new(&without, &with);
    let routes: [(&str, Route); 4] = [
        ("alone", simple),
        ("as one string", as_one_string),
        ("in a function", in_a_function),
        ("over the extended protocol", extended),
    ];
    let mut wrong = Vec::new();
    for (route, run) in routes {
        for statement in failing {
            if route == "over the extended protocol" && statement.contains("$$") {
                continue; // it would be cut at the semicolons inside
            }
            let (expected, ours) = pair.each(|client| {
                afresh(client);
                run(client, statement)
            });
            if expected.is_none() || ours != expected {
                wrong.push(format!("{route}: {statement}\n  {expected:?}\n  {ours:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "without us and with us:\n{}", wrong.join("\n"));
}

#[test]
fn notices_are_the_same_too_and_come_once() {
    let (without, with) = clusters();
    let mut pair = Pair::new(&without, &with);
    let mut wrong = Vec::new();
    for statement in PASSING {
        let (expected, ours) = pair.each(|client| {
            afresh(client);
            assert_eq!(simple(client, statement), None, "{statement}");
            client.notices()
        });
        if expected.is_empty() || ours != expected {
            wrong.push(format!("{statement}\n  {expected:?}\n  {ours:?}"));
        }
    }
    assert!(wrong.is_empty(), "without us and with us:\n{}", wrong.join("\n"));
}

#[test]
fn what_is_logged_for_the_curious_is_the_same() {
    let (without, with) = clusters();
    let mut pair = Pair::new(&without, &with);
    let statements = [
        "ALTER TABLE loose ADD COLUMN a float DEFAULT random()",
        "ALTER TABLE loose ALTER id SET NOT NULL, ADD PRIMARY KEY (id)",
        "ALTER TABLE loose ALTER id TYPE bigint",
        "CREATE INDEX ON loose (a)",
        "ALTER TABLE loose ADD CONSTRAINT positive CHECK (id > 0)",
    ];
    for statement in statements {
        let (expected, ours) = pair.each(|client| {
            client.batch("SET client_min_messages = debug1");
            client.notices();
            client.batch(statement);
            client.notices()
        });
        assert!(!expected.is_empty(), "the server says nothing: {statement}");
        assert_eq!(ours, expected, "{statement}");
    }
}
