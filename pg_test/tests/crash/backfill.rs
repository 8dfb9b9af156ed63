//! Servers, workers and sessions are killed while a backfill runs. When it has ended, each row has changed exactly once.

use std::time::Duration;

use pg_test::{Client, Cluster, Stop, poll, until};

/// A batch is 10 rows and a rest.
const START: &str =
    "SELECT interlock.start_backfill('t', 'v = v + 1', batch_size => 10, pause => '20 ms', workers => 2)";
const START_BY_PLACE: &str = "ALTER TABLE t DROP CONSTRAINT t_pkey;
    SELECT interlock.start_backfill('t', 'v = v + 1', 'v = 0', batch_size => 10, pause => '20 ms', workers => 2)";
const START_SKIPPING: &str = "ALTER TABLE t ADD CHECK (id % 100 <> 7 OR v = 0);
    SELECT interlock.start_backfill('t', 'v = v + 1', batch_size => 10, pause => '20 ms', workers => 2, on_error => 'skip')";
const CALL: &str = "CALL interlock.safe_backfill('t', 'v = v + 1', batch_size => 10, pause => '20 ms')";
/// More than are done between two blows.
const ROWS_A_ROUND: usize = 4000;

/// A table whose changes a trigger counts in `n`.
pub fn create(client: &mut Client, rows: usize) {
    client.batch(&format!(
        "CREATE EXTENSION pg_interlock;
         CREATE TABLE t (id int PRIMARY KEY, v int NOT NULL DEFAULT 0, n int NOT NULL DEFAULT 0);
         INSERT INTO t SELECT g FROM generate_series(1, {rows}) AS g;
         CREATE FUNCTION count_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN new.n := old.n + 1; RETURN new; END';
         CREATE TRIGGER count_change BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION count_change();
         ANALYZE t; CHECKPOINT"
    ));
}

/// The job ends; every row has changed once, and the books say so.
pub fn ends_well(client: &mut Client, rows: usize) {
    until(client, "SELECT state = 'finished' FROM interlock.backfill_progress");
    assert_eq!(
        client.text("SELECT v, n, count(*) FROM t GROUP BY v, n"),
        format!("1|1|{rows}")
    );
    assert_eq!(
        client.text("SELECT rows_changed, rows_scanned, rows_skipped FROM interlock.backfill_progress"),
        format!("{rows}|{rows}|0")
    );
    assert_eq!(
        client.text("SELECT count(*) FROM interlock.backfill_checkpoint WHERE NOT done"),
        "0"
    );
}

/// The same by place and with a condition, where rows are read more than once.
fn ends_well_by_place(client: &mut Client, rows: usize) {
    until(client, "SELECT state = 'finished' FROM interlock.backfill_progress");
    assert_eq!(
        client.text("SELECT v, n, count(*) FROM t GROUP BY v, n"),
        format!("1|1|{rows}")
    );
    assert_eq!(
        client.text(
            "SELECT rows_changed, (SELECT verified FROM interlock.backfill_job) FROM interlock.backfill_progress"
        ),
        format!("{rows}|t")
    );
}

/// Rows that cannot be changed are written down once each; the others have changed.
fn ends_well_but_for_some(client: &mut Client, rows: usize) {
    until(client, "SELECT state = 'finished' FROM interlock.backfill_progress");
    let (bad, good) = (rows / 100, rows - rows / 100);
    assert_eq!(
        client.text("SELECT v, n, count(*), count(*) FILTER (WHERE id % 100 = 7) FROM t GROUP BY v, n ORDER BY v"),
        format!("0|0|{bad}|{bad}\n1|1|{good}|0")
    );
    assert_eq!(
        client.text("SELECT rows_changed, rows_skipped FROM interlock.backfill_progress"),
        format!("{good}|{bad}")
    );
    assert_eq!(
        client.text("SELECT count(*), count(DISTINCT key_text) FROM interlock.backfill_error WHERE skipped AND sqlstate = '23514'"),
        format!("{bad}|{bad}")
    );
}

