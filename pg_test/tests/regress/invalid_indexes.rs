//! `interlock.invalid_indexes`: what failed builds leave behind, and the statements that put it right.

use pg_test::{Client, TestDatabase, blocked};

use crate::support::code;

const LIST: &str = "SELECT index, relation, state, is_unique, is_maintained, pid FROM interlock.invalid_indexes";

/// A table in which a value stands twice.
fn with_duplicates() -> (TestDatabase, Client) {
    let database = TestDatabase::new();
    let mut client = database.client();
    client.batch(
        "CREATE SCHEMA \"The shop\";
         CREATE TABLE \"The shop\".orders (id int);
         INSERT INTO \"The shop\".orders SELECT generate_series(1, 10);
         INSERT INTO \"The shop\".orders VALUES (10)",
    );
    (database, client)
}

fn fail_to_build(client: &mut Client) {
    let error = client.error("CREATE UNIQUE INDEX CONCURRENTLY \"by id\" ON \"The shop\".orders (id)");
    assert_eq!(code(&error), "23505");
}

fn statement(client: &mut Client, column: &str, index: &str) -> String {
    client.one(&format!(
        "SELECT {column} FROM interlock.invalid_indexes WHERE index = '{index}'"
    ))
}

const BY_ID: &str = "\"The shop\".\"by id\"";

#[test]
fn a_failed_build_can_be_repeated() {
    let (_database, mut client) = with_duplicates();
    assert_eq!(client.text(LIST), "");
    fail_to_build(&mut client);
    let row = "\"The shop\".\"by id\"|\"The shop\".orders|invalid|t|f|";
    assert_eq!(client.text(LIST), row);
    client.batch("DELETE FROM \"The shop\".orders WHERE id = 10");
    let rebuild = statement(&mut client, "rebuild_statement", BY_ID);
    client.batch(&rebuild);
    assert_eq!(client.text(LIST), "");
    assert!(
        client.one::<bool>("SELECT indisvalid FROM pg_index WHERE indexrelid = '\"The shop\".\"by id\"'::regclass")
    );
}

#[test]
fn what_reindex_left_can_be_dropped() {
    let (_database, mut client) = with_duplicates();
    fail_to_build(&mut client);
    let error = client.error("REINDEX INDEX CONCURRENTLY \"The shop\".\"by id\"");
    assert_eq!(code(&error), "23505");
    let copy = "\"The shop\".\"by id_ccnew\"";
    let states = "SELECT index, state, rebuild_statement IS NULL FROM interlock.invalid_indexes";
    assert_eq!(
        client.text(states),
        format!("{BY_ID}|invalid|f\n{copy}|left by REINDEX|t")
    );
    for index in [copy, BY_ID] {
        let drop = statement(&mut client, "drop_statement", index);
        client.batch(&drop);
    }
    assert_eq!(client.text(LIST), "");
}

#[test]
fn a_build_that_goes_on_is_no_leftover() {
    let (database, mut client) = with_duplicates();
    client.batch("BEGIN; DELETE FROM \"The shop\".orders WHERE id = 10");
    let building = database
        .client()
        .run("CREATE UNIQUE INDEX CONCURRENTLY \"by id\" ON \"The shop\".orders (id)");
    let mut observer = database.client();
    blocked(&mut observer, building.pid());
    assert_eq!(
        observer.text("SELECT index, state, pid, drop_statement, rebuild_statement FROM interlock.invalid_indexes"),
        format!("{BY_ID}|being built|{}||", building.pid())
    );
    // Whoever wants the same index waits for it.
    let same = "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS \"by id\" ON \"The shop\".orders (id)";
    assert_eq!(
        observer.text(&format!("SELECT rule FROM interlock.explain_lock_profile($${same}$$)")),
        ""
    );
    client.batch("COMMIT");
    building.finish().1.expect("the index is built");
    assert_eq!(client.text(LIST), "");
}

#[test]
fn a_partitioned_index_without_all_its_parts_is_incomplete() {
    let database = TestDatabase::new();
    let mut client = database.client();
    client.batch(
        "CREATE TABLE p (a int) PARTITION BY RANGE (a);
         CREATE TABLE p1 PARTITION OF p DEFAULT;
         CREATE INDEX p_a ON ONLY p (a)",
    );
    assert_eq!(client.text(LIST), "public.p_a|public.p|incomplete|f|t|");
    let drop = statement(&mut client, "drop_statement", "public.p_a");
    client.batch(&drop);
    assert_eq!(client.text(LIST), "");
}
