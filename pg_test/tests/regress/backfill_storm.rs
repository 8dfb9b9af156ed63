//! The table is changed under a backfill: its storage, its name, its rows. Each row that is to change does so once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use pg_test::{Client, DEADLINE, TestDatabase, poll, until};

use crate::backfill_background::{create, each_row_was_changed_once, open_the_gate, state, stopped_at_the_gate};

/// A job of 100 rows, paused when 60 of them are done.
fn halfway(database: &TestDatabase) -> Client {
    let mut keeper = database.client();
    create(&mut keeper);
    stopped_at_the_gate(&mut keeper);
    keeper.batch("SELECT interlock.pause_backfill(1)");
    open_the_gate(&mut keeper);
    until(&mut keeper, "SELECT pid IS NULL FROM interlock.backfill_progress");
    assert_eq!(state(&mut keeper), "paused|60");
    keeper
}

fn events(client: &mut Client) -> String {
    client.text("SELECT event, detail FROM interlock.backfill_event WHERE event LIKE 'table%' ORDER BY id")
}

#[test]
fn the_table_is_rewritten() {
    for rewrite in [
        "VACUUM FULL t",
        "CLUSTER t USING t_pkey",
        "ALTER TABLE t ALTER v TYPE bigint",
    ] {
        let database = TestDatabase::new();
        let mut keeper = halfway(&database);
        keeper.batch(rewrite);
        keeper.batch("SELECT interlock.resume_backfill(1)");
        keeper.batch("CALL interlock.wait_for_backfill(1)");
        each_row_was_changed_once(&mut keeper);
        assert_eq!(events(&mut keeper), "table rewritten|", "{rewrite}");
    }
}

#[test]
fn the_table_is_renamed() {
    let database = TestDatabase::new();
    let mut keeper = halfway(&database);
    keeper.batch("CREATE SCHEMA s; ALTER TABLE t SET SCHEMA s; ALTER TABLE s.t RENAME TO u");
    keeper.batch("SELECT interlock.resume_backfill(1)");
    keeper.batch("CALL interlock.wait_for_backfill(1)");
    keeper.batch("ALTER TABLE s.u RENAME TO t; SET search_path = s");
    each_row_was_changed_once(&mut keeper);
    assert_eq!(events(&mut keeper), "table renamed|public.t is now s.u");
}

#[test]
fn the_table_is_truncated() {
    let database = TestDatabase::new();
    let mut keeper = halfway(&database);
    keeper.batch("TRUNCATE t; INSERT INTO t VALUES (50), (70), (100), (101)");
    keeper.batch("SELECT interlock.resume_backfill(1)");
    keeper.batch("CALL interlock.wait_for_backfill(1)");
    assert_eq!(
        keeper.text("SELECT id, v, n FROM t ORDER BY id"),
        "50|0|0\n70|1|1\n100|1|1\n101|0|0",
        "what lies ahead in the range is changed"
    );
    assert_eq!(state(&mut keeper), "finished|62");
    assert_eq!(events(&mut keeper), "table rewritten|");
}

#[test]
fn the_table_is_dropped() {
    let database = TestDatabase::new();
    let mut keeper = halfway(&database);
    keeper.batch("DROP TABLE t");
    let error = keeper.error("SELECT interlock.resume_backfill(1)");
    assert_eq!(error.message(), "table \"public.t\" of backfill job 1 no longer exists");
    keeper.batch("CREATE TABLE t (id int PRIMARY KEY, v int NOT NULL DEFAULT 0, n int NOT NULL DEFAULT 0)");
    keeper.batch("INSERT INTO t SELECT g FROM generate_series(1, 100) AS g");
    assert_eq!(
        keeper.error("SELECT interlock.resume_backfill(1)").message(),
        "table \"public.t\" of backfill job 1 no longer exists",
        "another table of this name is another table"
    );
    keeper.batch("SELECT interlock.cancel_backfill(1)");
    assert_eq!(keeper.text("SELECT v, n, count(*) FROM t GROUP BY v, n"), "0|0|100");
}

/// What waits for the end of a batch comes before the next one.
#[test]
fn the_table_is_changed_under_a_worker() {
    for (change, event) in [
        ("VACUUM FULL t", "table rewritten|"),
        ("ALTER TABLE t RENAME TO u", "table renamed|public.t is now public.u"),
        ("ALTER TABLE t ALTER v TYPE bigint", "table rewritten|"),
    ] {
        let database = TestDatabase::new();
        let mut keeper = database.client();
        create(&mut keeper);
        stopped_at_the_gate(&mut keeper);
        let mut changing = database.client();
        changing.batch("SET pg_interlock.polite_locks = off"); // it is to wait in the queue
        let changing = changing.run(change);
        let mut watcher = database.client();
        pg_test::blocked(&mut watcher, changing.pid());
        open_the_gate(&mut keeper);
        changing.finish().1.unwrap();
        keeper.batch("CALL interlock.wait_for_backfill(1)");
        keeper.batch("ALTER TABLE IF EXISTS u RENAME TO t");
        each_row_was_changed_once(&mut keeper);
        assert_eq!(events(&mut keeper), event, "{change}");
        assert!(
            keeper.one::<bool>("SELECT batch >= 10 FROM interlock.backfill_checkpoint"),
            "{change}"
        );
    }
}

