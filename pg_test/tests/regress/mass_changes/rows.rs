//! How many rows are many, whose rows count, and what a missing WHERE is.

use pg_test::Server;

use super::{passes, refused, shop, warned};
use crate::support::code;

#[test]
fn the_plan_decides() {
    let (_database, mut client) = shop();
    for statement in [
        "UPDATE orders SET total = 0 WHERE status = 'old'",
        "UPDATE orders SET total = 0 WHERE id > 500",
        "UPDATE orders SET total = 0",
        "UPDATE orders SET total = 0 WHERE true",
        "UPDATE orders SET status = 'old' WHERE status = 'old' RETURNING id",
        "UPDATE ONLY orders AS o SET total = o.total + 1 WHERE o.id BETWEEN 100 AND 900",
        "DELETE FROM orders WHERE status = 'old'",
        "DELETE FROM orders",
        "DELETE FROM orders USING items WHERE items.order_id = orders.id",
        "UPDATE orders SET total = price FROM items WHERE items.order_id = orders.id",
        "DELETE FROM orders WHERE id IN (SELECT order_id FROM items WHERE price > 300)",
        "WITH cheap AS (SELECT order_id FROM items WHERE price > 300) DELETE FROM orders USING cheap WHERE id = order_id",
        // Parts of other statements
        "WITH gone AS (DELETE FROM orders WHERE status = 'old' RETURNING *) SELECT count(*) FROM gone",
        "WITH gone AS (DELETE FROM orders WHERE status = 'old' RETURNING id) INSERT INTO few SELECT id, 0 FROM gone",
        "WITH gone AS (DELETE FROM orders WHERE status = 'old') UPDATE few SET a = 0 WHERE id = 1",
        // 60 of each
        "WITH gone AS (DELETE FROM orders WHERE id <= 60) DELETE FROM items WHERE id <= 60",
        // MERGE
        "MERGE INTO orders USING items ON orders.id = order_id WHEN MATCHED THEN UPDATE SET total = price",
        "MERGE INTO orders USING items ON orders.id = order_id WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN DO NOTHING",
    ] {
        refused(&mut client, statement);
    }
    for statement in [
        "UPDATE orders SET total = 0 WHERE status = 'new'",
        "UPDATE orders SET total = 0 WHERE id = 7",
        "UPDATE orders SET total = 0 WHERE id > 950",
        "UPDATE orders SET total = 0 WHERE false",
        "DELETE FROM orders WHERE id < 50",
        "DELETE FROM orders WHERE id IN (SELECT id FROM orders WHERE status = 'old' ORDER BY id LIMIT 50)",
        "DELETE FROM orders WHERE ctid IN (SELECT ctid FROM orders WHERE status = 'old' LIMIT 50)",
        "UPDATE orders SET total = a FROM few WHERE few.id = orders.id",
        "DELETE FROM few WHERE true",
        "WITH gone AS (DELETE FROM orders WHERE id <= 20) DELETE FROM items WHERE id <= 20",
        "WITH gone AS (DELETE FROM orders WHERE id <= 20 RETURNING id) INSERT INTO items SELECT id + 2000 FROM gone",
        // Rows that are not changed
        "INSERT INTO orders SELECT g FROM generate_series(2001, 3000) AS g",
        "INSERT INTO orders SELECT id FROM items ON CONFLICT DO NOTHING",
        "MERGE INTO orders USING items ON orders.id = order_id + 2000 WHEN NOT MATCHED THEN INSERT VALUES (price + 2000)",
        "MERGE INTO orders USING few ON orders.id = few.id WHEN MATCHED THEN UPDATE SET total = 0",
        // No more rows than there are, whatever is merged into them.
        "MERGE INTO few USING items ON few.id = items.id WHEN MATCHED THEN UPDATE SET a = 0 WHEN NOT MATCHED THEN DO NOTHING",
        "UPDATE few SET a = price FROM items WHERE few.id < price",
        "SELECT * FROM orders FOR UPDATE",
        "TRUNCATE orders",
    ] {
        passes(&mut client, statement);
    }
}

#[test]
fn merge_by_source() {
    if Server::under_test().major < 17 {
        return;
    }
    let (_database, mut client) = shop();
    let merge = "MERGE INTO orders USING few ON orders.id = few.id WHEN NOT MATCHED BY SOURCE";
    refused(&mut client, &format!("{merge} THEN DELETE"));
    refused(
        &mut client,
        &format!("WITH m AS ({merge} THEN UPDATE SET total = 0 RETURNING few.id) SELECT * FROM m"),
    );
    passes(&mut client, &format!("{merge} THEN DO NOTHING"));
}

