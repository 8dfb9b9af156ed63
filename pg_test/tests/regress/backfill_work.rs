//! How the work is cut: into ranges for several workers, partitions, and places of tables without a key; and what becomes
//! of rows that cannot be changed.

use pg_test::{Client, TestDatabase, until};

/// Counts the changes of each row of a table in its column `n`.
pub const COUNT: &str = "CREATE FUNCTION count_change() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN new.n := old.n + 1; RETURN new; END'";

pub fn counted(client: &mut Client, table: &str) {
    client.batch(&format!(
        "CREATE TRIGGER count_change BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION count_change()"
    ));
}

/// Waits until so many workers have had a part in a job, which a pause makes slow until then, and for its end.
fn go_on_when_there_are(client: &mut Client, job: i64, workers: u32) {
    until(
        client,
        &format!(
            "SELECT count(DISTINCT holder) >= {workers} FROM interlock.backfill_checkpoint
             WHERE job_id = {job} AND rows_scanned > 0"
        ),
    );
    client.batch(&format!("SELECT interlock.set_backfill_options({job}, pause => '0')"));
    client.batch(&format!("CALL interlock.wait_for_backfill({job})"));
}

fn progress(client: &mut Client) -> String {
    client.text("SELECT state, rows_changed, rows_skipped, verified FROM interlock.backfill_progress")
}

#[test]
fn several_workers_share_the_work() {
    let database = TestDatabase::new();
    let mut client = database.client();
    client.batch(COUNT);
    for (name, key, expressions) in [
        ("a", "id int PRIMARY KEY", "g"),
        ("b", "id uuid PRIMARY KEY", "md5(g::text)::uuid"),
        ("c", "x int, y text, PRIMARY KEY (x, y)", "g % 7, g::text"),
        (
            "d",
            "day date, y int, PRIMARY KEY (day, y)",
            "date '2001-01-01' + g % 500, g",
        ),
    ] {
        client.batch(&format!(
            "CREATE TABLE {name} (v int, n int NOT NULL DEFAULT 0, {key});
             INSERT INTO {name} SELECT 0, 0, {expressions} FROM generate_series(1, 20000) AS g;
             ANALYZE {name}; SET datestyle = 'SQL, DMY'"
        ));
        counted(&mut client, name);
        let job: i64 = client.one(&format!(
            "SELECT interlock.start_backfill('{name}', 'v = 1', workers => 3, batch_size => 100, pause => '100 ms')"
        ));
        go_on_when_there_are(&mut client, job, 2);
        assert_eq!(
            client.text(&format!("SELECT v, n, count(*) FROM {name} GROUP BY v, n")),
            "1|1|20000",
            "{key}"
        );
        let (ranges, holders, rows): (i64, i64, i64) = {
            let row = &client.query(
                "SELECT count(*), count(DISTINCT holder), sum(rows_scanned)::int8
                   FROM interlock.backfill_checkpoint WHERE job_id = $1",
                &[&job],
            )[0];
            (row.get(0), row.get(1), row.get(2))
        };
        assert!(ranges >= 2 && holders >= 2, "{key}: {ranges} ranges, {holders} workers");
        assert_eq!(rows, 20000, "{key}");
    }
}

/// Without statistics there is one range, which is cut when somebody has nothing to do; so is one that is slow.
#[test]
fn work_is_stolen() {
    let database = TestDatabase::new();
    let mut client = database.client();
    client.batch(COUNT);
    client.batch(
        "CREATE TABLE t (id int PRIMARY KEY, v int, n int NOT NULL DEFAULT 0);
         ALTER TABLE t SET (autovacuum_enabled = off);
         INSERT INTO t SELECT g, 0 FROM generate_series(1, 20000) AS g",
    );
    counted(&mut client, "t");
    let job =
        client.one("SELECT interlock.start_backfill('t', 'v = 1', workers => 3, batch_size => 100, pause => '100 ms')");
    go_on_when_there_are(&mut client, job, 3);
    assert_eq!(client.text("SELECT v, n, count(*) FROM t GROUP BY v, n"), "1|1|20000");
    assert_eq!(
        client.text(
            "SELECT count(DISTINCT holder), sum(rows_scanned), sum(rows_changed) FROM interlock.backfill_checkpoint"
        ),
        "3|20000|20000"
    );
}