#[test]
fn the_table_is_dropped_under_a_worker() {
    let database = TestDatabase::new();
    let mut keeper = database.client();
    create(&mut keeper);
    stopped_at_the_gate(&mut keeper);
    let dropping = database.client().run("DROP TABLE t");
    let mut watcher = database.client();
    pg_test::blocked(&mut watcher, dropping.pid());
    open_the_gate(&mut keeper);
    dropping.finish().1.unwrap();
    until(&mut keeper, "SELECT state = 'failed' FROM interlock.backfill_progress");
    assert_eq!(
        keeper.text("SELECT last_sqlstate, last_error FROM interlock.backfill_progress"),
        "42P01|table \"public.t\" of backfill job 1 no longer exists"
    );
}

#[test]
fn timeouts_of_the_role_do_not_count_and_those_of_the_job_make_batches_smaller() {
    let mut database = TestDatabase::new();
    let role = database.role("app");
    let mut owner = database.client();
    create(&mut owner);
    let mut app = database.client_as(&role);
    owner.batch(&format!(
        "ALTER ROLE {role} SET statement_timeout = '1ms'; ALTER ROLE {role} SET idle_in_transaction_session_timeout = '1ms';
         CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.02); RETURN new; END';
         CREATE TRIGGER slow BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION slow()"
    ));
    app.batch(
        r#"SELECT interlock.start_backfill('t', 'v = v + 1', batch_size => 50, options => '{"batch_timeout": "300ms"}')"#,
    );
    app.batch("CALL interlock.wait_for_backfill(1)");
    each_row_was_changed_once(&mut owner);
}

/// A full disk passes when somebody makes room.
#[test]
fn what_lacks_may_come_back() {
    let database = TestDatabase::new();
    let mut client = database.client();
    create(&mut client);
    client.batch(
        "CREATE SEQUENCE tries; GRANT USAGE ON tries TO PUBLIC;
         CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN
                 IF new.id = 33 AND nextval('tries') <= 3 THEN
                     RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
                 END IF;
                 RETURN new;
             END $$;
         CREATE TRIGGER full_disk BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION full_disk();
         SELECT interlock.start_backfill('t', 'v = v + 1', batch_size => 10)",
    );
    client.batch("CALL interlock.wait_for_backfill(1)");
    each_row_was_changed_once(&mut client);
    assert_eq!(client.text("SELECT last_value FROM tries"), "4");
}

/// Many sessions call the same job at once, again and again: one at a time runs it.
#[test]
fn sessions_race_for_a_job() {
    let database = Arc::new(TestDatabase::new());
    let mut client = database.client();
    create(&mut client);
    let racers: Vec<_> = (0..6)
        .map(|_| {
            let database = Arc::clone(&database);
            thread::spawn(move || {
                let mut client = database.client();
                for round in 0.. {
                    let call = if round % 2 == 0 {
                        "CALL interlock.safe_backfill('t', 'v = v + 1', 'v = 0', batch_size => 5)"
                    } else {
                        "SELECT interlock.resume_backfill(1)"
                    };
                    let Err(error) = client.try_batch(call) else {
                        if round % 2 == 0 {
                            return;
                        }
                        continue;
                    };
                    let code = error.as_db_error().map(|error| error.code().code().to_owned());
                    assert_eq!(code.as_deref(), Some("IL010"), "{error:?}");
                }
            })
        })
        .collect();
    for racer in racers {
        racer.join().unwrap();
    }
    until(
        &mut client,
        "SELECT bool_and(state = 'finished' AND pid IS NULL) FROM interlock.backfill_progress",
    );
    assert_eq!(client.text("SELECT v, n, count(*) FROM t GROUP BY v, n"), "1|1|100");
    assert_eq!(
        client.text("SELECT sum(rows_changed) FROM interlock.backfill_progress"),
        "100",
        "later jobs find nothing to do"
    );
}

/// What the writers do in each of their transactions, in an order that makes for deadlocks.
const WRITES: &str = "DO $$
    DECLARE a int := random() * ROWS; b int := random() * ROWS;
    BEGIN
        UPDATE t SET filler = filler + 1 WHERE id = a;
        UPDATE t SET filler = filler + 1 WHERE id = b;
        IF random() < 0.3 THEN DELETE FROM t WHERE id = b; END IF;
        INSERT INTO t (id, v) VALUES (random() * 2 * ROWS, CASE WHEN random() < 0.5 THEN 'app' END) ON CONFLICT DO NOTHING;
        IF random() < 0.3 THEN UPDATE t SET v = 'app' WHERE id = a + 1 AND v IS NULL; END IF;
        MOVE
    END $$";
