//! Single rows that stand in the way of a backfill: others have locked them, or they cannot be changed.

use pg_test::{TestDatabase, until};

use crate::backfill_work::{COUNT, counted};

/// One worker changes all others, says which rows it waits for and because of whom, and changes them when they are free.
#[test]
fn locked_rows_delay_only_themselves() {
    for (key, start) in [
        ("PRIMARY KEY", "SELECT interlock.start_backfill('t', 'v = 1'"),
        (
            "PRIMARY KEY",
            "SELECT interlock.start_backfill('t', 'v = 1', 'v IS NULL'",
        ),
        ("", "SELECT interlock.start_backfill('t', 'v = 1', 'v IS NULL'"),
        ("PRIMARY KEY", "CALL interlock.safe_backfill('t', 'v = 1'"),
    ] {
        let database = TestDatabase::new();
        let mut client = database.client();
        client.batch(COUNT);
        client.batch(&format!(
            "CREATE TABLE t (id int {key}, v int, n int NOT NULL DEFAULT 0);
             INSERT INTO t SELECT g FROM generate_series(1, 5000) AS g; ANALYZE t"
        ));
        counted(&mut client, "t");
        let mut other = database.client();
        other.batch("BEGIN; UPDATE t SET id = id WHERE id % 500 = 0 OR id IN (77, 78)");
        let running = database
            .client()
            .run(&format!("{start}, options => '{{\"lock_timeout\": 20}}')"));
        until(&mut client, "SELECT count(*) = 4988 FROM t WHERE v = 1");
        until(
            &mut client,
            &format!(
                "SELECT retrying LIKE 'row (%) = (%) is locked by process {}, and 11 more' AND state = 'running'
                 FROM interlock.backfill_progress",
                other.pid()
            ),
        );
        other.batch("COMMIT");
        running.finish().1.expect("all rows are free");
        client.batch("CALL interlock.wait_for_backfill(1)");
        assert_eq!(
            client.text("SELECT v, n, count(*) FROM t GROUP BY v, n ORDER BY n"),
            "1|1|4988\n1|2|12", // the other one's change, too
            "{key} {start}"
        );
        assert_eq!(
            client.text("SELECT state, rows_changed, retrying FROM interlock.backfill_progress"),
            "finished|5000|"
        );
    }
}

