//! Jobs that workers run: started, watched, paused, resumed, cancelled, tried again.

use pg_test::{Client, TestDatabase, until};

/// The advisory lock at which the changing of row 55 waits.
const GATE: &str = "4711";
const START: &str = "SELECT interlock.start_backfill('t', 'v = v + 1', batch_size => 10)";

/// A table of 100 rows. A trigger counts the changes of each row in `n`, and waits at the gate before row 55.
pub fn create(client: &mut Client) {
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
         CREATE TRIGGER count_change BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION count_change();
         GRANT SELECT, UPDATE ON t TO PUBLIC"
    ));
}

pub fn state(client: &mut Client) -> String {
    client.text("SELECT state, rows_changed FROM interlock.backfill_progress")
}

/// Starts a job and returns while its worker waits in the batch of row 55, with five batches done.
pub fn stopped_at_the_gate(keeper: &mut Client) {
    keeper.batch(&format!("SELECT pg_advisory_lock({GATE}); {START}"));
    at_the_gate(keeper);
    assert_eq!(state(keeper), "running|50");
}

fn at_the_gate(keeper: &mut Client) {
    until(
        keeper,
        "SELECT coalesce(bool_or(cardinality(pg_blocking_pids(pid)) > 0), false) FROM interlock.backfill_progress",
    );
}

pub fn open_the_gate(keeper: &mut Client) {
    keeper.batch("SELECT pg_advisory_unlock_all()");
}

pub fn each_row_was_changed_once(client: &mut Client) {
    assert_eq!(client.text("SELECT v, n, count(*) FROM t GROUP BY v, n"), "1|1|100");
    until(client, "SELECT pid IS NULL FROM interlock.backfill_progress");
    assert_eq!(state(client), "finished|100");
}

#[test]
fn a_worker_begins_at_commit_and_works_as_the_role_that_asked() {
    let mut database = TestDatabase::new();
    let role = database.role("app");
    let mut owner = database.client();
    create(&mut owner);
    owner.batch("ALTER TABLE t ADD COLUMN who text");
    let mut app = database.client_as(&role);
    app.batch("BEGIN; SELECT interlock.start_backfill('t', 'v = 1, who = session_user || current_user'); ROLLBACK");
    assert_eq!(owner.text("SELECT count(*) FROM interlock.backfill_job"), "0");
    app.batch("SELECT interlock.start_backfill('t', 'v = v + 1, who = session_user || '' '' || current_user')");
    app.batch("CALL interlock.wait_for_backfill(2)");
    let notices: Vec<_> = app.notices().iter().map(|notice| notice.message().to_owned()).collect();
    assert!(
        notices
            .iter()
            .any(|text| text.starts_with("backfill job 2 has finished: 100 rows changed")),
        "{notices:?}"
    );
    assert_eq!(
        owner.text("SELECT who, count(*) FROM t GROUP BY who"),
        format!("{role} {role}|100")
    );
    each_row_was_changed_once(&mut owner);
    assert_eq!(
        owner.text("SELECT event, by_role FROM interlock.backfill_event ORDER BY id"),
        format!("created|{role}\nfinished|{role}")
    );
}

#[test]
fn the_settings_of_the_session_give_the_text_its_meaning() {
    let database = TestDatabase::new();
    let mut client = database.client();
    create(&mut client);
    client.batch(
        "ALTER TABLE t ADD COLUMN at timestamptz, ADD COLUMN day date;
         CREATE SCHEMA app; CREATE FUNCTION app.seven() RETURNS int LANGUAGE sql AS 'SELECT 7';
         SET search_path = app, public; SET timezone = 'Asia/Kolkata'; SET datestyle = 'SQL, DMY';
         SELECT interlock.start_backfill('t', $$v = seven(), at = '2024-05-01 12:00', day = '02/03/2004'$$)",
    );
    client.batch("CALL interlock.wait_for_backfill(1)");
    client.batch("RESET ALL; SET timezone = 'UTC'");
    assert_eq!(
        client.text("SELECT DISTINCT v, at, day FROM t"),
        "7|2024-05-01 06:30:00+00|2004-03-02"
    );
}

