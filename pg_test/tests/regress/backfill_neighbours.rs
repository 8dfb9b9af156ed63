//! What other transactions do to the table while a backfill runs, and what surrounds the caller.

use pg_test::{Client, Running, TestDatabase, blocked};

/// The advisory lock at which the changing of row 55 waits.
const GATE: &str = "4711";

/// A table of 100 rows with even keys up to 200 and a gap around zero; `n` counts the changes.
fn create(client: &mut Client) {
    client.batch(&format!(
        "CREATE TABLE t (id int PRIMARY KEY, v text, n int NOT NULL DEFAULT 0);
         INSERT INTO t SELECT 2 * g FROM generate_series(1, 100) AS g;
         CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 AS $$
             BEGIN
                 IF new.id = 110 THEN PERFORM pg_advisory_xact_lock_shared({GATE}); END IF;
                 RETURN new;
             END $$;
         CREATE TRIGGER gate BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION gate();
         SELECT pg_advisory_lock({GATE})"
    ));
}

/// Begins a backfill and returns while it waits in the batch of row 110, with all keys up to 100 done.
fn stopped_at_the_gate(database: &TestDatabase, keeper: &mut Client, arguments: &str) -> Running {
    let running = database.client().run(&format!(
        "CALL interlock.safe_backfill('t', {arguments}, batch_size => 10)"
    ));
    blocked(keeper, running.pid());
    running
}

/// The text of the last notice, with its detail.
fn farewell(client: &mut Client) -> String {
    let last = client.notices().pop().expect("a backfill says goodbye");
    format!(
        "{}: {}\n{}",
        last.severity(),
        last.message(),
        last.detail().unwrap_or_default()
    )
}

#[test]
fn rows_inserted_and_moved_meanwhile_are_swept_up() {
    let database = TestDatabase::new();
    let mut keeper = database.client();
    create(&mut keeper);
    let running = stopped_at_the_gate(&database, &mut keeper, "$$v = 'x', n = n + 1$$, 'v IS NULL'");
    keeper.batch(
        "INSERT INTO t VALUES (-5), (1), (151), (1001);      -- behind, ahead, and above the upper key
         UPDATE t SET id = 3 WHERE id = 160;                 -- moved behind
         UPDATE t SET id = 1003 WHERE id = 162;              -- moved above
         UPDATE t SET id = 171 WHERE id = 20;                -- done, and moved ahead: not to be changed again
         UPDATE t SET v = NULL, n = 0 WHERE id = 30;         -- undone
         UPDATE t SET v = 'y' WHERE id = 180;                -- done by somebody else
         DELETE FROM t WHERE id IN (40, 200);
         SELECT pg_advisory_unlock_all()",
    );
    let (mut client, outcome) = running.finish();
    outcome.unwrap();
    assert_eq!(
        keeper.text("SELECT v, n, count(*) FROM t GROUP BY v, n ORDER BY v, n"),
        "x|1|101\ny|0|1"
    );
    let farewell = farewell(&mut client);
    assert!(
        farewell.starts_with("NOTICE: ") && farewell.contains("read again, and no row matched"),
        "{farewell}"
    );
    assert_eq!(keeper.text("SELECT pass FROM interlock.backfill_progress"), "3");
}

#[test]
fn without_a_condition_rows_are_visited_once_up_to_the_upper_key() {
    let database = TestDatabase::new();
    let mut keeper = database.client();
    create(&mut keeper);
    let running = stopped_at_the_gate(&database, &mut keeper, "'n = n + 1'");
    keeper.batch("INSERT INTO t VALUES (-5), (151), (1001); SELECT pg_advisory_unlock_all()");
    running.finish().1.unwrap();
    assert_eq!(
        keeper.text("SELECT id, n FROM t WHERE id % 2 <> 0 ORDER BY id"),
        "-5|0\n151|1\n1001|0"
    );
    assert_eq!(keeper.text("SELECT DISTINCT n FROM t WHERE id % 2 = 0"), "1");
}