#[test]
fn partitions_each_by_their_own_key() {
    let mut database = TestDatabase::new();
    let role = database.role("app");
    let mut client = database.client();
    client.batch(COUNT);
    client.batch(&format!(
        "CREATE TABLE t (id int NOT NULL, region text, v int, n int NOT NULL DEFAULT 0) PARTITION BY LIST (region);
         CREATE TABLE t_a PARTITION OF t (PRIMARY KEY (id)) FOR VALUES IN ('a');
         CREATE TABLE t_b (v int, n int NOT NULL DEFAULT 0, region text, x int, id int NOT NULL UNIQUE);
         ALTER TABLE t_b DROP COLUMN x;
         ALTER TABLE t ATTACH PARTITION t_b FOR VALUES IN ('b', NULL);
         CREATE TABLE t_c PARTITION OF t FOR VALUES IN ('c', 'd') PARTITION BY HASH (id);
         CREATE TABLE t_c0 PARTITION OF t_c (PRIMARY KEY (id)) FOR VALUES WITH (MODULUS 2, REMAINDER 0);
         CREATE TABLE t_c1 PARTITION OF t_c (PRIMARY KEY (id)) FOR VALUES WITH (MODULUS 2, REMAINDER 1);
         INSERT INTO t SELECT g, (ARRAY['a', 'b', 'c', 'd', NULL])[g % 5 + 1] FROM generate_series(1, 5000) AS g;
         GRANT SELECT, UPDATE ON t TO {role}"
    ));
    counted(&mut client, "t");
    // By the partitions' owner, by a role that has rights on the whole only, and under a policy of the whole.
    let calls = ["'v = coalesce(t.v, 0) + 1', batch_size => 70"; 2];
    let mut app = database.client_as(&role);
    for (round, call) in calls.iter().enumerate() {
        let who = if round == 0 { &mut client } else { &mut app };
        who.batch(&format!("CALL interlock.safe_backfill('t', {call})"));
        let changed = format!("{0}|{0}|5000", round + 1);
        assert_eq!(client.text("SELECT v, n, count(*) FROM t GROUP BY v, n"), changed);
    }
    client.batch(&format!(
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY odd ON t TO {role} USING (id % 2 = 1);
         GRANT SELECT, UPDATE ON t_a, t_b, t_c0, t_c1 TO {role}"
    ));
    app.batch("SELECT interlock.start_backfill('t', 'v = v + 1', 'v < 3', workers => 2)");
    app.batch("CALL interlock.wait_for_backfill(3)");
    assert_eq!(
        client.text("SELECT id % 2, v, n, count(*) FROM t GROUP BY 1, 2, 3 ORDER BY 1"),
        "0|2|2|2500\n1|3|3|2500"
    );
    let error = client.error("CALL interlock.safe_backfill('t', $$region = 'd'$$)");
    assert_eq!(error.code().code(), "IL011");
    assert_eq!(
        error.message(),
        "the assignments change the partition key of table \"public.t\""
    );
    client.batch("CALL interlock.safe_backfill('t', $$region = 'd'$$, $$region = 'a'$$)");
    assert_eq!(
        client.text("SELECT region, n - v, count(*) FROM t WHERE id % 5 = 0 GROUP BY region, n - v"),
        "d|1|1000"
    );
}

#[test]
fn tables_that_inherit() {
    let database = TestDatabase::new();
    let mut client = database.client();
    client.batch(COUNT);
    client.batch(
        "CREATE TABLE t (id int PRIMARY KEY, v int, n int NOT NULL DEFAULT 0);
         CREATE TABLE u (PRIMARY KEY (id)) INHERITS (t);
         INSERT INTO t SELECT g FROM generate_series(1, 300) AS g;
         INSERT INTO u SELECT g FROM generate_series(1, 300) AS g",
    );
    counted(&mut client, "t");
    counted(&mut client, "u");
    client.batch("CALL interlock.safe_backfill('t', 'v = 1', batch_size => 70)");
    assert_eq!(client.text("SELECT v, n, count(*) FROM t GROUP BY v, n"), "1|1|600");
}