#[test]
fn the_threshold_is_the_first_number_that_is_refused() {
    let (_database, mut client) = shop();
    let all = "DELETE FROM orders WHERE true";
    for (threshold, is_refused) in [("1000", true), ("1001", false), ("1", true), ("0", true), ("-1", false)] {
        client.batch(&format!("SET pg_interlock.dml_row_threshold = {threshold}"));
        if is_refused {
            refused(&mut client, all);
        } else {
            passes(&mut client, all);
        }
    }
    // 0: always
    client.batch("SET pg_interlock.dml_row_threshold = 0");
    refused(&mut client, "UPDATE orders SET total = 0 WHERE id = -1");
    passes(&mut client, "SELECT count(*) FROM orders");
    for wrong in ["-2", "'many'", "'1GB'"] {
        let error = client.error(&format!("SET pg_interlock.dml_row_threshold = {wrong}"));
        assert_eq!(code(&error), "22023", "{wrong}");
    }
}

#[test]
fn a_missing_where_is_told_of_whatever_the_size() {
    let (_database, mut client) = shop();
    for (statement, tag, table) in [
        ("UPDATE few SET a = 0", "UPDATE", "few"),
        ("UPDATE few AS f SET a = f.a RETURNING *", "UPDATE", "few"),
        ("DELETE FROM few", "DELETE", "few"),
        ("DELETE FROM few -- WHERE id = 1", "DELETE", "few"),
        (
            "UPDATE few SET a = (SELECT min(price) FROM items WHERE id = 1)",
            "UPDATE",
            "few",
        ),
        (
            "WITH gone AS (DELETE FROM few RETURNING id) SELECT * FROM gone",
            "SELECT",
            "few",
        ),
        ("UPDATE few SET a = 1 FROM orders", "UPDATE", "few"),
    ] {
        let warning = warned(&mut client, statement);
        assert_eq!(
            warning.message(),
            format!("{tag} will change every row of table \"public.{table}\" at once")
        );
        let detail = "It has no WHERE: about 5 rows are changed, stay locked until the transaction ends, and leave dead versions behind.";
        assert_eq!(warning.detail(), Some(detail));
        assert_eq!(
            warning.hint(),
            Some("Write a WHERE that says which rows are meant, WHERE true if all are.")
        );
    }
    for statement in [
        "UPDATE few SET a = 0 WHERE true",
        "DELETE FROM few WHERE 1 = 1",
        "DELETE FROM few WHERE id IS NOT NULL",
        "DELETE FROM few USING orders WHERE orders.id = few.id",
        "UPDATE few SET a = 0 WHERE id = 1",
        "CREATE TABLE nothing (a int); COMMIT; DELETE FROM nothing; UPDATE nothing SET a = 1; DROP TABLE nothing",
    ] {
        passes(&mut client, statement);
    }
    // Of a large table, the rule about many rows is the graver one; of two that are alike, this one is told.
    let many = refused(&mut client, "DELETE FROM orders");
    assert_eq!(
        many.message(),
        "DELETE would change many rows of table \"public.orders\" at once"
    );
    client.batch("SET pg_interlock.rule_actions = 'change-without-where=reject'");
    let every = refused(&mut client, "DELETE FROM orders");
    assert_eq!(
        every.message(),
        "DELETE would change every row of table \"public.orders\" at once"
    );
    refused(&mut client, "DELETE FROM few");
    client.batch("SET pg_interlock.rule_actions = 'change-without-where=off'");
    passes(&mut client, "DELETE FROM few");
    client.batch("SET pg_interlock.rule_actions = 'mass-change=off'");
    passes(&mut client, "DELETE FROM orders WHERE true");
    warned(&mut client, "DELETE FROM orders");
}

#[test]
fn partitions_count_together_and_only_those_that_are_reached() {
    let (_database, mut client) = shop();
    client.batch(
        "CREATE TABLE parts (id int, year int, a int, PRIMARY KEY (year, id)) PARTITION BY LIST (year);
         CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
         CREATE TABLE parts_2 PARTITION OF parts FOR VALUES IN (2);
         CREATE TABLE parts_3 PARTITION OF parts FOR VALUES IN (3) PARTITION BY RANGE (id);
         CREATE TABLE parts_3_1 PARTITION OF parts_3 FOR VALUES FROM (0) TO (1000);
         INSERT INTO parts SELECT g, 1 + g % 3, 0 FROM generate_series(1, 180) AS g;
         ANALYZE parts",
    );
    let error = refused(&mut client, "UPDATE parts SET a = 1 WHERE a = 0");
    assert_eq!((error.schema(), error.table()), (Some("public"), Some("parts")));
    refused(&mut client, "DELETE FROM parts");
    refused(&mut client, "DELETE FROM parts WHERE year IN (1, 2)");
    refused(
        &mut client,
        "MERGE INTO parts USING items ON items.id = parts.id WHEN MATCHED THEN UPDATE SET a = 1",
    );
    passes(&mut client, "DELETE FROM parts WHERE year = 2");
    passes(&mut client, "UPDATE parts SET a = 1 WHERE year = 3 AND a = 0");
    passes(&mut client, "UPDATE parts_3 SET year = 3 WHERE true");
    // A plan for all years leaves out partitions when it starts.
    client.batch("SET plan_cache_mode = force_generic_plan");
    client.batch("PREPARE of_year (int) AS UPDATE parts SET a = 1 WHERE year = $1");
    client.batch("PREPARE of_years (int, int) AS UPDATE parts SET a = 1 WHERE year IN ($1, $2)");
    for year in 1..=3 {
        passes(&mut client, &format!("EXECUTE of_year({year})"));
    }
    refused(&mut client, "EXECUTE of_years(1, 3)");
}

