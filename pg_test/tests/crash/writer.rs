//! The writer is ended while it is needed.

use pg_test::{Client, Cluster, until};

use crate::refusals::{Refusals, assert_in_log, cluster, create_database, in_server_log, refuse, settle};

const SESSIONS: usize = 10;

fn writer(client: &mut Client) -> i32 {
    until(client, "SELECT writer_pid IS NOT NULL FROM interlock.status()");
    // It may have left meanwhile; then there is nobody to end.
    client
        .one::<Option<i32>>("SELECT writer_pid FROM interlock.status()")
        .unwrap_or_default()
}

/// Ends the writer again and again, `rounds` times.
fn terminate_the_writer(rounds: usize) {
    let cluster = cluster(&[]);
    let mut client = create_database(&cluster, "postgres");
    let refusals = Refusals::start(&cluster, "postgres", SESSIONS);
    let mut ended = 0;
    for _ in 0..rounds {
        refusals.await_more(&mut client, 5);
        let pid = writer(&mut client);
        ended += client.one::<i64>(&format!(
            "SELECT count(*) FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                                   WHERE pid = {pid} AND backend_type = 'pg_interlock audit') AS signalled"
        ));
    }
    let told = refusals.stop();
    assert!(ended > 0, "no writer was ended");
    settle(&mut client);
    assert_in_log(&told, &mut client);
    assert_eq!(in_server_log(&cluster), [""; 0]);
}

#[test]
fn nothing_is_lost_when_the_writer_is_terminated() {
    terminate_the_writer(40);
}

#[test]
#[ignore = "long"]
fn nothing_is_lost_when_the_writer_is_terminated_for_long() {
    terminate_the_writer(3000);
}

/// Kills the writer, whereupon the server recovers from a crash.
fn kill_the_writer(cluster: &mut Cluster) -> Vec<String> {
    let mut client = cluster.connect("postgres");
    let refusals = Refusals::start(cluster, "postgres", SESSIONS);
    refusals.await_more(&mut client, 50);
    let pid = writer(&mut client);
    drop(client);
    cluster.kill_backend(pid);
    refusals.stop()
}

#[test]
fn a_crash_loses_nothing_that_was_told() {
    let mut cluster = cluster(&[]);
    create_database(&cluster, "postgres");
    let told = kill_the_writer(&mut cluster);
    let mut client = cluster.connect("postgres");
    settle(&mut client);
    assert_in_log(&told, &mut client);
    // The queue of the server's second life begins empty, and its numbers do not meet those of the first.
    refuse(&mut client, "after the crash");
    let lives: i64 = client.one("SELECT count(DISTINCT boot_id) FROM interlock.decision_log");
    assert_eq!(lives, 2);
}

#[test]
#[ignore = "long"]
fn crashes_lose_nothing_that_was_told() {
    let mut cluster = cluster(&[]);
    create_database(&cluster, "postgres");
    let mut told = Vec::new();
    for _ in 0..20 {
        told.extend(kill_the_writer(&mut cluster));
        // The sessions of the next round use the same marks.
        let mut client = cluster.connect("postgres");
        assert_in_log(&told, &mut client);
        client.batch("TRUNCATE interlock.decision_log");
        told.clear();
    }
}

/// It does not stay for ever: it is one of max_worker_processes.
#[test]
fn a_writer_with_nothing_to_do_leaves() {
    let cluster = cluster(&[]);
    let mut client = create_database(&cluster, "postgres");
    refuse(&mut client, "one");
    until(&mut client, "SELECT writer_pid IS NULL FROM interlock.status()");
    until(
        &mut client,
        "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'pg_interlock audit')",
    );
    refuse(&mut client, "another");
    assert_eq!(
        client.one::<i64>("SELECT count(*) FROM interlock.decision_log WHERE outcome = 'rejected'"),
        2
    );
}
