//! The server is stopped while decisions are recorded.

use pg_test::Stop;

use crate::refusals::{Refusals, assert_in_log, cluster, create_database, in_server_log, refuse, rows, settle};

fn stop_while_busy(stop: Stop) {
    let mut cluster = cluster(&[]);
    let mut client = create_database(&cluster, "postgres");
    let refusals = Refusals::start(&cluster, "postgres", 10);
    refusals.await_more(&mut client, 50);
    drop(client);
    cluster.stop(stop);
    let told = refusals.stop();
    cluster.start_again();
    let mut client = cluster.connect("postgres");
    assert_in_log(&told, &mut client);
    // A refusal is in one place, even one that no client was told of any more; but what was being written when the server
    // was stopped at once may be in both.
    if matches!(stop, Stop::Fast) {
        let rows = rows(&mut client);
        let doubled: Vec<_> = in_server_log(&cluster)
            .into_iter()
            .filter(|sql| rows.contains_key(sql))
            .collect();
        assert_eq!(doubled, [""; 0]);
    }
    refuse(&mut client, "after the restart");
}

#[test]
fn a_fast_shutdown_loses_nothing_that_was_told() {
    stop_while_busy(Stop::Fast);
}

#[test]
fn an_immediate_shutdown_loses_nothing_that_was_told() {
    stop_while_busy(Stop::Immediate);
}

/// Rows of statements that ran are written after their commit: a shutdown waits for those.
#[test]
fn a_fast_shutdown_writes_what_is_queued() {
    let mut cluster = cluster(&[]);
    let mut client = create_database(&cluster, "postgres");
    client.batch(
        "DO $$BEGIN
             FOR n IN 1..1000 LOOP
                 EXECUTE format('ALTER TABLE big ALTER COLUMN a SET DEFAULT %s', n);
             END LOOP;
         END$$",
    );
    cluster.restart(Stop::Fast);
    let mut client = cluster.connect("postgres");
    settle(&mut client);
    let written: i64 = client.one("SELECT count(*) FROM interlock.decision_log WHERE statement LIKE '%SET DEFAULT%'");
    let logged = in_server_log(&cluster)
        .iter()
        .filter(|sql| sql.contains("SET DEFAULT"))
        .count();
    assert_eq!(
        usize::try_from(written).unwrap_or_default() + logged,
        1000,
        "{logged} in the server log"
    );
}

/// A session that was told of a refusal may be ended at once.
#[test]
fn the_end_of_the_session_changes_nothing() {
    let cluster = cluster(&[]);
    let mut client = create_database(&cluster, "postgres");
    let marks: Vec<String> = (0..20).map(|n| format!("session {n}")).collect();
    for mark in &marks {
        let mut session = cluster.connect("postgres");
        refuse(&mut session, mark);
        client.batch(&format!("SELECT pg_terminate_backend({})", session.pid()));
    }
    let told: Vec<String> = marks.iter().map(|mark| crate::refusals::statement(mark)).collect();
    assert_in_log(&told, &mut client);
}
