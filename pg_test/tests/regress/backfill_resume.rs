//! Called again after it was interrupted, a backfill goes on where it stopped and repeats nothing.

use pg_test::{Client, Cluster, DEADLINE, Running, TestDatabase, blocked, poll, until};

/// The advisory lock at which the changing of row 55 waits.
const GATE: &str = "4711";
const CALL: &str = "CALL interlock.safe_backfill('t', 'v = v + 1', batch_size => 10)";

/// A table of 100 rows. A trigger counts the changes of each row in `n`, and waits at the gate before row 55.
fn create(client: &mut Client) {
    client.batch(&format!(
        "CREATE TABLE t (id int PRIMARY KEY, v int NOT NULL DEFAULT 0, n int NOT NULL DEFAULT 0);
         INSERT INTO t SELECT g FROM generate_series(1, 100) AS g;
         CREATE FUNCTION count_change() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 AS $$
             BEGIN
                 IF new.id = 55 THEN
                     PERFORM pg_advisory_xact_lock_shared({GATE});
                 END IF;
                 new.n := old.n + 1;
                 RETURN new;
             END $$;
         CREATE TRIGGER count_change BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION count_change()"
    ));
}

/// Begins a backfill and returns while it waits in the batch of row 55, with five batches done.
fn stopped_at_the_gate(keeper: &mut Client, runner: Client) -> Running {
    keeper.batch(&format!("SELECT pg_advisory_lock({GATE})"));
    let running = runner.run(CALL);
    blocked(keeper, running.pid());
    running
}

fn each_row_was_changed_once(client: &mut Client) {
    assert_eq!(client.text("SELECT v, n, count(*) FROM t GROUP BY v, n"), "1|1|100");
    assert_eq!(
        client.text("SELECT state, rows_changed, percentage, pid FROM interlock.backfill_progress"),
        "finished|100|100.0|"
    );
}

fn stands_at_fifty(client: &mut Client, state: &str) {
    // A client has its error in hand a moment before its transaction is aborted.
    until(client, "SELECT pid IS NULL FROM interlock.backfill_progress");
    assert_eq!(
        client.text("SELECT state, rows_changed, rows_scanned, pid FROM interlock.backfill_progress"),
        format!("{state}|50|50|")
    );
    assert_eq!(
        client.text("SELECT sum(n), max(id) FILTER (WHERE n = 1) FROM t"),
        "50|50"
    );
}

/// A crash may take the last batches, and with them their checkpoints.
fn stands_where_its_checkpoint_is(client: &mut Client) {
    let changed: i64 = client.one("SELECT count(*) FILTER (WHERE n = 1) FROM t WHERE n < 2");
    assert!(changed <= 50 && changed % 10 == 0, "{changed}");
    assert_eq!(
        client.text("SELECT state, rows_changed, rows_scanned, pid FROM interlock.backfill_progress"),
        format!("interrupted|{changed}|{changed}|")
    );
}

#[test]
fn after_a_cancel_in_the_same_session_or_another() {
    let database = TestDatabase::new();
    let mut keeper = database.client();
    create(&mut keeper);
    let running = stopped_at_the_gate(&mut keeper, database.client());
    assert_eq!(
        keeper.text("SELECT state, rows_changed, pid FROM interlock.backfill_progress"),
        format!("running|50|{}", running.pid())
    );
    keeper.batch(&format!("SELECT pg_cancel_backend({})", running.pid()));
    let (mut canceled, outcome) = running.finish();
    assert_eq!(outcome.unwrap_err().code().unwrap().code(), "57014");
    stands_at_fifty(&mut keeper, "paused");

    // The session that was canceled is still there, and must not hold the lease any more.
    let running = stopped_at_the_gate(&mut keeper, database.client());
    keeper.batch(&format!("SELECT pg_cancel_backend({})", running.pid()));
    running.finish().1.unwrap_err();
    stands_at_fifty(&mut keeper, "paused");

    keeper.batch("SELECT pg_advisory_unlock_all()");
    canceled.notices();
    canceled.batch(CALL);
    assert!(canceled.notices()[0].message().contains("goes on where it stopped"));
    each_row_was_changed_once(&mut keeper);
}

#[test]
fn after_the_session_was_terminated() {
    let database = TestDatabase::new();
    let mut keeper = database.client();
    create(&mut keeper);
    let running = stopped_at_the_gate(&mut keeper, database.client());
    keeper.batch(&format!("SELECT pg_terminate_backend({}, 60000)", running.pid()));
    running.finish().1.unwrap_err();
    stands_at_fifty(&mut keeper, "interrupted");
    keeper.batch("SELECT pg_advisory_unlock_all()");
    keeper.batch(CALL);
    each_row_was_changed_once(&mut keeper);
}