#[test]
fn paused_and_resumed() {
    let database = TestDatabase::new();
    let mut keeper = database.client();
    create(&mut keeper);
    stopped_at_the_gate(&mut keeper);
    keeper.batch("SELECT interlock.pause_backfill(1)");
    open_the_gate(&mut keeper);
    until(&mut keeper, "SELECT pid IS NULL FROM interlock.backfill_progress");
    assert_eq!(state(&mut keeper), "paused|60", "the batch that was under way is done");
    keeper.batch("SELECT interlock.resume_backfill(1)");
    keeper.batch("CALL interlock.wait_for_backfill(1)");
    each_row_was_changed_once(&mut keeper);
    assert_eq!(
        keeper.text("SELECT event FROM interlock.backfill_event ORDER BY id"),
        "created\npaused\nresumed\nfinished"
    );
}

#[test]
fn paused_by_cancelling_its_worker_and_gone_on_with_in_a_session() {
    let database = TestDatabase::new();
    let mut keeper = database.client();
    create(&mut keeper);
    stopped_at_the_gate(&mut keeper);
    keeper.batch("SELECT pg_cancel_backend(pid) FROM interlock.backfill_progress");
    until(
        &mut keeper,
        "SELECT pid IS NULL AND state = 'paused' FROM interlock.backfill_progress",
    );
    assert_eq!(state(&mut keeper), "paused|50");
    open_the_gate(&mut keeper);
    keeper.batch("CALL interlock.safe_backfill('t', 'v = v + 1', batch_size => 10)");
    each_row_was_changed_once(&mut keeper);
}

#[test]
fn a_session_stops_and_a_worker_goes_on() {
    let database = TestDatabase::new();
    let mut keeper = database.client();
    create(&mut keeper);
    keeper.batch(&format!("SELECT pg_advisory_lock({GATE})"));
    let running = database
        .client()
        .run("CALL interlock.safe_backfill('t', 'v = v + 1', batch_size => 10)");
    at_the_gate(&mut keeper);
    assert_eq!(
        keeper.error("SELECT interlock.resume_backfill(1)").message(),
        format!(
            "backfill job 1 is being run by another session, process {}",
            running.pid()
        )
    );
    keeper.batch(&format!("SELECT pg_cancel_backend({})", running.pid()));
    running.finish().1.unwrap_err();
    assert_eq!(state(&mut keeper), "paused|50");
    keeper.batch("SELECT interlock.resume_backfill(1)");
    open_the_gate(&mut keeper);
    keeper.batch("CALL interlock.wait_for_backfill(1)");
    each_row_was_changed_once(&mut keeper);
}

#[test]
fn a_terminated_worker_comes_back() {
    let database = TestDatabase::new();
    let mut keeper = database.client();
    create(&mut keeper);
    stopped_at_the_gate(&mut keeper);
    let pid: i32 = keeper.one("SELECT pid FROM interlock.backfill_progress");
    keeper.batch(&format!("SELECT pg_terminate_backend({pid})"));
    until(
        &mut keeper,
        &format!(
            "SELECT pid <> {pid} FROM interlock.backfill_progress WHERE pid IS NOT NULL UNION ALL SELECT false LIMIT 1"
        ),
    );
    open_the_gate(&mut keeper);
    keeper.batch("CALL interlock.wait_for_backfill(1)");
    each_row_was_changed_once(&mut keeper);
}

#[test]
fn cancelled() {
    let database = TestDatabase::new();
    let mut keeper = database.client();
    create(&mut keeper);
    stopped_at_the_gate(&mut keeper);
    keeper.batch("SELECT interlock.cancel_backfill(1)");
    open_the_gate(&mut keeper);
    until(&mut keeper, "SELECT pid IS NULL FROM interlock.backfill_progress");
    assert_eq!(state(&mut keeper), "cancelled|60");
    assert_eq!(
        keeper.text("SELECT interlock.purge_backfills('1 hour'), interlock.purge_backfills('0')"),
        "0|1"
    );
    assert_eq!(keeper.text("SELECT count(*) FROM interlock.backfill_event"), "0");
}