#[test]
fn partitions_that_come_and_go() {
    let database = TestDatabase::new();
    let mut client = database.client();
    client.batch(COUNT);
    client.batch(
        "CREATE TABLE t (id int PRIMARY KEY, v int, n int NOT NULL DEFAULT 0) PARTITION BY RANGE (id);
         CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (100);
         CREATE TABLE t_2 PARTITION OF t FOR VALUES FROM (100) TO (200);
         CREATE TABLE t_3 PARTITION OF t FOR VALUES FROM (200) TO (300);
         INSERT INTO t SELECT g FROM generate_series(0, 299) AS g;
         CREATE TABLE busy (yes bool); INSERT INTO busy VALUES (true)",
    );
    counted(&mut client, "t");
    client.batch("SELECT interlock.start_backfill('t', 'v = 1', 'v IS NULL', hold_query => 'SELECT yes FROM busy')");
    until(
        &mut client,
        "SELECT state = 'throttled' FROM interlock.backfill_progress",
    );
    client.batch(
        "ALTER TABLE t DETACH PARTITION t_2; DROP TABLE t_3;
         CREATE TABLE t_4 PARTITION OF t FOR VALUES FROM (300) TO (400);
         INSERT INTO t SELECT g FROM generate_series(300, 309) AS g;
         UPDATE busy SET yes = false",
    );
    client.batch("CALL interlock.wait_for_backfill(1)");
    assert_eq!(client.text("SELECT v, n, count(*) FROM t GROUP BY v, n"), "1|1|110");
    assert_eq!(client.text("SELECT count(*) FROM t_2 WHERE n > 0"), "0");
    assert_eq!(progress(&mut client), "finished|110|0|t");
    assert_eq!(
        client.text("SELECT count(*) FROM interlock.backfill_event WHERE event = 'partition gone'"),
        "2"
    );
}

/// Without a key, by where the rows lie; the condition tells what is done.
#[test]
fn a_table_without_a_key() {
    let database = TestDatabase::new();
    let mut client = database.client();
    client.batch(COUNT);
    for workers in [1, 3] {
        client.batch(
            "DROP TABLE IF EXISTS t;
             CREATE TABLE t (id int, v int, n int NOT NULL DEFAULT 0, filler text DEFAULT repeat('x', 200));
             INSERT INTO t SELECT g, nullif(g % 3, 0) FROM generate_series(1, 20000) AS g;
             DELETE FROM t WHERE id BETWEEN 3000 AND 8000",
        );
        counted(&mut client, "t");
        let job: i64 = client.one(&format!(
            "SELECT interlock.start_backfill('t', 'v = 0', 'v IS NULL', batch_size => 300, workers => {workers})"
        ));
        client.batch(&format!("CALL interlock.wait_for_backfill({job})"));
        assert_eq!(
            client.text("SELECT v, n, count(*) FROM t GROUP BY v, n ORDER BY v"),
            "0|1|4999\n1|0|5000\n2|0|5000"
        );
        assert_eq!(
            client.text(&format!("SELECT outcome FROM interlock.backfill_job WHERE id = {job}")),
            "The table was read again, and no row matched the condition."
        );
    }
    // A key that is changed is none, either.
    client.batch("ALTER TABLE t ADD PRIMARY KEY (id)");
    client.batch("CALL interlock.safe_backfill('t', 'id = -id', 'id > 0', batch_size => 300)");
    assert_eq!(client.text("SELECT max(id), max(n), min(n) FROM t"), "-1|2|1");
}

#[test]
fn a_condition_that_does_not_tell_what_is_done() {
    let database = TestDatabase::new();
    let mut client = database.client();
    client.batch("CREATE TABLE t (id int, v int); INSERT INTO t SELECT g, 0 FROM generate_series(1, 100) AS g");
    let error = client.error("CALL interlock.safe_backfill('t', 'v = v + 1', 'id > 0')");
    assert_eq!(error.code().code(), "IL011");
    assert_eq!(client.text("SELECT v, count(*) FROM t GROUP BY v"), "0|100");
}

const BROKEN: &str = "ALTER TABLE t ADD CONSTRAINT broken CHECK (id % 10 <> 5 OR v IS NULL)";