#[test]
fn heirs_count_unless_only_is_said() {
    let (_database, mut client) = shop();
    client.batch(
        "CREATE TABLE heirs () INHERITS (few);
         INSERT INTO heirs SELECT g, g FROM generate_series(1, 200) AS g; ANALYZE few, heirs",
    );
    refused(&mut client, "UPDATE few SET a = 0 WHERE a > 0");
    refused(&mut client, "DELETE FROM heirs WHERE true");
    passes(&mut client, "UPDATE ONLY few SET a = 0 WHERE a > 0");
    client.batch("INSERT INTO few SELECT g, g FROM generate_series(100, 300) AS g; ANALYZE few");
    let hint = |statement: &str, client: &mut _| refused(client, statement).hint().unwrap_or_default().to_owned();
    let fewer = "fewer rows at a time, each time in a transaction of its own.";
    assert_eq!(
        hint("UPDATE ONLY few SET a = 0 WHERE a > 0", &mut client),
        format!("Change {fewer}")
    );
    assert_eq!(
        hint("DELETE FROM ONLY few WHERE a > 0", &mut client),
        format!("Delete {fewer}")
    );
    let engine = "Change the rows in batches: CALL interlock.safe_backfill('public.heirs', $$a = 0$$, $$a > 0$$);";
    assert_eq!(hint("UPDATE ONLY (heirs) SET a = 0 WHERE a > 0", &mut client), engine);
}

#[test]
fn what_nobody_else_can_see_is_the_sessions_own_affair() {
    let (_database, mut client) = shop();
    client.batch("CREATE TEMPORARY TABLE own AS SELECT * FROM orders");
    passes(&mut client, "UPDATE own SET total = 0");
    passes(
        &mut client,
        "CREATE TABLE fresh AS SELECT * FROM orders; UPDATE fresh SET total = 0; DELETE FROM fresh",
    );
    let refill = "INSERT INTO orders SELECT g FROM generate_series(1, 1000) AS g";
    passes(
        &mut client,
        &format!("TRUNCATE orders; {refill}; UPDATE orders SET total = 0; DELETE FROM orders"),
    );
    passes(
        &mut client,
        &format!(
            "TRUNCATE orders; SAVEPOINT s; {refill}; DELETE FROM orders; ROLLBACK TO s; {refill}; DELETE FROM orders"
        ),
    );
    refused(
        &mut client,
        "BEGIN; SAVEPOINT s; TRUNCATE orders; ROLLBACK TO s; DELETE FROM orders WHERE total > 0",
    );
    // Written anew, it is as full as before.
    client.batch("SET pg_interlock.row_threshold = -1");
    refused(
        &mut client,
        "BEGIN; ALTER TABLE orders ALTER total TYPE bigint; DELETE FROM orders WHERE id > 0",
    );
}

#[test]
fn views_stand_for_their_tables() {
    let (_database, mut client) = shop();
    client.batch(
        "CREATE VIEW by_trigger AS SELECT * FROM orders;
         CREATE FUNCTION instead() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN UPDATE orders SET total = NEW.total WHERE id = OLD.id; RETURN NEW; END';
         CREATE TRIGGER instead INSTEAD OF UPDATE ON by_trigger FOR EACH ROW EXECUTE FUNCTION instead()",
    );
    let error = refused(&mut client, "UPDATE by_trigger SET total = 0 WHERE id > 3");
    assert_eq!(
        error.message(),
        "UPDATE would change many rows of view \"public.by_trigger\" at once"
    );
    passes(&mut client, "UPDATE by_trigger SET total = 0 WHERE id = 3");
    client.batch("CREATE VIEW old AS SELECT id AS number, total FROM orders WHERE status = 'old'");
    client.batch("CREATE VIEW whole AS SELECT * FROM few");
    let error = refused(&mut client, "UPDATE old SET total = 0");
    assert_eq!(error.table(), Some("orders"));
    refused(&mut client, "DELETE FROM old WHERE number > 5");
    passes(&mut client, "DELETE FROM old WHERE number = 50");
    warned(&mut client, "DELETE FROM whole");
    passes(&mut client, "DELETE FROM whole WHERE true");
}