#[test]
fn failed_and_tried_again() {
    let database = TestDatabase::new();
    let mut client = database.client();
    create(&mut client);
    client.batch(&format!(
        "ALTER TABLE t ADD CONSTRAINT broken CHECK (id <> 25 OR v = 0); {START}"
    ));
    let error = client.error("CALL interlock.wait_for_backfill(1)");
    assert_eq!(error.code().code(), "IL010");
    assert_eq!(
        error.message(),
        "backfill job 1 has failed: new row for relation \"t\" violates check constraint \"broken\""
    );
    assert_eq!(error.detail(), Some("SQLSTATE 23514, at the row with (id) = (25)."));
    assert_eq!(
        client.text(
            "SELECT p.state, rows_changed, last_error_key, constraint_name, e.key, e.detail LIKE 'Failing row contains (25,%'
               FROM interlock.backfill_progress AS p JOIN interlock.backfill_error AS e USING (job_id)"
        ),
        "failed|24|(id) = (25)|broken|[\"25\"]|t"
    );
    assert_eq!(
        client.error("SELECT interlock.resume_backfill(1)").message(),
        "cannot resume backfill job 1, because it is failed"
    );
    client.batch("ALTER TABLE t DROP CONSTRAINT broken; SELECT interlock.retry_backfill(1)");
    client.batch("CALL interlock.wait_for_backfill(1)");
    each_row_was_changed_once(&mut client);
    assert_eq!(client.text("SELECT count(*) FROM interlock.backfill_error"), "0");
}

#[test]
fn options_are_changed_while_it_runs() {
    let database = TestDatabase::new();
    let mut keeper = database.client();
    create(&mut keeper);
    stopped_at_the_gate(&mut keeper);
    keeper.batch("SELECT interlock.set_backfill_options(1, batch_size => 20, pause => '1 ms', options => '{\"lock_timeout\": \"5s\"}')");
    open_the_gate(&mut keeper);
    keeper.batch("CALL interlock.wait_for_backfill(1)");
    each_row_was_changed_once(&mut keeper);
    assert_eq!(
        keeper.text(
            "SELECT batch, pause, options FROM interlock.backfill_job JOIN interlock.backfill_checkpoint ON job_id = id"
        ),
        "9|00:00:00.001|{\"lock_timeout\": \"5s\"}"
    );
    for (call, message) in [
        (
            "1, workers => 2",
            "cannot change backfill job 1, because it is finished",
        ),
        ("2", "backfill job 2 does not exist"),
        ("NULL", "job_id must not be null"),
    ] {
        let error = keeper.error(&format!("SELECT interlock.set_backfill_options({call})"));
        assert_eq!(error.message(), message);
    }
}