#[test]
fn after_the_server_was_killed() {
    let mut cluster = Cluster::start(&[]);
    let mut keeper = cluster.connect("postgres");
    keeper.batch("CREATE EXTENSION pg_interlock");
    create(&mut keeper);
    let running = stopped_at_the_gate(&mut keeper, cluster.connect("postgres"));
    cluster.kill_backend(running.pid());
    running.finish().1.unwrap_err();
    let mut keeper = cluster.connect("postgres");
    stands_where_its_checkpoint_is(&mut keeper);

    let running = stopped_at_the_gate(&mut keeper, cluster.connect("postgres"));
    cluster.kill_postmaster();
    running.finish().1.unwrap_err();
    cluster.start_again();
    let mut client = cluster.connect("postgres");
    stands_where_its_checkpoint_is(&mut client);
    client.batch(CALL);
    each_row_was_changed_once(&mut client);
}

#[test]
fn a_job_has_one_runner() {
    let database = TestDatabase::new();
    let mut keeper = database.client();
    create(&mut keeper);
    let running = stopped_at_the_gate(&mut keeper, database.client());
    let error = keeper.error(CALL);
    assert_eq!(error.code().code(), "IL010");
    assert_eq!(
        error.message(),
        format!(
            "backfill job 1 is being run by another session, process {}",
            running.pid()
        )
    );
    keeper.batch("SELECT pg_advisory_unlock_all()");
    running.finish().1.unwrap();
    each_row_was_changed_once(&mut keeper);
}

#[test]
fn two_sessions_that_begin_at_once_make_one_job() {
    let database = TestDatabase::new();
    let mut keeper = database.client();
    create(&mut keeper);
    // Both wait in front of the job table, neither sees a job.
    keeper.batch("BEGIN; LOCK interlock.backfill_job IN SHARE MODE");
    let (one, other) = (database.client().run(CALL), database.client().run(CALL));
    blocked(&mut keeper, one.pid());
    blocked(&mut keeper, other.pid());
    keeper.batch("SELECT pg_advisory_lock(4711); COMMIT");
    // The faster one stops at the gate, so the slower one finds its job being run.
    poll(DEADLINE, || (one.ended() || other.ended()).then_some(())).expect("one of the two gives way");
    keeper.batch("SELECT pg_advisory_unlock_all()");
    let failures: Vec<_> = [one.finish().1, other.finish().1]
        .into_iter()
        .filter_map(Result::err)
        .collect();
    let [failure] = &failures[..] else {
        panic!("one of the two must give way: {failures:?}")
    };
    assert_eq!(failure.code().unwrap().code(), "IL010", "{failure:?}");
    each_row_was_changed_once(&mut keeper);
}

#[test]
fn a_deleted_job_stops_its_runner() {
    let database = TestDatabase::new();
    let mut keeper = database.client();
    create(&mut keeper);
    let running = stopped_at_the_gate(&mut keeper, database.client());
    keeper.batch("DELETE FROM interlock.backfill_job; SELECT pg_advisory_unlock_all()");
    let failure = running.finish().1.unwrap_err();
    assert_eq!(failure.code().unwrap().code(), "IL010", "{failure:?}");
    assert_eq!(
        keeper.text("SELECT sum(n), max(id) FILTER (WHERE n = 1) FROM t"),
        "50|50"
    );
}

#[test]
fn with_other_settings_than_before() {
    let database = TestDatabase::new();
    let mut client = database.client();
    for (kind, value) in [
        (
            "timestamptz",
            "timestamptz '2024-02-03 01:00+00' + g * interval '1 day'",
        ),
        ("date", "date '2024-01-02' + g"),
        ("interval", "(g - 50) * interval '-1 month 3 days -04:05:06'"),
        ("float8", "g / 3.0::float8"),
        ("bytea", "decode(md5(g::text), 'hex')"),
    ] {
        client.batch(&format!(
            "DROP TABLE IF EXISTS t;
             CREATE TABLE t (id {kind} PRIMARY KEY, n int NOT NULL DEFAULT 0, bad bool NOT NULL DEFAULT false);
             INSERT INTO t SELECT {value} FROM generate_series(1, 100) AS g;
             UPDATE t SET bad = true WHERE id = (SELECT id FROM t ORDER BY id OFFSET 54 LIMIT 1)"
        ));
        let call = "CALL interlock.safe_backfill('t', 'n = n + 1 / (NOT bad)::int', batch_size => 10)";
        client.batch(
            "SET datestyle = 'SQL, DMY'; SET intervalstyle = 'sql_standard'; SET timezone = 'Asia/Kolkata';
             SET extra_float_digits = -15; SET bytea_output = 'escape'",
        );
        assert_eq!(client.error(call).code().code(), "22012");
        client.batch("UPDATE t SET bad = false; RESET ALL; SET datestyle = 'German, MDY'");
        client.batch(call);
        assert_eq!(
            client.text("SELECT min(n), max(n), count(*) FROM t"),
            "1|1|100",
            "{kind}"
        );
    }
}
