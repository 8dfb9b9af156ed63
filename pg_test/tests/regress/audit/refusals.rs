//! The row of a refusal is there when the client has the error, whatever becomes of the transaction.

use pg_test::{Cluster, until};

use super::{Audited, REFUSED, refuse};

impl Audited {
    /// The refusals alone: rows of what else a transaction did may come or not come yet.
    fn refusals(&mut self) -> String {
        self.observer.text(
            "SELECT decision, outcome, statement FROM interlock.decision_log WHERE decision = 'reject' ORDER BY id",
        )
    }
}

const ONE: &str = "reject|rejected|ALTER TABLE big ALTER COLUMN a TYPE bigint";

#[test]
fn outside_a_transaction_block() {
    let mut audited = Audited::new();
    refuse(&mut audited.client(), REFUSED);
    assert_eq!(audited.refusals(), ONE);
}

#[test]
fn in_a_transaction_that_is_still_open() {
    let mut audited = Audited::new();
    let mut client = audited.client();
    client.batch("BEGIN; INSERT INTO small VALUES (1)");
    refuse(&mut client, REFUSED);
    assert_eq!(audited.refusals(), ONE);
    client.batch("ROLLBACK");
    assert_eq!(audited.refusals(), ONE);
}

#[test]
fn in_a_savepoint() {
    let mut audited = Audited::new();
    let mut client = audited.client();
    for end in ["COMMIT", "ROLLBACK"] {
        client.batch("BEGIN; SAVEPOINT s");
        refuse(&mut client, REFUSED);
        client.batch(&format!("ROLLBACK TO s; {end}"));
    }
    assert_eq!(audited.refusals(), format!("{ONE}\n{ONE}"));
}

#[test]
fn in_a_block_that_catches_it() {
    let mut audited = Audited::new();
    let mut client = audited.client();
    for end in ["COMMIT", "ROLLBACK"] {
        client.batch("BEGIN");
        client.batch(&format!(
            "DO $$BEGIN
                 BEGIN
                     {REFUSED};
                 EXCEPTION WHEN OTHERS THEN
                     INSERT INTO small VALUES (1);
                 END;
             END$$"
        ));
        client.batch(end);
    }
    assert_eq!(audited.refusals(), format!("{ONE}\n{ONE}"));
    assert_eq!(
        client.one::<i64>("SELECT count(*) FROM small"),
        1,
        "the error was caught twice"
    );
}

#[test]
fn in_a_function_a_procedure_and_a_string() {
    let mut audited = Audited::new();
    let mut client = audited.client();
    client.batch(&format!(
        "CREATE FUNCTION in_sql() RETURNS void LANGUAGE sql AS '{REFUSED}';
         CREATE FUNCTION in_plpgsql() RETURNS void LANGUAGE plpgsql AS $$BEGIN {REFUSED}; END$$;
         CREATE PROCEDURE in_procedure() LANGUAGE plpgsql AS $$BEGIN COMMIT; EXECUTE '{REFUSED}'; END$$"
    ));
    for call in [
        "SELECT in_sql()",
        "SELECT in_plpgsql()",
        "CALL in_procedure()",
        "SELECT query_to_xml('SELECT in_plpgsql()', true, true, '')",
    ] {
        refuse(&mut client, call);
    }
    assert_eq!(audited.refusals(), [ONE; 4].join("\n"));
}

#[test]
fn by_the_extended_protocol() {
    let mut audited = Audited::new();
    let mut client = audited.client();
    let refused = client.raw().execute(REFUSED, &[]).expect_err("it is refused");
    assert_eq!(refused.code().map(|code| code.code()), Some("IL001"));
    assert_eq!(audited.refusals(), ONE);
}

/// The writer sees none of what the transaction has made, and need not.
#[test]
fn in_a_transaction_that_made_neighbours_of_the_log() {
    let mut audited = Audited::new();
    let mut client = audited.client();
    client.batch(
        "BEGIN;
         CREATE TABLE interlock.neighbour (id bigint PRIMARY KEY);
         CREATE FUNCTION interlock.neighbours() RETURNS int LANGUAGE sql AS 'SELECT 1';
         CREATE TABLE fresh (a int);
         COMMENT ON SCHEMA interlock IS 'changed';
         GRANT USAGE ON SCHEMA interlock TO pg_monitor",
    );
    refuse(&mut client, REFUSED);
    assert_eq!(audited.refusals(), ONE);
    client.batch("ROLLBACK");
}

