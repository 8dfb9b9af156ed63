//! The hint's own SQL leads to what was wanted, with the statement's own clauses.

use pg_test::Client;

use super::{refused, shop, warned};
use crate::support::steps;

/// Runs the single statement of a hint, again and again as it says of a DELETE, and asks whether the aim is reached.
fn leads_to(client: &mut Client, hint: Option<&str>, times: usize, reached: &str) {
    let hint = hint.expect("a hint");
    let steps = steps(hint);
    assert_eq!(steps.len(), 1, "{hint}");
    assert!(!hint.contains("..."), "the reader has to guess: {hint}");
    for _ in 0..times {
        client.batch(&steps[0]);
    }
    assert!(client.one::<bool>(reached), "{hint}");
}

#[test]
fn updates_go_to_the_engine_with_their_clauses() {
    let (_database, mut client) = shop();
    client.batch(
        "CREATE SCHEMA \"Odd one\"; CREATE TABLE \"Odd one\".\"it's\" (\"key\" int PRIMARY KEY, \"set\" text, a int)",
    );
    client.batch("INSERT INTO \"Odd one\".\"it's\" SELECT g, 'x', g FROM generate_series(1, 500) AS g; ANALYZE");
    for (statement, reached) in [
        (
            "UPDATE orders SET total = -1",
            "SELECT count(*) = 0 FROM orders WHERE total <> -1",
        ),
        (
            "SELECT 'UPDATE orders SET total = 5'; update only_orders set total = -2 , status='a;b' where status <> 'a;b' returning id; SELECT 1",
            "SELECT count(*) = 1000 FROM orders WHERE status = 'a;b' AND total = -2",
        ),
        (
            "UPDATE public.orders AS o SET total = o.id /* WHERE */ WHERE o.total <> o.id",
            "SELECT bool_and(total = id) FROM orders",
        ),
        (
            "EXPLAIN ANALYZE UPDATE orders SET (total, status) = (id + 1, $$it's$$) WHERE total IS DISTINCT FROM id + 1",
            "SELECT bool_and(total = id + 1 AND status = 'it''s') FROM orders",
        ),
        (
            "COPY (UPDATE orders SET total = 3 WHERE (total) <> 3 RETURNING id) TO STDOUT",
            "SELECT bool_and(total = 3) FROM orders",
        ),
        (
            "PREPARE p AS UPDATE orders SET total = 4 WHERE total <> 4; EXECUTE p",
            "SELECT bool_and(total = 4) FROM orders",
        ),
        (
            "DO $do$BEGIN UPDATE orders SET total = 5 WHERE total <> 5; END$do$",
            "SELECT bool_and(total = 5) FROM orders",
        ),
        (
            "UPDATE \"Odd one\".\"it's\" AS \"of\" SET \"set\" = '$$' || \"of\".a WHERE \"of\".\"set\" = 'x'",
            "SELECT bool_and(\"set\" = '$$' || a) FROM \"Odd one\".\"it's\"",
        ),
        (
            "UPDATE orders SET total = (SELECT max(price) FROM items WHERE order_id = orders.id) WHERE EXISTS (SELECT FROM items WHERE order_id = orders.id)",
            "SELECT bool_and(total = id) FROM orders",
        ),
    ] {
        let error = refused(&mut client, &statement.replace("only_orders", "orders"));
        leads_to(&mut client, error.hint(), 1, reached);
    }
}