#[test]
fn a_condition_that_stays_true_is_applied_once() {
    let database = TestDatabase::new();
    let mut keeper = database.client();
    create(&mut keeper);
    let running = stopped_at_the_gate(&database, &mut keeper, "'n = n + 1', 'n < 2'");
    keeper.batch("INSERT INTO t VALUES (-5), (1001); SELECT pg_advisory_unlock_all()");
    let (mut client, outcome) = running.finish();
    outcome.unwrap();
    assert_eq!(
        keeper.text("SELECT n, count(*) FROM t GROUP BY n ORDER BY n"),
        "0|2\n1|100"
    );
    let farewell = farewell(&mut client);
    assert!(
        farewell.contains("100 of the changed rows match the condition still"),
        "{farewell}"
    );
}

#[test]
fn rows_that_a_trigger_keeps_from_changing_are_reported() {
    let database = TestDatabase::new();
    let mut client = database.client();
    create(&mut client);
    client.batch(
        "SELECT pg_advisory_unlock_all();
         CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$;
         CREATE TRIGGER keep BEFORE UPDATE ON t FOR EACH ROW WHEN (old.id IN (8, 10)) EXECUTE FUNCTION keep()",
    );
    client.batch("CALL interlock.safe_backfill('t', $$v = 'x'$$, 'v IS NULL')");
    let farewell = farewell(&mut client);
    assert!(
        farewell.starts_with("WARNING: ") && farewell.contains("98 rows changed"),
        "{farewell}"
    );
    assert!(farewell.contains("2 rows match the condition still"), "{farewell}");
}

#[test]
fn it_evaluates_with_the_search_path_of_the_caller_and_is_not_misled_by_it() {
    let database = TestDatabase::new();
    let mut client = database.client();
    create(&mut client);
    client.batch(
        "SELECT pg_advisory_unlock_all();
         CREATE SCHEMA app; CREATE SCHEMA evil;
         CREATE FUNCTION app.value_of(id int) RETURNS text LANGUAGE plpgsql AS $$BEGIN RETURN word FROM word LIMIT 1; END$$;
         CREATE TABLE app.word AS SELECT 'from app' AS word;
         CREATE FUNCTION evil.no(bigint, bigint) RETURNS bool LANGUAGE sql AS 'SELECT false';
         CREATE OPERATOR evil.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = evil.no);
         CREATE OPERATOR evil.> (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = evil.no);
         CREATE FUNCTION evil.count(anyelement) RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint';
         CREATE FUNCTION evil.format(text, VARIADIC text[]) RETURNS text LANGUAGE sql AS $$SELECT 'evil'::text$$;
         CREATE FUNCTION evil.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$SELECT timestamptz 'infinity'$$;
         CREATE TABLE evil.t AS TABLE t;
         SET search_path = app, evil, pg_catalog, public",
    );
    client.batch(
        "CALL interlock.safe_backfill('public.t', 'v = value_of(t.id)', 'public.t.v IS NULL', batch_size => 30)",
    );
    assert_eq!(
        client.text("SELECT v, count(*) FROM public.t GROUP BY v"),
        "from app|100"
    );
    assert_eq!(
        client.text("SELECT state, rows_changed, pass FROM interlock.backfill_progress"),
        "finished|100|2"
    );
}

#[test]
fn row_level_security_of_the_table_holds() {
    let mut database = TestDatabase::new();
    let role = database.role("app");
    let mut owner = database.client();
    create(&mut owner);
    owner.batch(&format!(
        "SELECT pg_advisory_unlock_all();
         ALTER TABLE t ENABLE ROW LEVEL SECURITY;
         CREATE POLICY low ON t USING (id <= 50);
         GRANT SELECT, UPDATE ON t TO {role}"
    ));
    database
        .client_as(&role)
        .batch("CALL interlock.safe_backfill('t', $$v = 'x'$$, 'v IS NULL')");
    assert_eq!(owner.text("SELECT count(*), max(id) FROM t WHERE v = 'x'"), "25|50");
}