#[test]
fn what_makes_no_sense() {
    let database = TestDatabase::new();
    let mut client = database.client();
    create(&mut client);
    for (arguments, expected) in [
        (
            "'t', 'n = 1', workers => 0",
            "22023 workers must be between 1 and 64, but is 0",
        ),
        (
            "'t', 'n = 1', on_error => 'x'",
            "22023 on_error must be \"stop\" or \"skip\", but is \"x\"",
        ),
        ("'t', 'n = 1', options => '[]'", "22023 options must be a JSON object"),
        (
            "'t', 'n = 1', options => '{\"x\": 1}'",
            "22023 unrecognized option \"x\"",
        ),
        (
            "'t', 'n = 1', hold_query => 'SELECT 1'",
            "42883 function pg_catalog.bool_or(integer) does not exist",
        ),
        ("'t', 'x = 1'", "42703 column \"x\" of relation \"t\" does not exist"),
    ] {
        let error = client.error(&format!("SELECT interlock.start_backfill({arguments})"));
        let message = format!("{} {}", error.code().code(), error.message());
        assert_eq!(message, expected, "{arguments}");
    }
    client.batch("CREATE TEMP TABLE u (id int PRIMARY KEY, n int)");
    let error = client.error("SELECT interlock.start_backfill('u', 'n = 1')");
    assert!(
        error.message().starts_with("cannot backfill temporary table"),
        "{error}"
    );
    assert_eq!(client.text("SELECT count(*) FROM interlock.backfill_job"), "0");
    for function in ["pause", "resume", "cancel", "retry"] {
        let error = client.error(&format!("SELECT interlock.{function}_backfill(7)"));
        assert_eq!(error.code().code(), "IL010");
        assert_eq!(error.message(), "backfill job 7 does not exist");
    }
    let error = client.error("BEGIN; CALL interlock.wait_for_backfill(7)");
    assert_eq!(
        error.message(),
        "wait_for_backfill cannot run inside a transaction block"
    );
}

#[test]
fn a_second_job_of_the_same_kind_and_a_wait_that_is_too_short() {
    let database = TestDatabase::new();
    let mut keeper = database.client();
    create(&mut keeper);
    stopped_at_the_gate(&mut keeper);
    let error = keeper.error(START);
    assert_eq!(error.code().code(), "IL010");
    assert_eq!(error.message(), "backfill job 1 does the same and is running");
    let error = keeper.error("CALL interlock.safe_backfill('t', 'v = v + 1')");
    assert!(
        error
            .message()
            .starts_with("backfill job 1 is being run by another session"),
        "{error}"
    );
    let error = keeper.error("CALL interlock.wait_for_backfill(1, '10 ms')");
    assert_eq!(error.message(), "backfill job 1 has not finished within 00:00:00.01");
    open_the_gate(&mut keeper);
    keeper.batch("CALL interlock.wait_for_backfill(1)");
    each_row_was_changed_once(&mut keeper);
}

/// A role of somebody's else may neither see nor steer a job.
#[test]
fn jobs_are_steered_by_their_owners() {
    let mut database = TestDatabase::new();
    let stranger = database.role("stranger");
    let mut keeper = database.client();
    create(&mut keeper);
    stopped_at_the_gate(&mut keeper);
    let mut stranger = database.client_as(&stranger);
    for call in [
        "pause_backfill(1)",
        "cancel_backfill(1)",
        "set_backfill_options(1)",
        "retry_backfill(1)",
    ] {
        let error = stranger.error(&format!("SELECT interlock.{call}"));
        assert_eq!(error.message(), "backfill job 1 does not exist", "{call}");
    }
    for sql in [
        "TABLE interlock.backfill_event",
        "TABLE interlock.backfill_error",
        "TABLE interlock.backfill_checkpoint",
    ] {
        assert_eq!(stranger.text(sql), "");
    }
    assert_eq!(
        stranger.error("SELECT interlock._wanted_workers(1)").code().code(),
        "42501",
        "who connects as whom is nobody's business"
    );
    open_the_gate(&mut keeper);
}

/// In a SECURITY DEFINER function the job is its owner's, session user included.
#[test]
fn a_definer_function_lends_nobody_the_rights_of_its_caller() {
    let mut database = TestDatabase::new();
    let role = database.role("app");
    let mut owner = database.client();
    create(&mut owner);
    owner.batch(&format!("GRANT CREATE ON SCHEMA public TO {role}"));
    database.client_as(&role).batch(
        "CREATE FUNCTION start() RETURNS bigint LANGUAGE sql SECURITY DEFINER
         AS $$SELECT interlock.start_backfill('t', 'v = 1')$$",
    );
    owner.batch("SELECT start()");
    owner.batch("CALL interlock.wait_for_backfill(1)");
    assert_eq!(
        owner.text("SELECT owner, asker FROM interlock.backfill_job"),
        format!("{role}|{role}")
    );
}
