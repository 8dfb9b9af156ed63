//! UPDATE, DELETE and MERGE of many rows, and whatever adds many, while the transaction keeps others from a table: judged also
//! where `pg_interlock.dml_row_threshold` is off, in that transaction and no longer.

use pg_test::{Client, TestDatabase};

use crate::support::{big_table, code, database, refused, steps};

const HOOKED: &str = "SELECT dml_hooked FROM interlock.status()";
const ADD: &str = "ALTER TABLE orders ADD COLUMN region text";
const UPDATE: &str = "UPDATE orders SET b = 'x' WHERE a > 0";

/// Two big tables and a small one.
fn shop() -> (TestDatabase, Client) {
    let database = database();
    let mut client = database.client();
    big_table(&mut client, "orders");
    big_table(&mut client, "invoices");
    client.batch("CREATE TABLE small (id int PRIMARY KEY, a int); INSERT INTO small VALUES (1, 1); ANALYZE small");
    client.notices();
    (database, client)
}

#[test]
fn many_rows_are_not_changed_under_the_lock_of_an_earlier_statement() {
    let (_database, mut client) = shop();
    client.batch("BEGIN");
    client.batch(ADD);
    assert_eq!(client.text(HOOKED), "t");
    client.batch("SAVEPOINT s");
    let error = refused(&mut client, UPDATE, "IL005");
    assert_eq!(
        error.message(),
        "UPDATE would change many rows of table \"public.orders\" while the transaction blocks reads and writes of table \
         \"public.orders\""
    );
    assert_eq!(
        error.detail(),
        Some(
            "By its plan: about 200 rows are changed.  Meanwhile others wait for table \"public.orders\", on which the \
             transaction holds AccessExclusiveLock from an earlier statement."
        )
    );
    assert_eq!(
        error.hint(),
        Some(
            "COMMIT first, which gives the lock back, unless nobody may see what was done so far. Change the rows in \
             batches: CALL interlock.safe_backfill('public.orders', $$b = 'x'$$, $$a > 0$$);"
        )
    );
    assert_eq!((error.schema(), error.table()), (Some("public"), Some("orders")));
    client.batch("ROLLBACK TO s; COMMIT");
    assert_eq!(client.text(HOOKED), "f");
    client.batch(&steps(error.hint().expect("a hint"))[0]);
    assert_eq!(client.text("SELECT count(*) FROM orders WHERE b = 'x'"), "200");
    assert_eq!(
        client
            .text("SELECT decision, rule, sqlstate, relation FROM interlock.decision_log WHERE command_tag = 'UPDATE'"),
        "reject|work-under-held-lock|IL005|public.orders"
    );
}

/// Of a new column the planner knows nothing, and expects few rows for any condition on it.
#[test]
fn rows_that_are_read_from_end_to_end_count_too() {
    let (_database, mut client) = shop();
    client.batch("BEGIN");
    client.batch(ADD);
    let error = refused(
        &mut client,
        "UPDATE orders SET region = 'eu' WHERE region IS NULL",
        "IL005",
    );
    assert_eq!(
        error.message(),
        "UPDATE would read many rows to change table \"public.orders\" while the transaction blocks reads and writes of table \
         \"public.orders\""
    );
    assert_eq!(
        error.detail(),
        Some(
            "By its plan: about 200 rows are read, and 1 of them changed.  Meanwhile others wait for table \"public.orders\", on \
             which the transaction holds AccessExclusiveLock from an earlier statement."
        )
    );
    client.batch("ROLLBACK");
    for change in [
        "DELETE FROM orders WHERE b = '7'",
        "UPDATE small SET a = 1 FROM orders WHERE orders.b = '7' AND orders.a = small.a",
        "WITH one AS (UPDATE orders SET a = 0 WHERE b = '7' RETURNING 1) SELECT * FROM one",
        "WITH todo AS MATERIALIZED (SELECT id FROM orders WHERE b = '7')
         UPDATE orders SET a = 0 FROM todo WHERE orders.id = todo.id",
        "UPDATE orders SET a = 0 WHERE id IN (SELECT id FROM invoices ORDER BY b LIMIT 1)",
    ] {
        client.batch("BEGIN");
        client.batch(ADD);
        refused(&mut client, change, "IL005");
        client.batch("ROLLBACK");
    }
}