fn with_broken_rows(client: &mut Client, key: &str) {
    client.batch(COUNT);
    client.batch(&format!(
        "CREATE TABLE t (id int {key}, v int, n int NOT NULL DEFAULT 0);
         INSERT INTO t SELECT g FROM generate_series(1, 100) AS g; {BROKEN}"
    ));
    counted(client, "t");
}

#[test]
fn rows_that_fail_are_skipped_and_tried_again() {
    for (key, condition) in [
        ("PRIMARY KEY", ""),
        ("PRIMARY KEY", ", 'v IS NULL'"),
        ("", ", 'v IS NULL'"),
    ] {
        let database = TestDatabase::new();
        let mut client = database.client();
        with_broken_rows(&mut client, key);
        client.batch(&format!(
            "SELECT interlock.start_backfill('t', 'v = 1'{condition}, on_error => 'skip')"
        ));
        client.batch("CALL interlock.wait_for_backfill(1)");
        assert_eq!(
            client.text("SELECT v, n, count(*) FROM t GROUP BY v, n ORDER BY v"),
            "1|1|90\n|0|10",
            "{key}{condition}"
        );
        let verified = if condition.is_empty() { "" } else { "f" };
        let state = progress(&mut client);
        assert!(
            state.starts_with("finished|90|10|") && state.ends_with(verified),
            "{key}{condition}: {state}"
        );
        assert_eq!(
            client.text("SELECT DISTINCT sqlstate, constraint_name FROM interlock.backfill_error"),
            "23514|broken"
        );
        client.batch("SELECT interlock.retry_backfill(1)");
        client.batch("CALL interlock.wait_for_backfill(1)");
        assert!(
            progress(&mut client).starts_with("finished|90|10|"),
            "{key}{condition}: in vain"
        );
        client.batch("ALTER TABLE t DROP CONSTRAINT broken; SELECT interlock.retry_backfill(1)");
        client.batch("CALL interlock.wait_for_backfill(1)");
        assert_eq!(
            client.text("SELECT v, n, count(*) FROM t GROUP BY v, n"),
            "1|1|100",
            "{key}{condition}"
        );
        let verified = if condition.is_empty() { "" } else { "t" };
        assert_eq!(
            progress(&mut client),
            format!("finished|100|0|{verified}"),
            "{key}{condition}"
        );
        assert_eq!(client.text("SELECT count(*) FROM interlock.backfill_error"), "0");
    }
}

#[test]
fn too_many_rows_that_fail() {
    let database = TestDatabase::new();
    let mut client = database.client();
    with_broken_rows(&mut client, "PRIMARY KEY");
    client
        .batch(r#"SELECT interlock.start_backfill('t', 'v = 1', on_error => 'skip', options => '{"max_errors": 3}')"#);
    let error = client.error("CALL interlock.wait_for_backfill(1)");
    assert_eq!(
        error.message(),
        "backfill job 1 has failed: 3 rows were skipped, which is the limit: new row for relation \"t\" violates check constraint \"broken\""
    );
    assert_eq!(
        client.text("SELECT key_text, skipped FROM interlock.backfill_error ORDER BY id"),
        "(id) = (5)|t\n(id) = (15)|t\n(id) = (25)|t\n(id) = (35)|f"
    );
    client.batch("ALTER TABLE t DROP CONSTRAINT broken; SELECT interlock.retry_backfill(1)");
    client.batch("CALL interlock.wait_for_backfill(1)");
    assert_eq!(client.text("SELECT v, n, count(*) FROM t GROUP BY v, n"), "1|1|100");
}

#[test]
fn a_session_skips_rows_too() {
    let database = TestDatabase::new();
    let mut client = database.client();
    with_broken_rows(&mut client, "PRIMARY KEY");
    client.batch("CALL interlock.safe_backfill('t', 'v = 1', on_error => 'skip')");
    let last = client.notices().pop().expect("a backfill says goodbye");
    assert_eq!(last.severity(), "WARNING");
    assert!(
        last.detail()
            .is_some_and(|detail| detail.starts_with("10 rows could not be changed")),
        "{last}"
    );
    assert_eq!(progress(&mut client), "finished|90|10|");
}
