//! Who sees to it that jobs have workers, and with what rights and limits those work.

use pg_test::{Client, Cluster, TestDatabase, until};

use crate::backfill_background::{create, each_row_was_changed_once, open_the_gate, state, stopped_at_the_gate};

fn failure(client: &mut Client) -> String {
    client.text("SELECT state, last_sqlstate, last_error FROM interlock.backfill_progress")
}

fn has_failed(client: &mut Client) -> String {
    until(client, "SELECT state = 'failed' FROM interlock.backfill_progress");
    failure(client)
}

#[test]
fn workers_are_added_and_replaced_while_another_one_works() {
    let database = TestDatabase::new();
    let mut keeper = database.client();
    create(&mut keeper);
    stopped_at_the_gate(&mut keeper);
    keeper.batch("SELECT interlock.set_backfill_options(1, workers => 2)");
    let two = "SELECT cardinality(pids) = 2 FROM interlock.backfill_progress";
    until(&mut keeper, two);
    let second: i32 = keeper.one("SELECT pids[2] FROM interlock.backfill_progress");
    keeper.batch(&format!("SELECT pg_terminate_backend({second})"));
    until(
        &mut keeper,
        &format!(
            "SELECT coalesce(cardinality(pids) = 2 AND pids[2] <> {second}, false) FROM interlock.backfill_progress"
        ),
    );
    open_the_gate(&mut keeper);
    keeper.batch("CALL interlock.wait_for_backfill(1)");
    each_row_was_changed_once(&mut keeper);
}

#[test]
fn all_jobs_of_a_server_share_its_workers() {
    let cluster = Cluster::start(&[("pg_interlock.backfill_max_workers", "1")]);
    let mut keeper = cluster.connect("postgres");
    keeper.batch("CREATE EXTENSION pg_interlock");
    create(&mut keeper);
    stopped_at_the_gate(&mut keeper);
    keeper.batch("CREATE TABLE u AS SELECT * FROM t; ALTER TABLE u ADD PRIMARY KEY (id)");
    keeper.batch("SELECT interlock.start_backfill('u', 'v = v + 1', workers => 3)");
    until(
        &mut keeper,
        "SELECT state = 'starting' AND throttled_by = 'all 1 workers are busy (pg_interlock.backfill_max_workers)'
           FROM interlock.backfill_progress WHERE job_id = 2",
    );
    open_the_gate(&mut keeper);
    keeper.batch("CALL interlock.wait_for_backfill(1)");
    keeper.batch("CALL interlock.wait_for_backfill(2)");
    assert_eq!(keeper.text("SELECT v, count(*) FROM t GROUP BY v"), "1|100");
    assert_eq!(keeper.text("SELECT v - n, count(*) FROM u GROUP BY 1"), "1|100");
}

#[test]
fn without_room_for_a_launcher_it_is_told_at_once() {
    let cluster = Cluster::start(&[("max_worker_processes", "0"), ("max_logical_replication_workers", "0")]);
    let mut client = cluster.connect("postgres");
    client.batch("CREATE EXTENSION pg_interlock; CREATE TABLE t (id int PRIMARY KEY, v int)");
    client.batch("SELECT interlock.start_backfill('t', 'v = 1')");
    let warning = client.notices().pop().expect("a warning");
    assert_eq!(warning.severity(), "WARNING");
    assert!(
        warning.hint().is_some_and(|hint| hint.contains("max_worker_processes")),
        "{warning}"
    );
}

/// Whoever has locked the row of a job delays this job, and no other.
#[test]
fn a_locked_job_delays_only_itself() {
    let database = TestDatabase::new();
    let mut keeper = database.client();
    create(&mut keeper);
    stopped_at_the_gate(&mut keeper);
    let mut other = database.client();
    other.batch("BEGIN; SELECT FROM interlock.backfill_job WHERE id = 1 FOR UPDATE");
    keeper.batch("SELECT pg_terminate_backend(pid) FROM interlock.backfill_progress");
    until(&mut keeper, "SELECT pid IS NULL FROM interlock.backfill_progress");
    open_the_gate(&mut keeper);
    keeper.batch("CREATE TABLE u (id int PRIMARY KEY, v int); INSERT INTO u VALUES (1); SELECT interlock.start_backfill('u', 'v = 1')");
    keeper.batch("CALL interlock.wait_for_backfill(2)");
    assert_eq!(
        keeper.text("SELECT state FROM interlock.backfill_job WHERE id = 1"),
        "running"
    );
    other.batch("COMMIT; DELETE FROM interlock.backfill_job WHERE id = 2");
    keeper.batch("CALL interlock.wait_for_backfill(1)");
    each_row_was_changed_once(&mut keeper);
}

