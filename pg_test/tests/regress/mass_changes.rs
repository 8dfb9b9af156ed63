//! Mass changes: an UPDATE, DELETE or MERGE of many rows is stopped before its first one, however it is sent; and DML is
//! left alone where `pg_interlock.dml_row_threshold` is off, as it is by default.

mod contexts;
mod engine;
mod off;
mod record;
mod replication;
mod rows;
mod way_out;

use pg_test::{Client, DbError, TestDatabase};

use crate::support::code;

/// Tables of 1000 rows, of which 10 and 990 can be told apart by the statistics.
const SHOP: &str = "
    CREATE TABLE orders (id int PRIMARY KEY, status text, total int);
    INSERT INTO orders SELECT g, CASE WHEN g <= 10 THEN 'new' ELSE 'old' END, g FROM generate_series(1, 1000) AS g;
    CREATE TABLE items (id int PRIMARY KEY, order_id int, price int);
    INSERT INTO items SELECT g, g, g FROM generate_series(1, 1000) AS g;
    CREATE TABLE few (id int PRIMARY KEY, a int);
    INSERT INTO few SELECT g, g FROM generate_series(1, 5) AS g;
    ANALYZE orders, items, few";

/// A database with these tables, where 100 rows are many.
fn shop() -> (TestDatabase, Client) {
    let database = TestDatabase::new();
    database.client().batch(SHOP);
    database.client().batch(&format!(
        "ALTER DATABASE {} SET pg_interlock.dml_row_threshold = 100",
        database.name()
    ));
    let client = database.client();
    (database, client)
}

/// Runs a statement that must be refused; nothing has changed then, and the session goes on.
fn refused(client: &mut Client, sql: &str) -> DbError {
    let before = contents(client);
    let error = client.error(sql);
    assert_eq!(code(&error), "IL007", "{sql}\n{error:#?}");
    client.batch("ROLLBACK");
    assert_eq!(contents(client), before, "{sql}");
    error
}

/// Runs a statement that must be let run, without a word; its changes are undone.
fn passes(client: &mut Client, sql: &str) {
    client.notices();
    client.batch("BEGIN");
    client.batch(sql);
    let notices = client.notices();
    assert!(notices.is_empty(), "{sql}\n{notices:#?}");
    client.batch("ROLLBACK");
    client.notices(); // that there may be no transaction any more
}

/// Runs a statement that must be let run with a warning; its changes are undone.
fn warned(client: &mut Client, sql: &str) -> DbError {
    client.notices();
    client.batch("BEGIN");
    client.batch(sql);
    let mut notices = client.notices();
    assert_eq!(notices.len(), 1, "{sql}\n{notices:#?}");
    client.batch("ROLLBACK");
    let warning = notices.remove(0);
    assert_eq!((warning.severity(), code(&warning)), ("WARNING", "IL007"), "{sql}");
    warning
}

/// What is in the tables.
fn contents(client: &mut Client) -> String {
    client.text(
        "SELECT count(*), sum(total), count(*) FILTER (WHERE status = 'new'), sum(hashtext(status)::int8) FROM orders;
         SELECT count(*), sum(price) FROM items; SELECT count(*), sum(a) FROM few",
    )
}