/// Whoever can see the new rows, and when: others wait for as long as it takes.
#[test]
fn many_rows_are_not_added_either() {
    let (_database, mut client) = shop();
    client.batch("BEGIN");
    client.batch(ADD);
    client.batch("SAVEPOINT s");
    let insert = "INSERT INTO invoices SELECT id + 1000, a, b FROM orders";
    let copy = "CREATE TABLE copy AS SELECT * FROM orders";
    for (statement, tag, table) in [(insert, "INSERT", "invoices"), (copy, "CREATE TABLE AS", "orders")] {
        let error = refused(&mut client, statement, "IL005");
        assert_eq!(
            error.message(),
            format!(
                "{tag} would add many rows while the transaction blocks reads and writes of table \"public.orders\""
            )
        );
        assert_eq!(
            error.detail(),
            Some(
                "By its plan: about 200 rows are added.  Meanwhile others wait for table \"public.orders\", on which the \
                 transaction holds AccessExclusiveLock from an earlier statement."
            )
        );
        assert_eq!(
            error.hint(),
            Some(&*format!(
                "COMMIT first, which gives the lock back, and then run in a transaction of its own: {statement};"
            ))
        );
        assert_eq!((error.schema(), error.table()), (Some("public"), Some(table)));
        client.batch("ROLLBACK TO s");
        assert_eq!(
            client.text(&format!(
                "SELECT decision, rule, sqlstate FROM interlock.decision_log WHERE command_tag = '{tag}' AND statement = '{statement}'"
            )),
            "reject|work-under-held-lock|IL005"
        );
    }
    let error = refused(
        &mut client,
        "INSERT INTO small SELECT id + 1000, a FROM orders WHERE b = '7'",
        "IL005",
    );
    assert_eq!(
        error.message(),
        "INSERT would read many rows while the transaction blocks reads and writes of table \"public.orders\""
    );
    client.batch("ROLLBACK");
    for statement in [
        "CREATE TEMPORARY TABLE copy AS SELECT * FROM orders",
        "CREATE TABLE part AS SELECT * FROM orders WHERE b = '7'",
        "SELECT * INTO copy FROM orders",
        "CREATE MATERIALIZED VIEW copy AS SELECT * FROM orders",
        "EXPLAIN ANALYZE CREATE TABLE copy AS SELECT * FROM orders",
        "EXPLAIN ANALYZE INSERT INTO small SELECT id + 1000, a FROM orders",
        "INSERT INTO small SELECT id + 1000, a FROM orders ON CONFLICT DO NOTHING",
        "MERGE INTO small USING orders ON orders.id = small.id WHEN NOT MATCHED THEN INSERT VALUES (orders.id + 1000, 1)",
        "WITH one AS (UPDATE small SET a = 2 RETURNING id) INSERT INTO invoices SELECT orders.id + 1000, a, b FROM orders, one",
        "INSERT INTO small SELECT g, g FROM generate_series(1000, 2000) AS g",
        "WITH new AS (INSERT INTO small SELECT id + 1000, a FROM orders RETURNING id) SELECT count(*) FROM new",
        "DO 'BEGIN INSERT INTO small SELECT id + 1000, a FROM orders; END'",
        "CREATE TABLE new (id int, a int); INSERT INTO new SELECT id, a FROM orders",
    ] {
        client.batch("BEGIN");
        client.batch(ADD);
        refused(&mut client, statement, "IL005");
        client.batch("ROLLBACK");
    }
}

