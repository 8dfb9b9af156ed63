//! The log is written whatever the database, the server or the network is like.

use pg_test::{Client, Cluster, until};

use super::{Audited, REFUSED, refuse};

/// A database of an encoding, with the guard and a big table, on a cluster that refuses every rewrite.
fn database_in(encoding: &str) -> (Cluster, Client) {
    let cluster = Cluster::start(&[("pg_interlock.row_threshold", "0")]);
    cluster.connect("postgres").batch(&format!(
        "CREATE DATABASE other TEMPLATE template0 ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'"
    ));
    let mut client = cluster.connect("other");
    client.batch("CREATE TABLE big (a int); CREATE EXTENSION pg_interlock");
    (cluster, client)
}

#[test]
fn a_database_that_does_not_speak_utf8() {
    let (_cluster, mut client) = database_in("LATIN1");
    let sql = "ALTER TABLE big ADD COLUMN \"grün\" text DEFAULT random() || 'ÿ'";
    refuse(&mut client, sql);
    assert_eq!(
        client.text("SELECT statement, profile ->> 'text' FROM interlock.decision_log WHERE decision = 'reject'"),
        format!("{sql}|{sql}")
    );
}

/// Bytes that are no text in any encoding: what can be read of them is recorded.
#[test]
fn a_database_that_speaks_nothing_in_particular() {
    let (_cluster, mut client) = database_in("SQL_ASCII");
    let sql = "ALTER TABLE big ADD COLUMN \"grün\" text DEFAULT random()";
    refuse(&mut client, sql);
    // The server could not tell the client of it either, so nobody is told.
    client.batch(
        "DO $$BEGIN
             EXECUTE 'ALTER TABLE big ADD COLUMN c text DEFAULT random() || ''<' || chr(129) || '>''';
         EXCEPTION WHEN OTHERS THEN
             ASSERT SQLSTATE = 'IL001';
         END$$",
    );
    assert_eq!(
        client.text("SELECT statement FROM interlock.decision_log WHERE decision = 'reject' ORDER BY id"),
        format!("{sql}\nALTER TABLE big ADD COLUMN c text DEFAULT random() || '<\u{fffd}>'")
    );
}

#[test]
fn the_address_of_the_client_is_told() {
    // The number of a port is one for all tests, but each process may have an address of its own.
    let id = std::process::id().to_be_bytes();
    let address = format!("127.{}.{}.{}", id[1] | 128, id[2], id[3].max(1));
    let cluster = Cluster::start(&[("pg_interlock.row_threshold", "0"), ("listen_addresses", &address)]);
    let mut client = cluster.connect("postgres");
    client.batch("CREATE TABLE big (a int); CREATE EXTENSION pg_interlock");
    let psql = cluster
        .client_program("psql", "postgres")
        .env("PGHOST", &address)
        .args(["-Xc", "SELECT inet_client_addr() IS NOT NULL", "-c", REFUSED])
        .output()
        .expect("psql can be run");
    let (output, errors) = (
        String::from_utf8_lossy(&psql.stdout),
        String::from_utf8_lossy(&psql.stderr),
    );
    assert!(
        output.contains(" t\n") && errors.contains("would rewrite"),
        "{output}{errors}"
    );
    assert_eq!(
        client.text("SELECT client_addr, application_name FROM interlock.decision_log WHERE decision = 'reject'"),
        "127.0.0.1|psql"
    );
}

/// A commit that waits for a standby waits for ever; a refusal does not.
#[test]
fn a_synchronous_standby_is_away() {
    let cluster = Cluster::start(&[("pg_interlock.row_threshold", "0")]);
    let mut client = cluster.connect("postgres");
    client.batch("CREATE TABLE big (a int); CREATE EXTENSION pg_interlock");
    cluster.configure(&[("synchronous_standby_names", "nobody")]);
    client.batch("SELECT pg_reload_conf(); SET pg_interlock.audit_timeout = '10min'");
    until(
        &mut client,
        "SELECT current_setting('synchronous_standby_names') = 'nobody'",
    );
    refuse(&mut client, REFUSED);
    assert_eq!(
        client.text("SELECT count(*) FROM interlock.decision_log WHERE decision = 'reject'"),
        "1"
    );
}

/// Somebody cancels what the writer is doing; it does it again.
#[test]
fn the_writer_is_cancelled_again_and_again() {
    let mut audited = Audited::new();
    let mut client = audited.client();
    for _ in 0..50 {
        refuse(&mut client, REFUSED);
        audited.observer.batch(
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND backend_type = 'pg_interlock audit'",
        );
    }
    until(
        &mut audited.observer,
        "SELECT count(*) = 50 FROM interlock.decision_log WHERE outcome = 'rejected'",
    );
}

#[test]
fn who_does_not_want_to_wait_need_not() {
    let mut audited = Audited::new();
    let mut client = audited.client();
    client.batch("SET pg_interlock.audit_timeout = 0");
    refuse(&mut client, REFUSED);
    until(
        &mut audited.observer,
        "SELECT count(*) = 1 FROM interlock.decision_log WHERE outcome = 'rejected'",
    );
}
