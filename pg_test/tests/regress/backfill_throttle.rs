//! What a backfill waits for, out of regard for others.

use std::time::Duration;

use pg_test::{Client, TestDatabase, poll, until};

fn create(client: &mut Client) {
    client.batch(
        "CREATE TABLE t (id int PRIMARY KEY, v int NOT NULL DEFAULT 0);
         INSERT INTO t SELECT g FROM generate_series(1, 100) AS g",
    );
}

/// Starts a job that has to wait, and returns what the view says it waits for.
fn held(client: &mut Client, arguments: &str) -> String {
    client.batch(&format!(
        "SELECT interlock.start_backfill('t', 'v = v + 1', {arguments})"
    ));
    waits(client)
}

fn waits(client: &mut Client) -> String {
    until(
        client,
        "SELECT count(*) = 1 FROM interlock.backfill_progress WHERE state = 'throttled'",
    );
    client.text("SELECT throttled_by FROM interlock.backfill_progress")
}

/// The job goes on, and ends with each row changed once.
fn goes_on(client: &mut Client) {
    client.batch("CALL interlock.wait_for_backfill(1)");
    assert_eq!(client.text("SELECT v, count(*) FROM t GROUP BY v"), "1|100");
    assert_eq!(
        client.text("SELECT event FROM interlock.backfill_event WHERE event IN ('throttled', 'finished') ORDER BY id"),
        "throttled\nfinished"
    );
}

#[test]
fn a_query_of_the_users_own() {
    let database = TestDatabase::new();
    let mut client = database.client();
    create(&mut client);
    client.batch("CREATE TABLE busy (yes bool); INSERT INTO busy VALUES (true)");
    let reason = held(&mut client, "hold_query => 'SELECT yes FROM busy -- really'");
    assert_eq!(reason, "the hold query returns true");
    client.batch("UPDATE busy SET yes = NULL");
    goes_on(&mut client);
}