#[test]
fn it_does_not_matter_which_table_is_locked_and_how_it_was() {
    let (_database, mut client) = shop();
    for lock in [
        ADD,
        "ALTER TABLE orders ALTER COLUMN b SET DEFAULT 'x'",
        "ALTER TABLE orders ADD CONSTRAINT positive CHECK (a > 0) NOT VALID",
        "CREATE TRIGGER t BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "DO 'BEGIN ALTER TABLE orders ADD COLUMN region text; END'",
        "ALTER TABLE orders RENAME COLUMN b TO c; ALTER TABLE orders RENAME COLUMN c TO b",
        "CREATE TABLE referring (id int REFERENCES orders)",
    ] {
        for change in [
            UPDATE,
            "UPDATE invoices SET a = a + 1",
            "DELETE FROM invoices WHERE a > 10",
            "WITH gone AS (DELETE FROM invoices RETURNING id) SELECT count(*) FROM gone",
            "MERGE INTO invoices USING orders ON orders.id = invoices.id WHEN MATCHED THEN DELETE",
            "PREPARE p AS UPDATE invoices SET a = a + $1; EXECUTE p(1)",
            "DO 'BEGIN UPDATE invoices SET a = 0; END'",
            "EXPLAIN ANALYZE DELETE FROM invoices",
        ] {
            client.batch(&format!("BEGIN; {lock}"));
            refused(&mut client, change, "IL005");
            client.batch("ROLLBACK");
            client.batch("DEALLOCATE ALL");
            assert_eq!(client.text(HOOKED), "f", "{lock}");
        }
    }
    refused(
        &mut client,
        "DO $$BEGIN ALTER TABLE orders ADD COLUMN region text; UPDATE orders SET region = 'eu'; END$$",
        "IL005",
    );
    assert_eq!(client.text(HOOKED), "f");
    // All in one query string are one transaction.
    refused(&mut client, &format!("{ADD}; UPDATE orders SET region = 'eu'"), "IL005");
}

#[test]
fn what_keeps_nobody_waiting_for_long_passes() {
    let (_database, mut client) = shop();
    client.batch("CREATE MATERIALIZED VIEW copy AS SELECT * FROM orders");
    client.batch("ANALYZE copy; SET pg_interlock.rule_actions = 'refresh-materialized-view=log'");
    for statements in [
        // Nothing is locked, or nothing that anybody waits for.
        &[UPDATE][..],
        &["ALTER TABLE orders ALTER COLUMN a SET STATISTICS 50", UPDATE],
        &["ALTER TABLE small ADD COLUMN region text", UPDATE],
        &[
            "CREATE TABLE new AS SELECT * FROM orders",
            "CREATE INDEX ON new (a)",
            "UPDATE new SET a = 1",
            UPDATE,
        ],
        // Few rows, rows of nobody else's, and what is not a change.
        &[ADD, "UPDATE orders SET region = 'eu' WHERE id < 20"],
        &[ADD, "UPDATE small SET a = 2"],
        &[ADD, "UPDATE small SET a = 2 WHERE EXISTS (SELECT FROM orders) OR a = 1"],
        &[
            "CREATE TEMPORARY TABLE t AS SELECT * FROM orders",
            ADD,
            "UPDATE t SET a = 1",
        ],
        &[ADD, "INSERT INTO small VALUES (2, 2), (3, 3), (4, 4)"],
        &[ADD, "INSERT INTO small SELECT id + 1, a FROM small"],
        &[
            ADD,
            "WITH one AS (UPDATE small SET a = 2 RETURNING id) INSERT INTO small SELECT id + 1, 1 FROM one",
        ],
        &[ADD, "CREATE TABLE copy_of_small AS SELECT * FROM small"],
        &[ADD, "CREATE TABLE no_copy AS SELECT * FROM orders WITH NO DATA"],
        &[ADD, "EXPLAIN CREATE TABLE no_copy AS SELECT * FROM orders"],
        &[ADD, "SELECT count(*) FROM orders"],
        &[ADD, "EXPLAIN UPDATE orders SET region = 'eu'"],
        // Others are meant to wait, and a lock that is meant does not count beside one of DDL.
        &["LOCK TABLE orders", UPDATE],
        &["LOCK TABLE orders", "ALTER TABLE small ADD COLUMN region text", UPDATE],
        &["TRUNCATE invoices", "INSERT INTO invoices SELECT * FROM orders", UPDATE],
        &["REFRESH MATERIALIZED VIEW copy", UPDATE],
        &["SAVEPOINT s", ADD, "ROLLBACK TO s", "LOCK TABLE orders", UPDATE],
        &[
            ADD,
            "SET LOCAL enable_hashjoin = off",
            "SET LOCAL enable_mergejoin = off",
            "UPDATE orders SET a = 1 WHERE id IN (SELECT id FROM orders LIMIT 9)",
        ],
        // The lock went with its savepoint.
        &["SAVEPOINT s", ADD, "ROLLBACK TO s", UPDATE],
        &["SAVEPOINT s", ADD, "ROLLBACK TO s", "RELEASE s", "DELETE FROM orders"],
    ] {
        client.batch("BEGIN");
        client.notices();
        for statement in statements {
            client.batch(statement);
            assert!(client.notices().is_empty(), "{statement} of {statements:?}");
        }
        client.batch("ROLLBACK");
        assert_eq!(client.text(HOOKED), "f", "{statements:?}");
    }
    // A statement that is a transaction of its own leaves nothing behind.
    client.batch(ADD);
    assert_eq!(client.text(HOOKED), "f");
    client.batch("UPDATE orders SET region = 'eu'");
}

