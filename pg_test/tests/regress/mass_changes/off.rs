//! Off, DML is not looked at; and on, it fails as it would anyhow.

use pg_test::{Client, Cluster, DbError, TestDatabase};

use super::{SHOP, passes, refused, shop};
use crate::support;

const HOOKED: &str = "SELECT dml_hooked FROM interlock.status()";

#[test]
fn it_is_off_by_default_and_then_nothing_is_hooked() {
    let database = TestDatabase::new();
    let mut client = database.client();
    client.batch(SHOP);
    assert_eq!(client.text(HOOKED), "f");
    passes(&mut client, "UPDATE orders SET total = 0");
    passes(&mut client, "DELETE FROM few");
    for _ in 0..3 {
        client.batch("SET pg_interlock.dml_row_threshold = 100");
        assert_eq!(client.text(HOOKED), "t");
        refused(&mut client, "UPDATE orders SET total = 0");
        client.batch("SET pg_interlock.dml_row_threshold = 200");
        refused(&mut client, "UPDATE orders SET total = 0");
        client.batch("RESET pg_interlock.dml_row_threshold");
        assert_eq!(client.text(HOOKED), "f");
        passes(&mut client, "UPDATE orders SET total = 0");
    }
    // For a transaction, for a function.
    client.batch("BEGIN; SET LOCAL pg_interlock.dml_row_threshold = 100");
    assert_eq!(client.text(HOOKED), "t");
    client.batch("ROLLBACK");
    assert_eq!(client.text(HOOKED), "f");
    client.batch(
        "CREATE FUNCTION careful() RETURNS void LANGUAGE plpgsql SET pg_interlock.dml_row_threshold = 100 AS
         'BEGIN DELETE FROM orders WHERE true; END'",
    );
    refused(&mut client, "SELECT careful()");
    assert_eq!(client.text(HOOKED), "f");
    assert_eq!(
        client.text("SELECT count(*) FROM interlock.decision_log WHERE command_tag = 'UPDATE' AND decision = 'allow'"),
        "0"
    );
}

#[test]
fn it_can_be_set_for_the_server_a_database_and_a_role() {
    let cluster = Cluster::start(&[("pg_interlock.dml_row_threshold", "100")]);
    let mut client = cluster.connect("postgres");
    client.batch("CREATE EXTENSION pg_interlock");
    client.batch(SHOP);
    refused(&mut client, "DELETE FROM orders");
    cluster.configure(&[("pg_interlock.dml_row_threshold", "-1")]);
    client.batch("SELECT pg_reload_conf()");
    pg_test::until(&mut client, "SELECT NOT dml_hooked FROM interlock.status()");
    passes(&mut client, "DELETE FROM orders");
    client.batch("ALTER ROLE postgres IN DATABASE postgres SET pg_interlock.dml_row_threshold = 100");
    refused(&mut cluster.connect("postgres"), "DELETE FROM orders");
    // A database without the extension is no business of ours.
    let mut other = cluster.connect("template1");
    other.batch("SET pg_interlock.dml_row_threshold = 0");
    other.batch(
        "CREATE TEMPORARY TABLE t (a int); DELETE FROM t WHERE true; CREATE TABLE u (a int); DELETE FROM u WHERE true",
    );
}

