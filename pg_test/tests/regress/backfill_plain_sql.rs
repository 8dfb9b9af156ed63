//! What a backfill does to a table is what one UPDATE of the same role would do: to generated columns, foreign keys,
//! triggers, unlogged tables.

use pg_test::{Client, Server, TestDatabase, until};

/// The same table twice, one changed by one UPDATE and one by a job of several workers in small batches.
fn same(create: &str, assignments: &str, prepare: &str) -> (TestDatabase, Client) {
    let database = TestDatabase::new();
    let mut client = database.client();
    for schema in ["plain", "job"] {
        client.batch(&format!("CREATE SCHEMA {schema}; SET search_path = {schema}; {create}"));
    }
    client.batch(&format!(
        "{prepare}; SET search_path = plain; UPDATE t SET {assignments}; SET search_path = job"
    ));
    client.batch(&format!(
        "SELECT interlock.start_backfill('t', $${assignments}$$, batch_size => 7, workers => 2)"
    ));
    client.batch("CALL interlock.wait_for_backfill(1)");
    let tables = client.text("SELECT relname FROM pg_class WHERE relnamespace = 'job'::regnamespace AND relkind = 'r'");
    for table in tables.lines() {
        let contents =
            |client: &mut Client, schema: &str| client.text(&format!("SELECT * FROM {schema}.{table} ORDER BY 1"));
        let expected = contents(&mut client, "plain");
        assert!(!expected.is_empty(), "{table}");
        assert_eq!(contents(&mut client, "job"), expected, "{table}");
    }
    (database, client)
}

const ROWS: &str = "INSERT INTO t SELECT g, g FROM generate_series(1, 100) AS g";

#[test]
fn generated_columns() {
    same(
        &format!("CREATE TABLE t (id int PRIMARY KEY, v int, twice int GENERATED ALWAYS AS (v * 2) STORED); {ROWS}"),
        "v = v + 1",
        "",
    );
    if Server::under_test().major >= 18 {
        same(
            &format!(
                "CREATE TABLE t (id int PRIMARY KEY, v int, twice int GENERATED ALWAYS AS (v * 2) VIRTUAL); {ROWS}"
            ),
            "v = v + twice",
            "",
        );
    }
    let database = TestDatabase::new();
    let mut client = database.client();
    client.batch(&format!(
        "CREATE TABLE t (id int PRIMARY KEY, v int, twice int GENERATED ALWAYS AS (v * 2) STORED); {ROWS}"
    ));
    let plain = client.error("UPDATE t SET twice = 1");
    let job = client.error("SELECT interlock.start_backfill('t', 'twice = 1')");
    assert_eq!((job.code(), job.message()), (plain.code(), plain.message()));
}

#[test]
fn an_unlogged_table() {
    let (_database, mut client) = same(
        &format!("CREATE UNLOGGED TABLE t (id int PRIMARY KEY, v int); {ROWS}"),
        "v = v + 1",
        "",
    );
    assert_eq!(
        client.text("SELECT relpersistence FROM pg_class WHERE oid = 'job.t'::regclass"),
        "u"
    );
}

/// The referenced column changes, and those that refer to it follow.
#[test]
fn changes_cascade_along_foreign_keys() {
    same(
        &format!(
            "CREATE TABLE t (id int PRIMARY KEY, v int UNIQUE); {ROWS};
             CREATE TABLE follows (id int PRIMARY KEY, v int REFERENCES t (v) ON UPDATE CASCADE);
             CREATE TABLE forgets (id int PRIMARY KEY, v int REFERENCES t (v) ON UPDATE SET NULL);
             INSERT INTO follows SELECT * FROM t; INSERT INTO forgets SELECT * FROM t"
        ),
        "v = v + 1000",
        "",
    );
}