/// Waits until the job has come further than `before`, and for a random moment more; returns a process that runs it, or
/// none if the job has ended.
fn at_work(client: &mut Client, before: &mut i64) -> Option<i32> {
    loop {
        until(
            client,
            &format!(
                "SELECT count(*) > 0 FROM interlock.backfill_progress
                  WHERE state = 'finished' OR rows_changed > {before} AND pid IS NOT NULL"
            ),
        );
        let jitter = rand::random::<u64>() % 8000;
        std::thread::sleep(Duration::from_micros(jitter)); // the moment is to be a random one
        let row = &client.query(
            "SELECT rows_changed, pid, state = 'finished' FROM interlock.backfill_progress",
            &[],
        )[0];
        let pid: Option<i32> = row.get(1);
        // Whoever was struck before may have gone only now.
        if pid.is_some() || row.get(2) {
            *before = row.get(0);
            return pid;
        }
    }
}

/// Strikes so often while the job runs in the background; it goes on by itself each time.
fn struck(rounds: usize, strike: fn(&mut Cluster, i32)) {
    struck_in(START, rounds, strike, ends_well);
}

fn struck_in(start: &str, rounds: usize, strike: fn(&mut Cluster, i32), ends_well: fn(&mut Client, usize)) {
    let rows = ROWS_A_ROUND * rounds;
    let mut cluster = Cluster::start(&[]);
    let mut client = cluster.connect("postgres");
    create(&mut client, rows);
    start.split(';').for_each(|sql| client.batch(sql));
    let (mut before, mut strikes) = (0, 0);
    while strikes < rounds
        && let Some(pid) = at_work(&mut client, &mut before)
    {
        drop(client);
        strike(&mut cluster, pid);
        strikes += 1;
        client = cluster.connect("postgres");
    }
    assert!(strikes > rounds / 2, "only {strikes} of {rounds}");
    if let Err(error) = client.try_batch("SELECT interlock.set_backfill_options(1, pause => '0')") {
        eprintln!("it has ended: {error}");
    }
    ends_well(&mut client, rows);
}

fn kill_the_worker(cluster: &mut Cluster, pid: i32) {
    cluster.kill_backend(pid);
}

fn kill_the_server(cluster: &mut Cluster, _worker: i32) {
    cluster.kill_postmaster();
    cluster.start_again();
}

fn stop_at_once(cluster: &mut Cluster, _worker: i32) {
    cluster.restart(Stop::Immediate);
}

fn restart(cluster: &mut Cluster, _worker: i32) {
    cluster.restart(Stop::Fast);
}

fn terminate_the_worker(cluster: &mut Cluster, pid: i32) {
    cluster
        .connect("postgres")
        .batch(&format!("SELECT pg_terminate_backend({pid}, 60000)"));
}

/// The session that runs the job is struck so often, and the job called again each time.
fn session_killed(rounds: usize) {
    let rows = ROWS_A_ROUND * rounds;
    let mut cluster = Cluster::start(&[]);
    let mut client = cluster.connect("postgres");
    create(&mut client, rows);
    let mut before = 0;
    for _ in 0..rounds {
        let running = client.run(CALL);
        let mut watcher = cluster.connect("postgres");
        assert_eq!(at_work(&mut watcher, &mut before), Some(running.pid()));
        drop(watcher);
        cluster.kill_backend(running.pid());
        running.finish().1.unwrap_err();
        client = cluster.connect("postgres");
        assert_eq!(
            client.text("SELECT state FROM interlock.backfill_progress"),
            "interrupted"
        );
    }
    client.batch(CALL);
    ends_well(&mut client, rows);
}

#[test]
fn a_worker_is_killed() {
    struck(3, kill_the_worker);
}

#[test]
fn the_server_is_killed_under_a_backfill() {
    struck(3, kill_the_server);
}

#[test]
fn the_server_is_restarted_under_a_backfill() {
    struck(2, restart);
}

#[test]
fn the_server_is_stopped_at_once_under_a_backfill() {
    struck(2, stop_at_once);
}

#[test]
fn the_server_is_killed_under_a_backfill_by_place() {
    struck_in(START_BY_PLACE, 2, kill_the_server, ends_well_by_place);
}

#[test]
fn a_worker_that_skips_rows_is_killed() {
    struck_in(START_SKIPPING, 2, kill_the_worker, ends_well_but_for_some);
}

