//! What became of statements that ran.

use super::Audited;

const COLUMNS: &str = "decision, outcome, statement";

#[test]
fn the_transaction_decides() {
    let mut audited = Audited::new();
    let mut client = audited.client();
    client.batch("ALTER TABLE small ADD COLUMN alone int");
    client.batch("BEGIN; ALTER TABLE small ADD COLUMN kept int; COMMIT");
    client.batch("BEGIN; ALTER TABLE small ADD COLUMN undone int; ROLLBACK");
    client.batch("DO $$BEGIN ALTER TABLE small ADD COLUMN inside int; END$$");
    assert_eq!(
        audited.settled_rows(COLUMNS),
        "allow|committed|ALTER TABLE small ADD COLUMN alone int\n\
         allow|committed|ALTER TABLE small ADD COLUMN kept int\n\
         allow|rolled back|ALTER TABLE small ADD COLUMN undone int\n\
         allow|committed|ALTER TABLE small ADD COLUMN inside int"
    );
}

#[test]
fn a_savepoint_takes_its_own_along() {
    let mut audited = Audited::new();
    audited.client().batch(
        "BEGIN;
         ALTER TABLE small ADD COLUMN before int;
         SAVEPOINT s; ALTER TABLE small ADD COLUMN undone int;
         SAVEPOINT nested; ALTER TABLE small ADD COLUMN released int; RELEASE nested;
         ROLLBACK TO s; ALTER TABLE small ADD COLUMN again int;
         SAVEPOINT t; ALTER TABLE small ADD COLUMN kept int; RELEASE t;
         COMMIT",
    );
    // A row is written as soon as its outcome is known.
    assert_eq!(
        audited.settled_rows("outcome, split_part(statement, ' ', 6)"),
        "rolled back|undone\nrolled back|released\ncommitted|before\ncommitted|again\ncommitted|kept"
    );
}

#[test]
fn a_statement_that_fails_after_it_was_allowed_is_rolled_back() {
    let mut audited = Audited::new();
    let mut client = audited.client();
    for (sql, code) in [
        ("ALTER TABLE small ADD COLUMN a int", "42701"),
        ("BEGIN; ALTER TABLE small DROP COLUMN absent", "42703"),
    ] {
        assert_eq!(client.error(sql).code().code(), code);
        client.batch("ROLLBACK");
    }
    client.batch("DO $$BEGIN ALTER TABLE small ADD COLUMN a int; EXCEPTION WHEN duplicate_column THEN NULL; END$$");
    assert_eq!(
        audited.settled_rows("decision, outcome, split_part(statement, ' ', 4)"),
        "allow|rolled back|ADD\nallow|rolled back|DROP\nallow|rolled back|ADD"
    );
}

/// A statement fails although it was done: a deferred constraint speaks at COMMIT.
#[test]
fn a_commit_that_fails_rolls_back() {
    let mut audited = Audited::new();
    let mut client = audited.client();
    client.batch(
        "SET pg_interlock.mode = 'off'; CREATE TABLE once (a int UNIQUE DEFERRABLE INITIALLY DEFERRED);
         RESET pg_interlock.mode",
    );
    client.batch("BEGIN; ALTER TABLE small ADD COLUMN b int; INSERT INTO once VALUES (1), (1)");
    assert_eq!(client.error("COMMIT").code().code(), "23505");
    assert_eq!(
        audited.settled_rows(COLUMNS),
        "allow|rolled back|ALTER TABLE small ADD COLUMN b int"
    );
}

#[test]
fn statements_that_commit_while_they_run_have_one_row() {
    let mut audited = Audited::new();
    let mut client = audited.client();
    client.batch("CREATE INDEX CONCURRENTLY big_a ON big (a)");
    client.batch("INSERT INTO small VALUES (1), (1)");
    let duplicate = client.error("CREATE UNIQUE INDEX CONCURRENTLY small_a ON small (a)");
    assert_eq!(duplicate.code().code(), "23505");
    client.batch("VACUUM small");
    client.batch("REINDEX INDEX CONCURRENTLY big_a");
    client.batch("DROP INDEX CONCURRENTLY small_a");
    assert_eq!(
        audited.settled_rows(COLUMNS),
        "allow|committed|CREATE INDEX CONCURRENTLY big_a ON big (a)\n\
         allow|rolled back|CREATE UNIQUE INDEX CONCURRENTLY small_a ON small (a)\n\
         allow|committed|VACUUM small\n\
         allow|committed|REINDEX INDEX CONCURRENTLY big_a\n\
         allow|committed|DROP INDEX CONCURRENTLY small_a"
    );
}

#[test]
fn a_procedure_that_commits_has_a_row_for_each_statement() {
    let mut audited = Audited::new();
    audited.client().batch(
        "DO $$BEGIN
             ALTER TABLE small ADD COLUMN kept int;
             COMMIT;
             ALTER TABLE small ADD COLUMN undone int;
             ROLLBACK;
         END$$",
    );
    assert_eq!(
        audited.settled_rows("outcome, split_part(statement, ' ', 6)"),
        "committed|kept\nrolled back|undone"
    );
}

#[test]
fn the_end_of_a_session_rolls_back() {
    let mut audited = Audited::new();
    let mut client = audited.client();
    let pid = client.pid();
    client.batch("BEGIN; ALTER TABLE small ADD COLUMN b int");
    drop(client);
    pg_test::until(
        &mut audited.observer,
        &format!("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = {pid})"),
    );
    assert_eq!(
        audited.settled_rows(COLUMNS),
        "allow|rolled back|ALTER TABLE small ADD COLUMN b int"
    );
}

#[test]
fn each_statement_of_a_large_transaction_has_its_row() {
    let mut audited = Audited::new();
    audited.client().batch(
        "DO $$BEGIN
             FOR n IN 1..500 LOOP
                 EXECUTE format('ALTER TABLE small ALTER COLUMN a SET DEFAULT %s', n);
             END LOOP;
         END$$",
    );
    assert_eq!(
        audited.settled_rows("outcome, regexp_replace(statement, '.* ', '')"),
        (1..=500)
            .map(|n| format!("committed|{n}"))
            .collect::<Vec<_>>()
            .join("\n")
    );
}