/// As long as a database has running jobs it is looked at now and then, whoever forgot to ask for it.
#[test]
fn a_job_that_nobody_announced_is_found() {
    let database = TestDatabase::new();
    let mut keeper = database.client();
    create(&mut keeper);
    keeper.batch(
        "CREATE TABLE u (id int PRIMARY KEY, v int); INSERT INTO u VALUES (1);
         BEGIN; SELECT interlock.start_backfill('u', 'v = 1'); SELECT interlock.pause_backfill(1); COMMIT",
    );
    keeper.batch("SELECT pg_advisory_lock(4711); SELECT interlock.start_backfill('t', 'v = v + 1', batch_size => 10)");
    until(
        &mut keeper,
        "SELECT pid IS NOT NULL FROM interlock.backfill_progress WHERE job_id = 2",
    );
    keeper.batch("UPDATE interlock.backfill_job SET state = 'running' WHERE id = 1");
    keeper.batch("CALL interlock.wait_for_backfill(1)");
    open_the_gate(&mut keeper);
    keeper.batch("CALL interlock.wait_for_backfill(2)");
}

#[test]
fn settings_that_the_owner_may_not_set_fail_the_job() {
    let mut database = TestDatabase::new();
    let role = database.role("app");
    let mut client = database.client();
    create(&mut client);
    client.batch(&format!(
        "SET session_replication_role = replica; SET ROLE {role}; SELECT interlock.start_backfill('t', 'v = v + 1'); RESET ROLE"
    ));
    assert_eq!(
        has_failed(&mut client),
        "failed|42501|permission denied to set parameter \"session_replication_role\""
    );
    assert_eq!(client.text("SELECT count(*) FROM t WHERE v <> 0"), "0");
}

#[test]
fn a_worker_is_who_asked_whatever_role_he_is_given_at_login() {
    let mut database = TestDatabase::new();
    let (role, other) = (database.role("app"), database.role("other"));
    let mut client = database.client();
    create(&mut client);
    client.batch(&format!("ALTER TABLE t ADD COLUMN who text; GRANT {other} TO {role}"));
    let mut app = database.client_as(&role);
    app.batch(
        "SELECT interlock.start_backfill('t', 'v = v + 1, who = current_user', batch_size => 10, pause => '1 d')",
    );
    until(
        &mut client,
        "SELECT rows_changed = 10 AND pid IS NOT NULL FROM interlock.backfill_progress",
    );
    client.batch(&format!("ALTER ROLE {role} SET role = '{other}'"));
    client.batch("SELECT pg_terminate_backend(pid) FROM interlock.backfill_progress");
    client.batch("SELECT interlock.set_backfill_options(1, pause => '0')");
    client.batch("CALL interlock.wait_for_backfill(1)");
    assert_eq!(client.text("SELECT DISTINCT who FROM t"), role);
}

#[test]
fn a_transaction_that_starts_a_job_cannot_be_prepared() {
    let database = TestDatabase::new();
    let mut client = database.client();
    create(&mut client);
    client.batch("BEGIN; SELECT interlock.start_backfill('t', 'v = v + 1')");
    let error = client.error("PREPARE TRANSACTION 'job'");
    assert_eq!(error.code().code(), "0A000", "{error}");
    assert_eq!(client.text("SELECT count(*) FROM interlock.backfill_job"), "0");
}

/// What an owner writes into his checkpoints does not become a statement of somebody else's.
#[test]
fn a_forged_key_is_not_walked_along() {
    let forged =
        r#"{"columns": [{"name": "id", "type": "integer", "collation": "-"}], "operators": "evil", "nulls": "LAST"}"#;
    let by_place = r#"{"columns": [{"name": "ctid", "type": "pg_catalog.tid", "collation": "-"}], "operators": "pg_catalog", "nulls": "LAST"}"#;
    for key in [forged, by_place] {
        let mut database = TestDatabase::new();
        let role = database.role("app");
        let mut keeper = database.client();
        create(&mut keeper);
        keeper.batch(&format!(
            "SELECT pg_advisory_lock(4711); CREATE SCHEMA evil AUTHORIZATION {role}"
        ));
        let mut app = database.client_as(&role);
        app.batch(
            "CREATE FUNCTION evil.less(int, int) RETURNS boolean LANGUAGE plpgsql AS
                 'BEGIN RAISE EXCEPTION ''evil as %'', current_user; END';
             CREATE OPERATOR evil.> (leftarg = int, rightarg = int, function = evil.less);
             CREATE OPERATOR evil.<= (leftarg = int, rightarg = int, function = evil.less);
             SELECT interlock.start_backfill('t', 'v = v + 1', batch_size => 10)",
        );
        until(
            &mut keeper,
            "SELECT coalesce(bool_or(rows_changed = 50 AND cardinality(pg_blocking_pids(pid)) > 0), false)
               FROM interlock.backfill_progress",
        );
        app.batch("SELECT interlock.pause_backfill(1)");
        open_the_gate(&mut keeper);
        until(&mut keeper, "SELECT pid IS NULL FROM interlock.backfill_progress");
        app.batch(&format!("UPDATE interlock.backfill_checkpoint SET key = '{key}'"));
        for call in [
            "CALL interlock.safe_backfill('t', 'v = v + 1', batch_size => 10)",
            "SELECT interlock.resume_backfill(1)",
        ] {
            let error = keeper.error(call);
            assert_eq!(error.code().code(), "IL010", "{error}");
            assert!(error.message().starts_with("the key of table"), "{error}");
        }
        assert_eq!(state(&mut keeper), "paused|60");
    }
}