#[test]
fn it_ends_with_the_transaction_however_that_ends() {
    let (_database, mut client) = shop();
    for end in ["COMMIT", "ROLLBACK", "SELECT 1 / 0", "ROLLBACK AND CHAIN"] {
        client.batch("BEGIN; ALTER TABLE orders DISABLE TRIGGER USER");
        assert_eq!(client.text(HOOKED), "t");
        client.try_batch(end).ok();
        client.batch("ROLLBACK");
        assert_eq!(client.text(HOOKED), "f", "{end}");
        client.batch("BEGIN");
        client.batch(UPDATE);
        client.batch("ROLLBACK");
    }
    client.batch(
        "CREATE PROCEDURE parts() LANGUAGE plpgsql AS $$BEGIN
             ALTER TABLE orders DISABLE TRIGGER USER; COMMIT; UPDATE orders SET a = 1; COMMIT; END$$",
    );
    client.batch("CALL parts()");
    // The setting and the transaction do not get into each other's way.
    client.batch("BEGIN; ALTER TABLE orders DISABLE TRIGGER USER; SET pg_interlock.dml_row_threshold = 50");
    client.batch("COMMIT");
    assert_eq!(client.text(HOOKED), "t");
    refused(&mut client, "DELETE FROM orders WHERE id <= 60", "IL007");
    client.batch("BEGIN; ALTER TABLE orders DISABLE TRIGGER USER; RESET pg_interlock.dml_row_threshold");
    assert_eq!(client.text(HOOKED), "t");
    refused(&mut client, UPDATE, "IL005");
    client.batch("ROLLBACK"); // and with it RESET
    assert_eq!(client.text(HOOKED), "t");
    client.batch("RESET pg_interlock.dml_row_threshold");
    assert_eq!(client.text(HOOKED), "f");
}

#[test]
fn it_obeys_the_settings_of_rules() {
    let (_database, mut client) = shop();
    client.batch("SET pg_interlock.rule_actions = 'work-under-held-lock=warn'; BEGIN");
    client.batch(ADD);
    client.notices();
    client.batch(UPDATE);
    let notices = client.notices();
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert_eq!((notices[0].severity(), code(&notices[0])), ("WARNING", "IL005"));
    client.batch("ROLLBACK; SET pg_interlock.rule_actions = 'work-under-held-lock=off'; BEGIN");
    client.batch(ADD);
    client.batch(UPDATE);
    client.batch("ROLLBACK; RESET pg_interlock.rule_actions");
    client.notices();
    // Of two rules that object alike, this one tells the whole way; below its threshold the other one speaks.
    client.batch("SET pg_interlock.dml_row_threshold = 10");
    client.batch("BEGIN");
    client.batch(ADD);
    refused(&mut client, UPDATE, "IL005");
    client.batch("ROLLBACK; BEGIN");
    client.batch(ADD);
    refused(&mut client, "UPDATE orders SET b = 'x' WHERE id <= 20", "IL007");
    client.batch("ROLLBACK; RESET pg_interlock.dml_row_threshold; SET pg_interlock.row_threshold = -1; BEGIN");
    client.batch(ADD);
    client.batch(UPDATE);
    client.batch("ROLLBACK");
}

