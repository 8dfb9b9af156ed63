//! Databases beside each other, and databases that go.

use crate::refusals::{Refusals, assert_in_log, cluster, create_database, in_server_log, refuse, rows, settle};

#[test]
fn each_database_has_its_own_log() {
    let cluster = cluster(&[]);
    let mut clients = ["one", "two"].map(|name| create_database(&cluster, name));
    let refusals = ["one", "two"].map(|name| Refusals::start(&cluster, name, 5));
    for (refusals, client) in refusals.iter().zip(&mut clients) {
        refusals.await_more(client, 200);
    }
    for (refusals, client) in refusals.into_iter().zip(&mut clients) {
        let told = refusals.stop();
        assert_in_log(&told, client);
        settle(client);
        assert_eq!(rows(client).len(), told.len(), "rows of the other database");
    }
    assert_eq!(in_server_log(&cluster), [""; 0]);
}

#[test]
fn the_extension_is_dropped_while_it_is_busy() {
    let cluster = cluster(&[]);
    let mut client = create_database(&cluster, "postgres");
    let refusals = Refusals::start(&cluster, "postgres", 10);
    refusals.await_more(&mut client, 50);
    client.batch("DROP EXTENSION pg_interlock");
    let told = refusals.stop();
    client.batch("ALTER TABLE big DROP COLUMN IF EXISTS c; CREATE EXTENSION pg_interlock");
    settle(&mut client);
    // The table is gone with its rows; each record was either a row of it or is in the server log.
    let lost: i64 =
        client.one("SELECT rejected + warned + allowed - written - logged_to_server_log FROM interlock.status()");
    assert_eq!(lost, 0);
    let rejected: i64 = client.one("SELECT rejected FROM interlock.status()");
    assert_eq!(usize::try_from(rejected).unwrap_or_default(), told.len());
    // The writer finds the new table.
    refuse(&mut client, "after");
    assert_eq!(rows(&mut client).len(), 1);
}

/// The writer is connected to the database, and the server waits five seconds for it to leave.
#[test]
fn a_database_can_be_dropped_copied_and_renamed_right_after_a_refusal() {
    let cluster = cluster(&[]);
    let mut admin = cluster.connect("postgres");
    refuse(&mut create_database(&cluster, "origin"), "before the copy");
    admin.batch("CREATE DATABASE copy TEMPLATE origin");
    refuse(&mut cluster.connect("origin"), "before the renaming");
    admin.batch("ALTER DATABASE origin RENAME TO renamed");
    refuse(&mut cluster.connect("renamed"), "before the dropping");
    admin.batch("DROP DATABASE renamed");
    refuse(&mut cluster.connect("copy"), "before the force");
    admin.batch("DROP DATABASE copy WITH (FORCE)");
}

/// A database that may not be connected to any more is still written to.
#[test]
fn a_database_that_allows_no_connections_is_written_to() {
    let cluster = cluster(&[]);
    let mut client = create_database(&cluster, "closed");
    cluster
        .connect("postgres")
        .batch("ALTER DATABASE closed ALLOW_CONNECTIONS false");
    refuse(&mut client, "inside");
    assert_eq!(rows(&mut client).len(), 1);
}