#[test]
fn a_key_that_is_forged_under_a_worker_fails_the_job() {
    let database = TestDatabase::new();
    let mut keeper = database.client();
    create(&mut keeper);
    keeper.batch("SELECT interlock.start_backfill('t', 'v = v + 1', batch_size => 10, pause => '1 d')");
    until(&mut keeper, "SELECT rows_changed = 10 FROM interlock.backfill_progress");
    keeper.batch(
        r#"UPDATE interlock.backfill_checkpoint SET key = jsonb_set(key, '{operators}', '"public"');
           SELECT interlock.set_backfill_options(1, pause => '0')"#,
    );
    assert!(has_failed(&mut keeper).starts_with("failed|IL010|the key of table"));
}

/// No row is to blame for a hold query that takes too long.
#[test]
fn a_slow_hold_query_fails_the_job_without_blaming_rows() {
    let database = TestDatabase::new();
    let mut client = database.client();
    create(&mut client);
    client.batch(
        r#"SELECT interlock.start_backfill('t', 'v = v + 1', on_error => 'skip', options => '{"batch_timeout": 50}',
                                           hold_query => 'SELECT pg_sleep(3600) IS NULL')"#,
    );
    assert_eq!(
        has_failed(&mut client),
        "failed|57014|the hold query, or the search for the next rows, took longer than batch_timeout"
    );
    assert_eq!(client.text("SELECT count(*) FROM interlock.backfill_error"), "0");
}

#[test]
fn after_a_retry_the_table_is_read_again() {
    let database = TestDatabase::new();
    let mut client = database.client();
    client.batch(
        "CREATE TABLE t (id int PRIMARY KEY, v int, CHECK (id <> 7 OR v IS NULL));
         INSERT INTO t SELECT g FROM generate_series(1, 100) AS g;
         SELECT interlock.start_backfill('t', 'v = 1', 'v IS NULL', on_error => 'skip')",
    );
    client.batch("CALL interlock.wait_for_backfill(1)");
    assert_eq!(client.text("SELECT verified FROM interlock.backfill_job"), "f");
    // The row that was skipped needs nothing any more; another one does.
    client.batch("DELETE FROM t WHERE id = 7; INSERT INTO t VALUES (50000); SELECT interlock.retry_backfill(1)");
    client.batch("CALL interlock.wait_for_backfill(1)");
    assert_eq!(client.text("SELECT v, count(*) FROM t GROUP BY v"), "1|100");
    assert_eq!(client.text("SELECT verified FROM interlock.backfill_job"), "t");
}

#[test]
fn a_retry_beside_a_job_that_does_the_same() {
    let database = TestDatabase::new();
    let mut client = database.client();
    let start = "SELECT interlock.start_backfill('t', 'v = 1', on_error => 'skip')";
    client.batch(&format!(
        "CREATE TABLE t (id int PRIMARY KEY, v int, CHECK (id <> 7 OR v IS NULL));
         INSERT INTO t SELECT g FROM generate_series(1, 100) AS g; {start}"
    ));
    client.batch("CALL interlock.wait_for_backfill(1)");
    client.batch(&format!("BEGIN; {start}; SELECT interlock.pause_backfill(2); COMMIT"));
    let error = client.error("SELECT interlock.retry_backfill(1)");
    assert_eq!(error.code().code(), "IL010", "{error}");
}

#[test]
fn a_window_must_be_one() {
    let database = TestDatabase::new();
    let mut client = database.client();
    for window in ["22:00", "25:00-26:00", "night"] {
        let error = client.error(&format!("SET pg_interlock.backfill_window = '{window}'"));
        assert_eq!(error.code().code(), "22023", "{error}");
    }
    client.batch("SET pg_interlock.backfill_window = '22:00-06:00'; SET pg_interlock.backfill_window = ''");
}