/// A crash empties an unlogged table, and the job has nothing more to do.
#[test]
fn a_crash_empties_the_table() {
    let mut cluster = Cluster::start(&[]);
    let mut client = cluster.connect("postgres");
    create(&mut client, ROWS_A_ROUND);
    client.batch("ALTER TABLE t SET UNLOGGED");
    client.batch(START);
    assert!(at_work(&mut client, &mut 0).is_some(), "it was over too soon");
    drop(client);
    kill_the_server(&mut cluster, 0);
    let mut client = cluster.connect("postgres");
    until(
        &mut client,
        "SELECT state = 'finished' FROM interlock.backfill_progress",
    );
    assert_eq!(client.text("SELECT count(*) FROM t"), "0");
}

#[test]
fn a_worker_is_terminated() {
    struck(4, terminate_the_worker);
}

#[test]
fn a_session_with_a_backfill_is_killed() {
    session_killed(2);
}

/// A batch that crashes the server is not begun for ever.
#[test]
fn what_crashes_the_server_is_given_up() {
    let cluster = Cluster::start(&[]);
    let mut client = cluster.connect("postgres");
    create(&mut client, 100);
    client.batch(
        "CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN COPY (SELECT 1) TO PROGRAM 'kill -9 $PPID'; RETURN new; END $$;
         CREATE TRIGGER crash BEFORE UPDATE ON t FOR EACH ROW WHEN (new.id = 55) EXECUTE FUNCTION crash()",
    );
    client.batch(START);
    let logged = |cluster: &Cluster, what| cluster.log().matches(what).count();
    let crashes = |cluster: &Cluster| logged(cluster, "was terminated by signal 9");
    poll(Duration::from_secs(120), || {
        (crashes(&cluster) == 5 && logged(&cluster, "ready to accept connections") == 6).then_some(())
    })
    .expect("five workers try it");
    let mut client = cluster.connect("postgres");
    until(&mut client, "SELECT state = 'failed' FROM interlock.backfill_progress");
    assert_eq!(
        client.text("SELECT last_sqlstate, last_error FROM interlock.backfill_progress"),
        "57P02|5 workers in a row were lost in the same batch, or the server with them"
    );
    client.batch("DROP TRIGGER crash ON t; SELECT interlock.retry_backfill(1)");
    ends_well(&mut client, 100);
    assert_eq!(crashes(&cluster), 5);
}

#[test]
fn pg_upgrade_is_left_alone() {
    let mut cluster = Cluster::start(&[]);
    let mut client = cluster.connect("postgres");
    create(&mut client, ROWS_A_ROUND);
    client.batch(START);
    cluster.stop(Stop::Fast);
    cluster.start_again_with(&["-b"]);
    let mut client = cluster.connect("postgres");
    assert_eq!(client.text("SELECT interlock._has_launcher()"), "f");
    cluster.restart(Stop::Fast);
    ends_well(&mut cluster.connect("postgres"), ROWS_A_ROUND);
}

#[test]
#[ignore = "long"]
fn workers_are_killed_for_long() {
    struck(100, kill_the_worker);
}

#[test]
#[ignore = "long"]
fn the_server_is_killed_under_a_backfill_for_long() {
    struck(100, kill_the_server);
}

#[test]
#[ignore = "long"]
fn the_server_is_stopped_at_once_under_a_backfill_for_long() {
    struck(100, stop_at_once);
}

#[test]
#[ignore = "long"]
fn jobs_of_other_kinds_are_killed_for_long() {
    struck_in(START_BY_PLACE, 100, kill_the_server, ends_well_by_place);
    struck_in(START_SKIPPING, 100, kill_the_worker, ends_well_but_for_some);
}

#[test]
#[ignore = "long"]
fn the_server_is_restarted_under_a_backfill_for_long() {
    struck(50, restart);
}

#[test]
#[ignore = "long"]
fn workers_are_terminated_for_long() {
    struck(200, terminate_the_worker);
}

#[test]
#[ignore = "long"]
fn sessions_with_a_backfill_are_killed_for_long() {
    session_killed(50);
}