/// A key that changes; not to one that is taken.
const MOVE: &str =
    "IF random() < 0.3 AND NOT EXISTS (SELECT FROM t WHERE id = -a) THEN UPDATE t SET id = -a WHERE id = a; END IF;";

/// Runs a job while four others write, who stop when most of it is done. The trigger counts the job's changes in `n` and
/// notes them in `log`.
fn storm(rows: usize, key: &str, call: &str, moves: &str) -> (Arc<TestDatabase>, Client) {
    let database = Arc::new(TestDatabase::new());
    let mut client = database.client();
    client.batch(&format!(
        "CREATE TABLE t (id int {key}, v text, n int NOT NULL DEFAULT 0, filler int NOT NULL DEFAULT 0, first bool);
         INSERT INTO t (id, first) SELECT g, true FROM generate_series(1, {rows}) AS g;
         CREATE INDEX ON t (id);
         CREATE TABLE log (id int);
         CREATE FUNCTION count_change() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN
                 IF current_setting('application_name') = 'pg_interlock backfill' THEN
                     new.n := old.n + 1;
                     INSERT INTO log VALUES (new.id);
                 END IF;
                 RETURN new;
             END $$;
         CREATE TRIGGER count_change BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION count_change();
         ANALYZE t"
    ));
    let (writes, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let writing = WRITES.replace("MOVE", moves).replace("ROWS", &rows.to_string());
    let writers: Vec<_> = (0..4)
        .map(|_| {
            let (mut client, writing) = (database.client(), writing.clone());
            let (writes, stop) = (Arc::clone(&writes), Arc::clone(&stop));
            thread::spawn(move || write(&mut client, &writing, &writes, &stop))
        })
        .collect();
    poll(DEADLINE, || (writes.load(Ordering::Relaxed) > 4).then_some(())).expect("they write");
    client.batch(&format!("SELECT interlock.start_backfill('t', {call})"));
    until(
        &mut client,
        &format!(
            "SELECT state IN ('finished', 'failed') OR pass > 1 OR rows_scanned > {rows} * 0.8 FROM interlock.backfill_progress"
        ),
    );
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.join().unwrap();
    }
    client.batch("CALL interlock.wait_for_backfill(1)");
    assert_eq!(
        client.text("SELECT rows_changed - (SELECT count(*) FROM log) FROM interlock.backfill_progress"),
        "0",
        "the books agree with the trigger"
    );
    (database, client)
}

/// Writes until it is told to stop, and counts how often that succeeds.
fn write(client: &mut Client, writing: &str, writes: &AtomicUsize, stop: &AtomicBool) {
    client.batch("SET deadlock_timeout = '20ms'");
    while !stop.load(Ordering::Relaxed) {
        match client.try_batch(writing) {
            Ok(()) => {
                writes.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => {
                let code = error.as_db_error().map(|error| error.code().code().to_owned());
                assert!(matches!(code.as_deref(), Some("40P01" | "23505")), "{error:?}");
            }
        }
    }
}

/// With a condition: whatever others do, in the end no row matches, and what the job changed it changed once.
fn storm_with_a_condition(rows: usize) {
    for (key, workers) in [("PRIMARY KEY", 1), ("PRIMARY KEY", 3), ("", 2)] {
        let call = format!("$$v = 'job'$$, 'v IS NULL', batch_size => 50, pause => '1 ms', workers => {workers}");
        let (_database, mut client) = storm(rows, key, &call, MOVE);
        assert_eq!(
            client.text("SELECT count(*) FROM t WHERE v IS NULL OR n <> (v = 'job')::int"),
            "0",
            "{key} {workers}"
        );
        assert_eq!(
            client.text("SELECT verified FROM interlock.backfill_job"),
            "t",
            "{key} {workers}"
        );
    }
}

/// Without one: each row that was there, once; those inserted meanwhile at most once.
fn storm_without_a_condition(rows: usize) {
    for workers in [1, 3] {
        let call = format!("$$v = coalesce(v, '') || 'job'$$, batch_size => 50, pause => '1 ms', workers => {workers}");
        let (_database, mut client) = storm(rows, "PRIMARY KEY", &call, "");
        assert_eq!(
            client.text("SELECT count(*) FROM t WHERE n > 1 OR first AND n <> 1"),
            "0",
            "{workers}"
        );
    }
}

#[test]
fn others_write_all_the_while() {
    storm_with_a_condition(5_000);
}

#[test]
fn others_write_all_the_while_and_there_is_no_condition() {
    storm_without_a_condition(5_000);
}

#[test]
#[ignore = "long"]
fn others_write_for_long() {
    for _ in 0..10 {
        storm_with_a_condition(50_000);
        storm_without_a_condition(50_000);
    }
}