#[test]
fn it_is_explained() {
    let (_database, mut client) = shop();
    let explain = |client: &mut Client, command: &str| {
        client.text(&format!(
            "SELECT decision, rule FROM interlock.explain_lock_profile($x${command}$x$) WHERE command_tag = 'UPDATE'"
        ))
    };
    let locked = format!("BEGIN; {ADD}; {UPDATE}");
    assert_eq!(explain(&mut client, &locked), "reject|work-under-held-lock");
    assert_eq!(
        explain(&mut client, &format!("BEGIN; {ADD}; COMMIT; {UPDATE}")),
        "allow|"
    );
    assert_eq!(explain(&mut client, UPDATE), "allow|");
    // What cannot be planned before the column is there is taken as it is written.
    let update = "UPDATE orders SET region = 'eu'";
    let locked = format!("BEGIN; {ADD}; {update}");
    assert_eq!(explain(&mut client, &locked), "reject|work-under-held-lock");
    assert_eq!(explain(&mut client, &format!("{ADD}; {update}")), "allow|");
    // Of how many rows it would be with a WHERE, nobody knows.
    assert_eq!(
        client.text(&format!(
            "SELECT DISTINCT decision, reason FROM interlock.explain_lock_profile($x${locked} WHERE region = 'us'$x$)
             WHERE command_tag = 'UPDATE'"
        )),
        "allow|It could not be judged: column \"region\" does not exist."
    );
    for (statement, tag) in [
        ("INSERT INTO invoices SELECT id + 1000, a, b FROM orders", "INSERT"),
        ("CREATE TABLE copy AS SELECT * FROM orders", "CREATE TABLE AS"),
        (
            "CREATE MATERIALIZED VIEW copy AS SELECT * FROM orders",
            "CREATE MATERIALIZED VIEW",
        ),
        ("SELECT 1 INTO copy UNION ALL SELECT id FROM orders", "SELECT"),
    ] {
        for (begin, expected) in [("BEGIN", "reject|work-under-held-lock"), ("LISTEN x", "allow|")] {
            let explained = client.text(&format!(
                "SELECT decision, rule FROM interlock.explain_lock_profile($x${begin}; {ADD}; {statement}$x$)
                 WHERE command_tag = '{tag}'"
            ));
            assert_eq!(explained, expected, "{statement}");
        }
    }
    // What is dropped keeps nobody waiting.
    assert_eq!(
        explain(&mut client, &format!("BEGIN; DROP TABLE invoices; {UPDATE}")),
        "allow|"
    );
    client.batch("BEGIN; ALTER TABLE invoices DISABLE TRIGGER USER");
    assert_eq!(explain(&mut client, UPDATE), "reject|work-under-held-lock");
    client.batch("ROLLBACK");
}

/// The planner knows nothing of them, and expects millions.
#[test]
fn new_tables_are_joined_to_no_more_rows_than_they_can() {
    let (_database, mut client) = shop();
    client.batch("SET pg_interlock.row_threshold = 100000; SET pg_interlock.size_threshold = '8kB'; BEGIN");
    client.batch(
        "CREATE TABLE roles AS SELECT g AS role FROM generate_series(1, 5) AS g;
         CREATE TABLE rights AS SELECT g AS permission FROM generate_series(1, 10) AS g",
    );
    client.batch(ADD);
    client.batch("CREATE TABLE granted AS SELECT * FROM roles, rights WHERE role < 3");
    refused(
        &mut client,
        "INSERT INTO small SELECT g, g FROM generate_series(1, 200000) AS g",
        "IL005",
    );
}

/// What it does has been judged with its statement: the rows of the materialized view.
#[test]
fn a_refresh_is_judged_once() {
    let (_database, mut client) = shop();
    client.batch(
        "CREATE MATERIALIZED VIEW few AS SELECT id, a FROM orders WHERE id <= 60; CREATE UNIQUE INDEX ON few (id);
         ANALYZE few; UPDATE orders SET a = a + 1; ANALYZE orders",
    );
    client.notices();
    for refresh in [
        "REFRESH MATERIALIZED VIEW few",
        "REFRESH MATERIALIZED VIEW CONCURRENTLY few",
    ] {
        client.batch("BEGIN");
        client.batch(ADD);
        client.batch(refresh);
        assert!(client.notices().is_empty(), "{refresh}");
        client.batch("ROLLBACK");
    }
}
