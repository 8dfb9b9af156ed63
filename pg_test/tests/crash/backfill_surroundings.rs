//! What only a server of one's own shows of a backfill: standbys, archiving, autovacuum to prevent wraparound.

use pg_test::{Client, Cluster, until};

use crate::backfill::{create, ends_well};

fn waits_for(client: &mut Client, what: &str) {
    until(
        client,
        &format!(
            "SELECT count(*) = 1 FROM interlock.backfill_progress WHERE state = 'throttled' AND throttled_by LIKE '{what}'"
        ),
    );
}

/// The job goes on where the standby's copy of its checkpoint stands.
#[test]
fn a_standby_is_promoted() {
    let mut primary = Cluster::start(&[]);
    let mut client = primary.connect("postgres");
    create(&mut client, 6000);
    // Recovery waits for a query that sees rows it has to remove, and the query does not wait for recovery.
    let standby = primary.standby(&[
        ("max_standby_streaming_delay", "-1"),
        ("max_standby_archive_delay", "-1"),
    ]);
    let mut reader = standby.connect("postgres");
    client.batch(
        "SELECT interlock.start_backfill('t', 'v = v + 1', batch_size => 10, pause => '1 ms', workers => 2, name => 'long')",
    );
    until(&mut reader, "SELECT count(*) > 500 FROM t WHERE v = 1");
    assert_eq!(
        reader.text("SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'pg_interlock backfill%'"),
        "0",
        "nothing of a backfill runs on a standby"
    );
    drop(client);
    primary.kill_postmaster();
    reader.batch("SELECT pg_promote(wait => false)");
    until(&mut reader, "SELECT NOT pg_is_in_recovery()");
    ends_well(&mut reader, 6000);
    assert_eq!(
        reader.text("SELECT count(*) > 0 FROM interlock.backfill_checkpoint WHERE batch > 10"),
        "t"
    );
}

#[test]
fn a_standby_lags() {
    let primary = Cluster::start(&[]);
    let mut client = primary.connect("postgres");
    create(&mut client, 3000);
    let standby = primary.standby(&[]);
    let mut replay = standby.connect("postgres");
    until(
        &mut client,
        "SELECT EXISTS (SELECT FROM pg_stat_replication WHERE state = 'streaming')",
    );
    replay.batch("SELECT pg_wal_replay_pause()");
    until(&mut replay, "SELECT pg_get_wal_replay_pause_state() = 'paused'");
    client.batch(
        r#"SELECT interlock.start_backfill('t', 'v = v + 1', batch_size => 10, pause => '5 ms',
                                           options => '{"max_replication_lag": "500ms"}')"#,
    );
    waits_for(&mut client, r#"replay lag of standby "walreceiver": % (limit 0.5 s)"#);
    replay.batch("SELECT pg_wal_replay_resume()");
    ends_well(&mut client, 3000);
}

#[test]
fn archiving_lags() {
    let primary = Cluster::start(&[("archive_mode", "on"), ("archive_command", "false")]);
    let mut client = primary.connect("postgres");
    create(&mut client, 100);
    for _ in 0..2 {
        client.batch("CREATE TABLE IF NOT EXISTS u (a int); INSERT INTO u VALUES (1); SELECT pg_switch_wal()");
    }
    client.batch(
        r#"SELECT interlock.start_backfill('t', 'v = v + 1', batch_size => 10, options => '{"max_archive_backlog": 1}')"#,
    );
    waits_for(&mut client, "WAL files waiting for archiving: % (limit 1)");
    primary.configure(&[("archive_command", "true")]);
    client.batch("SELECT pg_reload_conf(); SELECT pg_switch_wal()");
    ends_well(&mut client, 100);
}

#[test]
fn autovacuum_prevents_wraparound() {
    let primary = Cluster::start(&[
        ("autovacuum_freeze_max_age", "100000"),
        ("autovacuum_naptime", "1s"),
        ("autovacuum_vacuum_cost_delay", "100ms"),
        ("autovacuum_vacuum_cost_limit", "1"),
        ("vacuum_cost_page_dirty", "1000"),
    ]);
    let mut client = primary.connect("postgres");
    create(&mut client, 20000);
    client.batch("ALTER TABLE t SET (autovacuum_enabled = off)");
    client.batch("CREATE TABLE burnt (a int)");
    for _ in 0..11 {
        client.batch(
            "DO $$ BEGIN
                 FOR i IN 1 .. 10000 LOOP
                     BEGIN INSERT INTO burnt VALUES (i); EXCEPTION WHEN division_by_zero THEN NULL; END;
                 END LOOP;
             END $$",
        );
    }
    until(
        &mut client,
        "SELECT count(*) = 1 FROM pg_stat_progress_vacuum AS p JOIN pg_stat_activity AS a USING (pid)
          WHERE p.relid = 't'::regclass AND a.query LIKE '%(to prevent wraparound)'",
    );
    client.batch("SELECT interlock.start_backfill('t', 'v = v + 1')");
    waits_for(&mut client, "autovacuum of public.t to prevent wraparound: process %");
    client.batch(r#"SELECT interlock.set_backfill_options(1, options => '{"yield_to_wraparound": false}')"#);
    ends_well(&mut client, 20000);
}