/// It means what it means where the job was started, and nobody but its owner has the workers run something.
#[test]
fn the_hold_query_changes_while_it_runs() {
    let mut database = TestDatabase::new();
    let (owner, member) = (database.role("owner"), database.role("member"));
    let mut client = database.client();
    create(&mut client);
    client.batch(&format!(
        "GRANT {owner} TO {member}; ALTER TABLE t OWNER TO {owner}; CREATE SCHEMA app AUTHORIZATION {owner};
         SET ROLE {owner}; CREATE TABLE app.busy (yes bool); INSERT INTO app.busy VALUES (true); RESET ROLE"
    ));
    let mut steering = database.client_as(&owner);
    steering.batch("SET search_path = app, public");
    held(&mut steering, "options => '{\"window\": \"00:00-00:00\"}'");
    steering.batch("RESET search_path");
    let set = |query: &str| format!("SELECT interlock.set_backfill_options(1, hold_query => '{query}')");
    for (query, code) in [
        ("SELECT yes FROM bus", "42P01"),
        ("SELECT 1", "42883"),
        ("nonsense", "42601"),
    ] {
        assert_eq!(steering.error(&set(query)).code().code(), code, "{query}");
    }
    steering.batch(&set("SELECT yes FROM busy"));
    steering.batch(r#"SELECT interlock.set_backfill_options(1, options => '{"window": null}')"#);
    until(
        &mut client,
        "SELECT throttled_by = 'the hold query returns true' FROM interlock.backfill_progress",
    );
    let mut in_the_role_of_the_owner = database.client_as(&member);
    in_the_role_of_the_owner.batch(&format!("SET ROLE {owner}"));
    for mut other in [database.client_as(&member), in_the_role_of_the_owner, client] {
        let error = other.error(&set("SELECT true"));
        assert_eq!(
            error.message(),
            "only who started backfill job 1 may give it a hold query"
        );
        assert_eq!(
            other
                .error("UPDATE interlock.backfill_job SET hold_query = 'SELECT true'")
                .code()
                .code(),
            "42501"
        );
    }
    database.client_as(&member).batch(&set(""));
    goes_on(&mut steering);
}

#[test]
fn a_window_that_is_closed() {
    let database = TestDatabase::new();
    let mut client = database.client();
    create(&mut client);
    let reason = held(&mut client, r#"options => '{"window": "00:00-00:00"}'"#);
    assert!(
        reason.starts_with("time of day: ") && reason.ends_with(" (window 00:00-00:00)"),
        "{reason}"
    );
    client.batch(r#"SELECT interlock.set_backfill_options(1, options => '{"window": null}')"#);
    goes_on(&mut client);
}

#[test]
fn active_sessions() {
    let database = TestDatabase::new();
    let mut client = database.client();
    create(&mut client);
    client.batch("SELECT pg_advisory_lock(1)");
    let other = database.client().run("SELECT pg_advisory_lock(1)");
    pg_test::blocked(&mut client, other.pid());
    // Other tests' sessions are active, too.
    let reason = held(&mut client, r#"options => '{"max_active_backends": 0}'"#);
    assert!(
        reason.starts_with("active sessions: ") && reason.ends_with(" (limit 0)"),
        "{reason}"
    );
    client.batch("SELECT pg_advisory_unlock(1)");
    other.finish().1.unwrap();
    client.batch(r#"SELECT interlock.set_backfill_options(1, options => '{"max_active_backends": 1000}')"#);
    goes_on(&mut client);
}

#[test]
fn somebody_who_waits_for_the_table() {
    let database = TestDatabase::new();
    let mut client = database.client();
    create(&mut client);
    client.batch("CREATE TABLE busy (yes bool); INSERT INTO busy VALUES (true)");
    held(&mut client, "hold_query => 'SELECT yes FROM busy'");
    let mut reader = database.client();
    reader.batch("BEGIN; SELECT FROM t");
    let other = database
        .client()
        .run("BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE; COMMIT");
    until(
        &mut client,
        "SELECT throttled_by = 'sessions waiting for a lock on the table or of the backfill: 1 (limit 0)'
           FROM interlock.backfill_progress",
    );
    client.batch("UPDATE busy SET yes = false");
    reader.batch("COMMIT");
    other.finish().1.unwrap();
    goes_on(&mut client);
}

/// One worker stands in its batch, and somebody waits for a row of that; the other one begins no batch meanwhile.
#[test]
fn somebody_who_waits_for_a_row_of_another_worker() {
    let database = TestDatabase::new();
    let mut client = database.client();
    client.batch(
        "CREATE TABLE t (id int PRIMARY KEY, v int NOT NULL DEFAULT 0);
         INSERT INTO t SELECT g FROM generate_series(1, 10000) AS g; ANALYZE t;
         CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 AS
             'BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN new; END';
         CREATE TRIGGER wait AFTER UPDATE ON t FOR EACH ROW WHEN (new.id = 4001) EXECUTE FUNCTION wait()",
    );
    client.batch("SELECT pg_advisory_lock(1)");
    client.batch("SELECT interlock.start_backfill('t', 'v = v + 1', batch_size => 10, pause => '20 ms', workers => 2)");
    until(
        &mut client,
        "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                           AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))",
    );
    let other = database.client().run("UPDATE t SET v = v WHERE id = 4001");
    until(
        &mut client,
        "SELECT throttled_by = 'sessions waiting for a lock on the table or of the backfill: 1 (limit 0)'
           FROM interlock.backfill_progress",
    );
    client.batch("SELECT pg_advisory_unlock(1)");
    other.finish().1.unwrap();
    client.batch("SELECT interlock.set_backfill_options(1, batch_size => 1000, pause => '0')");
    client.batch("CALL interlock.wait_for_backfill(1)");
    assert_eq!(client.text("SELECT v, count(*) FROM t GROUP BY v"), "1|10000");
}

#[test]
fn a_slot_that_retains_wal() {
    let database = TestDatabase::new();
    let mut client = database.client();
    create(&mut client);
    let slot = database.name();
    client.batch(&format!("SELECT pg_create_physical_replication_slot('{slot}', true)"));
    client.batch("CREATE TABLE much AS SELECT repeat('x', 100) FROM generate_series(1, 20000)");
    let reason = held(&mut client, r#"options => '{"max_slot_wal": "1MB"}'"#);
    // A slot of another test may retain more.
    assert!(
        reason.starts_with("WAL retained by inactive replication slot \"") && reason.ends_with(" (limit 1024 kB)"),
        "{reason}"
    );
    client.batch(&format!("SELECT pg_drop_replication_slot('{slot}')"));
    goes_on(&mut client);
}

#[test]
fn dead_rows() {
    let database = TestDatabase::new();
    let mut client = database.client();
    create(&mut client);
    client.batch("ALTER TABLE t SET (autovacuum_enabled = off); ANALYZE t; UPDATE t SET v = v");
    let mut watcher = database.client();
    drop(client); // and its statistics arrive
    until(
        &mut watcher,
        "SELECT n_dead_tup = 100 FROM pg_stat_user_tables WHERE relname = 't'",
    );
    let reason = held(&mut watcher, r#"options => '{"max_dead_rows": 10}'"#);
    assert!(
        reason.starts_with("dead rows to be vacuumed: ") && reason.ends_with("% (limit 10%)"),
        "{reason}"
    );
    // A snapshot of somebody's may keep them a moment longer.
    poll(Duration::from_secs(60), || {
        watcher.batch("VACUUM t");
        let dead: i64 = watcher.one("SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 't'");
        (dead == 0).then_some(())
    })
    .expect("dead rows can be removed");
    goes_on(&mut watcher);
}

#[test]
fn a_budget_of_wal() {
    let database = TestDatabase::new();
    let mut client = database.client();
    create(&mut client);
    client.batch(
        "SELECT interlock.start_backfill('t', 'v = v + 1', batch_size => 10, pause => '0.25 s', options => '{\"max_wal_rate\": 1}')",
    );
    let reason = waits(&mut client);
    assert!(
        reason.starts_with("WAL above the budget of 1024 bytes per second: "),
        "{reason}"
    );
    client.batch(r#"SELECT interlock.set_backfill_options(1, options => '{"max_wal_rate": "1TB"}')"#);
    goes_on(&mut client);
}

/// In a session likewise, by the settings.
#[test]
fn a_session_waits_too_and_says_so() {
    let database = TestDatabase::new();
    let mut client = database.client();
    create(&mut client);
    let mut session = database.client();
    session.batch("SET pg_interlock.backfill_window = '00:00-00:00'");
    let running = session.run("CALL interlock.safe_backfill('t', 'v = v + 1')");
    waits(&mut client);
    client.batch(r#"SELECT interlock.set_backfill_options(1, options => '{"window": "00:00-24:00"}')"#);
    running.finish().1.unwrap();
    goes_on(&mut client);
}

/// Roles without rights to monitor see no more than what holds their job.
#[test]
fn a_role_without_rights_to_monitor() {
    let mut database = TestDatabase::new();
    let role = database.role("app");
    let mut owner = database.client();
    create(&mut owner);
    owner.batch("GRANT SELECT, UPDATE ON t TO PUBLIC");
    let mut app = database.client_as(&role);
    app.batch(
        r#"SELECT interlock.start_backfill('t', 'v = v + 1',
             options => '{"max_active_backends": 1000, "max_replication_lag": 1, "max_archive_backlog": 0, "max_slot_wal": "1TB",
                          "max_dead_rows": 100, "max_lock_waiters": 5, "nice": 10}')"#,
    );
    app.batch("CALL interlock.wait_for_backfill(1)");
    assert_eq!(owner.text("SELECT v, count(*) FROM t GROUP BY v"), "1|100");
}
