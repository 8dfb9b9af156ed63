//! What `interlock.status()` counts. It counts for the whole cluster, so these tests have clusters of their own.

use pg_test::{Client, Cluster, until};

use super::refuse;

const REFUSED: &str = "ALTER TABLE big ALTER COLUMN a TYPE bigint";

fn cluster(settings: &[(&str, &str)]) -> (Cluster, Client) {
    let cluster = Cluster::start(&[&[("pg_interlock.row_threshold", "1000")], settings].concat());
    let mut client = cluster.connect("postgres");
    client.batch(
        "CREATE TABLE big AS SELECT n AS a FROM generate_series(1, 2000) n;
         ANALYZE big;
         CREATE TABLE small (a int);
         CREATE EXTENSION pg_interlock",
    );
    (cluster, client)
}

#[test]
fn every_decision_moves_its_counter() {
    let (_cluster, mut client) = cluster(&[("max_prepared_transactions", "2")]);
    let counters = "SELECT rejected, warned, allowed, written, late, logged_to_server_log, queued, writer_state
                    FROM interlock.status()";
    until(
        &mut client,
        "SELECT allowed = written AND queued = 0 FROM interlock.status()",
    );
    let before: Vec<i64> = ["rejected", "warned", "allowed", "written"]
        .map(|counter| client.one(&format!("SELECT {counter} FROM interlock.status()")))
        .into();
    refuse(&mut client, REFUSED);
    refuse(&mut client, REFUSED);
    client.batch("SET pg_interlock.mode = 'warn'; CREATE INDEX ON big (a); RESET pg_interlock.mode");
    for column in ["b", "c", "d"] {
        client.batch(&format!("ALTER TABLE small ADD COLUMN {column} int"));
    }
    client.batch("SET pg_interlock.mode = 'off'; ALTER TABLE small ADD COLUMN e int; RESET pg_interlock.mode");
    let written = before[3] + 6;
    until(
        &mut client,
        &format!("SELECT written = {written} AND queued = 0 FROM interlock.status()"),
    );
    assert_eq!(
        client.text(counters),
        format!(
            "{}|{}|{}|{written}|0|0|0|running",
            before[0] + 2,
            before[1] + 1,
            before[2] + 3
        )
    );

    client.batch("BEGIN; LOCK interlock.decision_log; SAVEPOINT s");
    refuse(&mut client, REFUSED);
    client.batch("ROLLBACK TO s");
    assert_eq!(
        client.text("SELECT late, queued, writer_state FROM interlock.status()"),
        "1|1|blocked"
    );
    client.batch("COMMIT");
    until(
        &mut client,
        "SELECT queued = 0 AND writer_state = 'running' FROM interlock.status()",
    );
}

/// Two-phase commit: whose end it is, is nobody's knowledge but that of who ends it.
#[test]
fn a_prepared_transaction_is_recorded_as_prepared() {
    let (_cluster, mut client) = cluster(&[("max_prepared_transactions", "2")]);
    client.batch("BEGIN; ALTER TABLE small ADD COLUMN b int; PREPARE TRANSACTION 'p'");
    client.batch("COMMIT PREPARED 'p'");
    refuse(&mut client, REFUSED);
    assert_eq!(
        client.text("SELECT outcome FROM interlock.decision_log WHERE statement LIKE '%COLUMN b int'"),
        "prepared"
    );
}

/// Without shared memory there is no writer: the server log takes what is decided, and status() says so.
#[test]
fn a_session_that_loaded_the_library_itself_logs_to_the_server_log() {
    let (mut cluster, client) = cluster(&[]);
    drop(client);
    cluster.configure(&[
        ("shared_preload_libraries", ""),
        ("session_preload_libraries", "pg_interlock"),
    ]);
    cluster.restart(pg_test::Stop::Fast);
    let mut client = cluster.connect("postgres");
    refuse(&mut client, REFUSED);
    client.batch("ALTER TABLE small ADD COLUMN b int");
    assert_eq!(
        client.text(
            "SELECT preloaded, writer_pid, queued, rejected, allowed, logged_to_server_log, server_log_causes
                     FROM interlock.status()"
        ),
        "f|||1|1|2|{\"not preloaded\": 2}"
    );
    let log = cluster.log();
    let lines = log
        .lines()
        .filter(|line| line.contains("pg_interlock decision: {"))
        .count();
    assert_eq!(lines, 2, "{log}");
}