#[test]
fn deletes_go_by_key_or_by_place() {
    let (_database, mut client) = shop();
    client.batch(
        "CREATE TABLE pairs (a int, b int, c text, PRIMARY KEY (b, a));
         INSERT INTO pairs SELECT g, g % 7, 'x' FROM generate_series(1, 200) AS g;
         CREATE TABLE heap (a int); INSERT INTO heap SELECT generate_series(1, 200);
         CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id);
         CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
         CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (100) TO (1000);
         INSERT INTO parts SELECT generate_series(1, 200); ANALYZE",
    );
    for (statement, times, reached) in [
        (
            "DELETE FROM orders AS o WHERE o.status = 'old' OR false",
            20,
            "SELECT count(*) = 10 FROM orders",
        ),
        ("DELETE FROM pairs WHERE c = 'x'", 4, "SELECT count(*) = 0 FROM pairs"),
        ("DELETE FROM heap WHERE a <= 150", 3, "SELECT count(*) = 50 FROM heap"),
        ("DELETE FROM parts", 4, "SELECT count(*) = 0 FROM parts"),
    ] {
        let error = refused(&mut client, statement);
        leads_to(&mut client, error.hint(), times, reached);
    }
    // Heirs have keys of their own, so that the condition has to be said of what is deleted, too.
    client.batch(
        "CREATE TABLE heirs () INHERITS (heap); ALTER TABLE heap ADD COLUMN b int DEFAULT 1;
         INSERT INTO heirs SELECT g, 2 FROM generate_series(1, 200) AS g; ANALYZE heap, heirs",
    );
    let error = refused(&mut client, "DELETE FROM heap WHERE b = 2 AND true");
    leads_to(
        &mut client,
        error.hint(),
        4,
        "SELECT count(*) = 50 AND min(b) = 1 FROM heap",
    );
    let error = refused(&mut client, "DELETE FROM items");
    assert!(
        error
            .hint()
            .is_some_and(|hint| hint.contains("TRUNCATE removes all rows")),
        "{error:#?}"
    );
}

#[test]
fn what_cannot_be_copied_is_said() {
    let (_database, mut client) = shop();
    client.batch("CREATE VIEW old AS SELECT id AS number, total FROM orders WHERE status = 'old'");
    for (statement, words) in [
        (
            "PREPARE p (int) AS UPDATE orders SET total = $1 WHERE id > $1; EXECUTE p(1)",
            "batches, with values in place of parameters and variables: CALL interlock.safe_backfill('public.orders', $$total = $1$$, $$id > $1$$);",
        ),
        (
            "DO $$DECLARE n int := 1; BEGIN UPDATE orders SET total = n WHERE id > n; END$$",
            "batches, with values in place of parameters and variables: CALL",
        ),
        (
            "DO $$DECLARE n int := 1; BEGIN DELETE FROM orders WHERE id > n; END$$",
            "until no row is left, with values in place of parameters and variables: DELETE FROM public.orders WHERE id IN",
        ),
        (
            "UPDATE orders SET total = price FROM items WHERE order_id = orders.id",
            "with queries in place of FROM and WITH: CALL interlock.safe_backfill('public.orders', $$... = (SELECT ...)$$, $$EXISTS (SELECT ...)$$);",
        ),
        (
            "WITH x AS (SELECT order_id FROM items) UPDATE orders SET total = 0 WHERE id IN (SELECT * FROM x)",
            "with queries in place of FROM and WITH: CALL",
        ),
        (
            "WITH x AS (UPDATE orders SET total = 0 WHERE id > 0 RETURNING id) SELECT count(*) FROM x",
            "Make it a statement of its own, before this one, and change the rows in batches with interlock.safe_backfill.",
        ),
        (
            "UPDATE orders o SET total = 0 WHERE EXISTS (SELECT FROM items o WHERE o.id > 0) AND o.id > 0",
            "batches, with the name of the table in place of its alias: CALL interlock.safe_backfill('public.orders', $$...$$, $$...$$);",
        ),
        (
            "UPDATE old SET total = 0",
            "Change fewer rows at a time, each time in a transaction of its own.",
        ),
        ("DELETE FROM old WHERE number > 5", "Delete fewer rows at a time"),
        (
            "DELETE FROM orders USING items WHERE order_id = orders.id",
            "Delete fewer rows at a time",
        ),
        (
            "MERGE INTO orders USING items ON orders.id = order_id WHEN MATCHED THEN DELETE",
            "Run it for a part of its source at a time, each in a transaction of its own.",
        ),
        // Which of the two is meant cannot be told.
        (
            "WITH a AS (DELETE FROM orders WHERE id < 5), b AS (DELETE FROM orders WHERE id > 500) SELECT 1",
            "Delete fewer rows at a time",
        ),
    ] {
        let error = refused(&mut client, statement);
        let hint = error.hint().unwrap_or_default();
        assert!(hint.contains(words), "{statement}\n{hint}");
    }
    client.batch("SET pg_interlock.rule_actions = 'mass-change=off'");
    let warning = warned(&mut client, "UPDATE orders SET total = 0");
    assert_eq!(
        warning.hint(),
        Some(
            "Write a WHERE that says which rows are meant, WHERE true if all are. \
             Change the rows in batches: CALL interlock.safe_backfill('public.orders', $$total = 0$$);"
        )
    );
}
