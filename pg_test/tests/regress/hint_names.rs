//! What a hint creates has a name that is free, and the one that the statement gives.

use pg_test::{Client, Server, TestDatabase};

use crate::support::{big_table, code, database, refused, steps};

fn shop() -> (TestDatabase, Client) {
    let database = database();
    let mut client = database.client();
    big_table(&mut client, "orders");
    (database, client)
}

/// Runs the steps of the hint that a refused statement gets.
fn take_the_way_out(client: &mut Client, statement: &str, sqlstate: &str) -> String {
    let error = refused(client, statement, sqlstate);
    let hint = error.hint().expect("a hint").to_owned();
    for step in steps(&hint) {
        client.batch(&step);
    }
    let truncated = client.notices().into_iter().any(|notice| code(&notice) == "42622");
    assert!(!truncated, "a name is cut off: {hint}");
    hint
}

#[test]
fn names_that_are_there_are_counted_up() {
    let (_database, mut client) = shop();
    client.batch("ALTER TABLE orders ADD CONSTRAINT orders_a_not_null CHECK (a > -1) NOT VALID");
    client.batch("ALTER TABLE orders ADD CONSTRAINT orders_a_check CHECK (a > -2) NOT VALID");
    client.batch("ALTER TABLE orders ADD CONSTRAINT orders_a_check1 CHECK (a > -3) NOT VALID");
    client.batch("CREATE VIEW orders_a_key AS SELECT 1; CREATE TABLE orders_n_seq ()");
    client.notices();
    let hint = take_the_way_out(&mut client, "ALTER TABLE orders ALTER COLUMN a SET NOT NULL", "IL002");
    assert!(hint.contains("orders_a_not_null1"), "{hint}");
    assert!(
        client.one::<bool>("SELECT attnotnull FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname = 'a'")
    );
    let hint = take_the_way_out(
        &mut client,
        "ALTER TABLE orders ADD CHECK (a > 0), ADD CHECK (a < 1000)",
        "IL002",
    );
    assert!(
        hint.contains("orders_a_check2") && hint.contains("orders_a_check3"),
        "{hint}"
    );
    let hint = take_the_way_out(&mut client, "ALTER TABLE orders ADD UNIQUE (a)", "IL003");
    assert!(hint.contains("orders_a_key1"), "{hint}");
    let hint = take_the_way_out(&mut client, "ALTER TABLE orders ADD COLUMN n serial", "IL001");
    assert!(hint.contains("orders_n_seq1"), "{hint}");
}

#[test]
fn a_way_that_was_begun_is_gone_to_its_end() {
    let (_database, mut client) = shop();
    client.batch("ALTER TABLE orders RENAME COLUMN a TO \"from\"");
    let statement = "ALTER TABLE orders ALTER COLUMN \"from\" SET NOT NULL";
    let error = refused(&mut client, statement, "IL002");
    client.batch(&steps(error.hint().expect("a hint"))[0]);
    let hint = take_the_way_out(&mut client, statement, "IL002");
    assert!(!hint.contains("ADD CONSTRAINT"), "{hint}");
    let not_null = "SELECT attnotnull FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname = 'from'";
    assert!(client.one::<bool>(not_null));
    let left = "SELECT count(*) FROM pg_constraint WHERE conrelid = 'orders'::regclass AND contype = 'c'";
    assert_eq!(client.text(left), "0");
}

#[test]
fn names_of_partitions_too() {
    let (_database, mut client) = shop();
    client.batch(
        "CREATE TABLE parted (id int NOT NULL, a int, b text) PARTITION BY RANGE (id); CREATE INDEX i ON parted (a)",
    );
    client.batch("ALTER TABLE orders ADD CONSTRAINT orders_bound CHECK (a > -1) NOT VALID; CREATE TABLE orders_i ()");
    let hint = take_the_way_out(
        &mut client,
        "ALTER TABLE parted ATTACH PARTITION orders FOR VALUES FROM (0) TO (1000)",
        "IL004",
    );
    assert!(hint.contains("orders_bound1") && hint.contains("orders_i1"), "{hint}");
}

#[test]
fn long_names_are_cut_as_the_server_does() {
    let (_database, mut client) = shop();
    client.batch(&format!("ALTER TABLE orders RENAME TO {}", "o".repeat(60)));
    client.batch(&format!(
        "ALTER TABLE {} RENAME COLUMN a TO {}",
        "o".repeat(60),
        "a".repeat(50)
    ));
    client.notices();
    for (what, sqlstate) in [
        ("ALTER {} SET NOT NULL", "IL002"),
        ("ADD CHECK ({} > 0)", "IL002"),
        ("ADD UNIQUE ({})", "IL003"),
    ] {
        let what = what.replace("{}", &"a".repeat(50));
        take_the_way_out(&mut client, &format!("ALTER TABLE {} {what}", "o".repeat(60)), sqlstate);
    }
}

#[test]
fn a_constraint_keeps_the_name_it_is_given() {
    let (_database, mut client) = shop();
    if Server::under_test().major < 18 {
        return; // there NOT NULL is no constraint with a name
    }
    take_the_way_out(
        &mut client,
        "ALTER TABLE orders ADD CONSTRAINT mine NOT NULL a NO INHERIT",
        "IL002",
    );
    assert_eq!(
        client.text("SELECT convalidated, connoinherit FROM pg_constraint WHERE conname = 'mine' AND contype = 'n'"),
        "t|t"
    );
}