/// The log itself is not there for anybody else yet: the server log takes the decision.
#[test]
fn in_a_transaction_that_made_the_log() {
    let cluster = Cluster::start(&[("pg_interlock.row_threshold", "1000")]);
    let mut client = cluster.connect("postgres");
    client.batch("CREATE TABLE big AS SELECT n AS a FROM generate_series(1, 2000) n; ANALYZE big");
    client.batch("BEGIN; CREATE EXTENSION pg_interlock");
    refuse(&mut client, REFUSED);
    let log = cluster.log();
    let line = log.lines().find(|line| line.contains("pg_interlock decision: {"));
    let line = line.unwrap_or_else(|| panic!("{log}"));
    assert!(
        line.contains(REFUSED) && line.contains("\"outcome\":\"rejected\""),
        "{line}"
    );
    client.batch("ROLLBACK; CREATE EXTENSION pg_interlock");
    assert_eq!(
        client.text("SELECT logged_to_server_log, server_log_causes FROM interlock.status()"),
        "1|{\"write failed\": 1}"
    );
}

/// The writer waits for a lock of the very session that waits for the writer. The limit is longer than the test may take.
#[test]
fn in_a_transaction_that_locked_the_log() {
    let mut audited = Audited::new();
    for lock in [
        "LOCK interlock.decision_log",
        "LOCK interlock.decision_log IN SHARE MODE",
        "ALTER TABLE interlock.decision_log ADD COLUMN extra int",
        "TRUNCATE interlock.decision_log",
    ] {
        let mut client = audited.client();
        client.batch("SET pg_interlock.audit_timeout = '10min'; SET application_name = 'locking'");
        client.batch(&format!("BEGIN; {lock}; SAVEPOINT s"));
        refuse_in_time(client, lock, &mut audited);
    }
}

fn refuse_in_time(client: pg_test::Client, lock: &str, audited: &mut Audited) {
    let running = client.run(REFUSED);
    let pid = running.pid();
    until(
        &mut audited.observer,
        &format!("SELECT state LIKE 'idle in%' FROM pg_stat_activity WHERE pid = {pid}"),
    );
    let (mut client, outcome) = running.finish();
    let error = outcome.expect_err(lock);
    assert_eq!(error.code().map(|code| code.code()), Some("IL001"), "{lock}: {error:?}");
    // The lock outlives the savepoint: the row cannot be there, and the log cannot be asked.
    client.batch("ROLLBACK TO s; SELECT 1; ROLLBACK");
    until(
        &mut audited.observer,
        &format!("SELECT count(*) = 1 FROM interlock.decision_log WHERE pid = {pid} AND outcome = 'rejected'"),
    );
}

#[test]
fn while_somebody_else_holds_the_log() {
    let mut audited = Audited::new();
    let mut holder = audited.client();
    holder.batch("BEGIN; LOCK interlock.decision_log");
    let mut client = audited.client();
    client.batch("SET pg_interlock.audit_timeout = '10min'");
    refuse(&mut client, REFUSED);
    refuse(&mut client, REFUSED);
    holder.batch("COMMIT");
    until(
        &mut audited.observer,
        "SELECT count(*) = 2 FROM interlock.decision_log WHERE outcome = 'rejected'",
    );
}

/// As soon as the log is free, the promise holds again.
#[test]
fn right_after_somebody_else_held_the_log() {
    let mut audited = Audited::new();
    let mut holder = audited.client();
    let mut client = audited.client();
    client.batch("SET pg_interlock.audit_timeout = '10min'");
    for round in 1..=10 {
        holder.batch("BEGIN; LOCK interlock.decision_log");
        refuse(&mut client, REFUSED);
        holder.batch("COMMIT");
        refuse(&mut client, REFUSED);
        assert_eq!(audited.refusals().lines().count(), 2 * round);
    }
}

/// A wait for the row is a wait like any other: the user can end it.
#[test]
fn a_cancel_ends_the_wait() {
    let mut audited = Audited::new();
    let mut client = audited.client();
    refuse(&mut client, REFUSED);
    audited.client().batch(
        "SET pg_interlock.mode = off;
         CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(1.5); RETURN new; END';
         CREATE TRIGGER slow BEFORE INSERT ON interlock.decision_log FOR EACH ROW EXECUTE FUNCTION slow()",
    );
    client.batch("SET statement_timeout = '700ms'; SET pg_interlock.audit_timeout = '10min'");
    assert_eq!(client.error(REFUSED).code().code(), "57014");
    // The decision was made, and its row must come.
    until(
        &mut audited.observer,
        "SELECT count(*) = 2 FROM interlock.decision_log WHERE application_name = 'pg_test' AND outcome = 'rejected'",
    );
}