/// As in a plain UPDATE: the referring side is checked, the referenced side protected.
#[test]
fn rows_that_a_foreign_key_forbids() {
    for (setup, assignments) in [
        (
            "CREATE TABLE o (id int PRIMARY KEY); INSERT INTO o SELECT generate_series(1, 54);
             ALTER TABLE t ADD w int REFERENCES o",
            "w = v",
        ),
        (
            "ALTER TABLE t ADD UNIQUE (v); CREATE TABLE o (v int REFERENCES t (v)); INSERT INTO o VALUES (55)",
            "v = -v",
        ),
    ] {
        let database = TestDatabase::new();
        let mut client = database.client();
        client.batch(&format!("CREATE TABLE t (id int PRIMARY KEY, v int); {ROWS}; {setup}"));
        let plain = client.error(&format!("UPDATE t SET {assignments}"));
        assert_eq!(plain.code().code(), "23503");
        client.batch(&format!(
            "SELECT interlock.start_backfill('t', '{assignments}', batch_size => 10)"
        ));
        until(&mut client, "SELECT state <> 'running' FROM interlock.backfill_job");
        assert_eq!(
            client.text("SELECT state, last_sqlstate, last_error_key FROM interlock.backfill_job"),
            "failed|23503|(id) = (55)"
        );
        let error = client.query("SELECT message, detail FROM interlock.backfill_error", &[]);
        assert_eq!(
            (error[0].get::<_, &str>(0), error[0].get::<_, Option<&str>>(1)),
            (plain.message(), plain.detail())
        );
    }
}

const TRIGGERS: &str = "
    CREATE TABLE log (id int, what text);
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN INSERT INTO log VALUES (new.id, tg_name); RETURN new; END';
    ALTER FUNCTION note SET search_path FROM CURRENT;
    CREATE TRIGGER ordinary AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION note();
    CREATE TRIGGER replica AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION note();
    CREATE TRIGGER always AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION note();
    ALTER TABLE t ENABLE REPLICA TRIGGER replica, ENABLE ALWAYS TRIGGER always";

/// Who may set the role of a session chooses which triggers fire, and does so for the workers.
#[test]
fn session_replication_role_chooses_the_triggers() {
    for (role, fired) in [
        ("origin", "always|100\nordinary|100"),
        ("replica", "always|100\nreplica|100"),
    ] {
        let database = TestDatabase::new();
        let mut client = database.client();
        client.batch(&format!(
            "CREATE TABLE t (id int PRIMARY KEY, v int); {ROWS}; {TRIGGERS}"
        ));
        client.batch(&format!("SET session_replication_role = {role}"));
        client.batch("SELECT interlock.start_backfill('t', 'v = v + 1', workers => 2)");
        client.batch("CALL interlock.wait_for_backfill(1)");
        let seen = "SELECT what, count(DISTINCT id) FROM log GROUP BY what HAVING count(*) = 100 ORDER BY what";
        assert_eq!(client.text(seen), fired, "{role}");
        client.batch("TRUNCATE log");
        client.batch("CALL interlock.safe_backfill('t', 'v = v + 2')");
        assert_eq!(client.text(seen), fired, "{role}");
    }
}

/// A timeout of the session ends the call as it would end an UPDATE; what was done stays done, and it goes on from there.
#[test]
fn a_statement_timeout_ends_the_call_and_nothing_is_lost() {
    let database = TestDatabase::new();
    let mut client = database.client();
    client.batch(
        "CREATE TABLE t (id int PRIMARY KEY, v int);
         INSERT INTO t SELECT g, g FROM generate_series(1, 1000) AS g",
    );
    client.batch("SET statement_timeout = '5s'");
    let call = |pause: &str| {
        format!("CALL interlock.safe_backfill('t', 'v = v + 1000', batch_size => 10, pause => '{pause}')")
    };
    let error = client.error(&call("1 d"));
    assert_eq!(error.code().code(), "57014", "{error:?}");
    client.batch("RESET statement_timeout");
    // Between two batches nobody is there to write down that it is paused.
    let state = "SELECT state IN ('paused', 'interrupted'), rows_changed, rows_changed = (SELECT count(*) FROM t WHERE v > 1000)
                   FROM interlock.backfill_progress";
    assert_eq!(client.text(state), "t|10|t");
    client.batch(&call("0"));
    assert_eq!(client.text("SELECT count(*) FROM t WHERE v = id + 1000"), "1000");
    assert_eq!(
        client.text("SELECT job_id, state, rows_changed FROM interlock.backfill_progress"),
        "1|finished|1000"
    );
}