/// Who may read some columns only is not told who has locked it, but goes on all the same.
#[test]
fn locked_rows_of_who_may_read_some_columns() {
    let mut database = TestDatabase::new();
    let role = database.role("app");
    let mut owner = database.client();
    owner.batch(&format!(
        "CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t SELECT g FROM generate_series(1, 100) AS g;
         GRANT SELECT (id), UPDATE (v) ON t TO {role}"
    ));
    owner.batch("BEGIN; UPDATE t SET id = id WHERE id = 7");
    let mut client = database.client_as(&role);
    client.batch(r#"SELECT interlock.start_backfill('t', 'v = 1', options => '{"lock_timeout": 20}')"#);
    until(
        &mut client,
        "SELECT rows_changed = 99 AND retrying = 'row (id) = (7) is locked' FROM interlock.backfill_progress",
    );
    owner.batch("COMMIT");
    client.batch("CALL interlock.wait_for_backfill(1)");
    assert_eq!(owner.text("SELECT v, count(*) FROM t GROUP BY v"), "1|100");
}

/// Whoever holds the whole table is waited for, without a search for a row.
#[test]
fn a_locked_table_is_waited_for() {
    let database = TestDatabase::new();
    let mut client = database.client();
    client
        .batch("CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t SELECT g FROM generate_series(1, 100) AS g");
    client.batch(
        r#"SELECT interlock.start_backfill('t', 'v = 1', batch_size => 1, pause => '1 d', options => '{"lock_timeout": 20}')"#,
    );
    let mut other = database.client();
    other.batch("BEGIN; LOCK TABLE t IN SHARE MODE");
    client.batch("SELECT interlock.set_backfill_options(1, pause => '0')");
    until(
        &mut client,
        "SELECT retrying = 'canceling statement due to lock timeout' FROM interlock.backfill_progress",
    );
    until(
        &mut client,
        "SELECT max(attempts) > 2 FROM interlock.backfill_checkpoint",
    );
    assert_eq!(client.text("SELECT count(*) FROM interlock.backfill_checkpoint"), "1");
    other.batch("COMMIT");
    client.batch("CALL interlock.wait_for_backfill(1)");
    assert_eq!(client.text("SELECT v, count(*) FROM t GROUP BY v"), "1|100");
}

/// A row that somebody has locked delays its own range only.
#[test]
fn several_workers_go_on_beside_a_locked_row() {
    let database = TestDatabase::new();
    let mut client = database.client();
    client.batch(COUNT);
    client.batch(
        "CREATE TABLE t (id int PRIMARY KEY, v int, n int NOT NULL DEFAULT 0);
         INSERT INTO t SELECT g, 0 FROM generate_series(1, 5000) AS g; ANALYZE t",
    );
    counted(&mut client, "t");
    let mut other = database.client();
    other.batch("BEGIN; SELECT FROM t WHERE id = 77 FOR UPDATE");
    client.batch(
        r#"SELECT interlock.start_backfill('t', 'v = 1', workers => 2, batch_size => 50, options => '{"lock_timeout": 20}')"#,
    );
    until(&mut client, "SELECT count(*) > 4800 FROM t WHERE v = 1");
    other.batch("COMMIT");
    client.batch("CALL interlock.wait_for_backfill(1)");
    assert_eq!(client.text("SELECT v, n, count(*) FROM t GROUP BY v, n"), "1|1|5000");
}

/// Whatever a row's policy, trigger or function raises.
#[test]
fn rows_are_to_blame_for_what_they_raise() {
    for (sqlstate, raise) in [
        ("P0004", "ASSERT new.id <> 7;"),
        ("20000", "CASE WHEN new.id <> 7 THEN NULL; END CASE;"),
        (
            "55000",
            "IF new.id = 7 THEN RAISE object_not_in_prerequisite_state; END IF;",
        ),
        ("0A000", "IF new.id = 7 THEN RAISE feature_not_supported; END IF;"),
        ("42501", ""),
    ] {
        let mut database = TestDatabase::new();
        let role = database.role("app");
        let mut owner = database.client();
        owner.batch(&format!(
            "CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t SELECT g FROM generate_series(1, 20) AS g;
             GRANT SELECT, UPDATE ON t TO {role};
             CREATE FUNCTION object() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {raise} RETURN new; END$$;
             CREATE TRIGGER object BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION object()"
        ));
        if raise.is_empty() {
            owner.batch(
                "ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (true) WITH CHECK (id <> 7)",
            );
        }
        let mut client = database.client_as(&role);
        client.batch("SELECT interlock.start_backfill('t', 'v = 1')");
        until(
            &mut client,
            "SELECT state = 'failed' AND pid IS NULL FROM interlock.backfill_progress",
        );
        assert_eq!(
            client.text("SELECT last_sqlstate, last_error_key FROM interlock.backfill_progress"),
            format!("{sqlstate}|(id) = (7)")
        );
        assert_eq!(
            client
                .error("CALL interlock.safe_backfill('t', 'v = 1', job_id => 1)")
                .code()
                .code(),
            sqlstate
        );
        client.batch("SELECT interlock.set_backfill_options(1, on_error => 'skip'), interlock.retry_backfill(1)");
        client.batch("CALL interlock.wait_for_backfill(1)");
        assert_eq!(client.text("SELECT count(*) FROM t WHERE v = 1"), "19");
        assert_eq!(
            client.text("SELECT sqlstate, key_text FROM interlock.backfill_error"),
            format!("{sqlstate}|(id) = (7)")
        );
    }
}
