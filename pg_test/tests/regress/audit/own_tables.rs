//! Statements on the log itself: the writer must not wait for whom waits for it.

use pg_test::until;

use super::{Audited, refuse};

#[test]
fn maintenance_of_the_log_does_not_hang() {
    let mut audited = Audited::new();
    let mut client = audited.client();
    client.batch("SET pg_interlock.audit_timeout = '10min'");
    for sql in [
        "VACUUM FULL interlock.decision_log",
        "CLUSTER interlock.decision_log USING decision_log_decided_at_idx",
        "REINDEX TABLE interlock.decision_log",
        "REINDEX TABLE CONCURRENTLY interlock.decision_log",
        "CREATE INDEX ON interlock.decision_log (relation)",
        "ALTER TABLE interlock.decision_log ADD COLUMN note text",
        "BEGIN; TRUNCATE interlock.decision_log; ROLLBACK",
        "GRANT SELECT ON interlock.decision_log TO pg_monitor",
    ] {
        client.batch(sql);
    }
    let recorded = audited.settled_rows("command_tag, outcome, relation");
    for expected in [
        "VACUUM|committed|interlock.decision_log",
        "CLUSTER|committed|interlock.decision_log",
        "REINDEX|committed|interlock.decision_log",
        "CREATE INDEX|committed|interlock.decision_log",
        "ALTER TABLE|committed|interlock.decision_log",
        "TRUNCATE TABLE|rolled back|interlock.decision_log",
    ] {
        assert!(recorded.contains(expected), "{expected} is missing from\n{recorded}");
    }
}

#[test]
fn a_refusal_about_the_log_is_in_the_log() {
    let mut audited = Audited::new();
    let mut client = audited.client();
    client.batch("SET pg_interlock.audit_timeout = '10min'; SET pg_interlock.row_threshold = 0");
    refuse(
        &mut client,
        "ALTER TABLE interlock.decision_log ALTER COLUMN pid TYPE bigint",
    );
    refuse(&mut client, "VACUUM FULL interlock.decision_log");
    assert_eq!(
        audited.rows("decision, relation"),
        "reject|interlock.decision_log\nreject|interlock.decision_log"
    );
}

/// Somebody waits for the writer's lock on the log, and the writer for nobody.
#[test]
fn writer_and_maintenance_take_turns() {
    let mut audited = Audited::new();
    let mut reader = audited.client();
    reader.batch("BEGIN; SELECT count(*) FROM interlock.decision_log");
    let alter = audited
        .client()
        .run("ALTER TABLE interlock.decision_log ADD COLUMN note text");
    pg_test::blocked(&mut audited.observer, alter.pid());
    // The writer now queues behind the ALTER, which waits for the reader, who waits for the writer.
    reader.batch("SET pg_interlock.audit_timeout = '10min'");
    let pid = reader.pid();
    refuse(&mut reader, super::REFUSED);
    reader.batch("ROLLBACK");
    alter.finish().1.expect("the reader is gone");
    until(
        &mut audited.observer,
        &format!("SELECT count(*) = 1 FROM interlock.decision_log WHERE pid = {pid} AND outcome = 'rejected'"),
    );
}