#[test]
fn a_library_that_came_later_keeps_its_place_in_the_chain() {
    let directory = support::server_directory("PKGLIBDIR");
    if !directory.join("auto_explain.so").exists() {
        return; // some packages come without contrib
    }
    let (database, mut client) = shop();
    client.batch("LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_level = notice");
    let explains = |client: &mut Client| {
        client.notices();
        client.batch("UPDATE orders SET total = 1 WHERE id = 1");
        client.notices().len()
    };
    assert_eq!(explains(&mut client), 1);
    client.batch("SET auto_explain.log_min_duration = -1");
    for _ in 0..3 {
        refused(&mut client, "DELETE FROM orders WHERE true");
        client.batch("SET pg_interlock.dml_row_threshold = -1");
        // Ours is below the other, and stays.
        assert_eq!(client.text(HOOKED), "t");
        passes(&mut client, "DELETE FROM orders");
        client.batch("SET pg_interlock.dml_row_threshold = 100");
    }
    client.batch("SET auto_explain.log_min_duration = 0");
    assert_eq!(explains(&mut client), 1);
    // One that was there before is called as before.
    let mut client = database.client();
    client.batch("SET pg_interlock.dml_row_threshold = -1; LOAD 'auto_explain'");
    client.batch("SET auto_explain.log_min_duration = 0; SET auto_explain.log_level = notice");
    for threshold in ["-1", "100", "-1", "100"] {
        client.batch(&format!("SET pg_interlock.dml_row_threshold = {threshold}"));
        assert_eq!(explains(&mut client), 1, "{threshold}");
    }
}

/// What PostgreSQL itself says, at the start of a statement, at its rows and at its end.
fn errors(client: &mut Client) -> Vec<DbError> {
    [
        "UPDATE orders SET id = 1 WHERE id = 2",
        "UPDATE orders SET total = total / (id - 3) WHERE id < 5",
        "UPDATE orders SET total = -1 WHERE id = 1",
        "UPDATE orders SET missing = 1",
        "DELETE FROM missing",
        "DELETE FROM orders WHERE missing > 0",
        "UPDATE orders SET id = NULL WHERE id = 1",
        "DELETE FROM owners WHERE id = 1",
        "UPDATE owned SET owner = 7 WHERE owner = 1",
        "DELETE FROM guarded WHERE a = 1",
        "UPDATE looked_at SET a = 1",
        "MERGE INTO few USING (VALUES (1), (1)) AS v (id) ON few.id = v.id WHEN MATCHED THEN DELETE",
        "WITH gone AS (DELETE FROM orders WHERE id / (id - 1) = 0 RETURNING id) SELECT * FROM gone",
        "DO $$BEGIN UPDATE orders SET total = 1 / 0 WHERE id = 1; END$$",
        "BEGIN READ ONLY; UPDATE few SET a = 1 WHERE id = 1",
        "EXPLAIN ANALYZE UPDATE orders SET id = 1 WHERE id = 2",
    ]
    .map(|statement| {
        let error = client.error(statement);
        client.batch("ROLLBACK");
        error
    })
    .to_vec()
}

#[test]
fn errors_and_plans_are_the_same_off_and_on() {
    let (_database, mut client) = shop();
    client.batch(
        "ALTER TABLE orders ADD CONSTRAINT not_negative CHECK (total >= 0);
         CREATE TABLE owners (id int PRIMARY KEY); INSERT INTO owners VALUES (1);
         CREATE TABLE owned (owner int REFERENCES owners); INSERT INTO owned VALUES (1);
         CREATE VIEW looked_at AS SELECT count(*) AS a FROM few;
         CREATE TABLE guarded (a int); INSERT INTO guarded VALUES (1);
         CREATE FUNCTION object() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
             RAISE EXCEPTION 'm' USING ERRCODE = 'XX123', DETAIL = 'd', HINT = 'h', SCHEMA = 's', TABLE = 't', COLUMN = 'c',
                 CONSTRAINT = 'n', DATATYPE = 'y'; END$$;
         CREATE TRIGGER object BEFORE DELETE ON guarded FOR EACH ROW EXECUTE FUNCTION object()",
    );
    let plans = |client: &mut Client| {
        client.text(
            "EXPLAIN (VERBOSE, COSTS ON) UPDATE orders SET total = 0 WHERE status = 'old';
             EXPLAIN (COSTS OFF) DELETE FROM orders USING items WHERE order_id = orders.id",
        )
    };
    let mut seen = vec![];
    for threshold in ["-1", "100000"] {
        client.batch(&format!("SET pg_interlock.dml_row_threshold = {threshold}"));
        seen.push((errors(&mut client), plans(&mut client)));
    }
    assert_eq!(seen[0], seen[1]);
}
