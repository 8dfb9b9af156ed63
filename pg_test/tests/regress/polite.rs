//! Locks that others would have to wait behind are obtained by short attempts, or the statement fails and says why.

use std::time::Duration;

use pg_test::{Client, Cluster, TestDatabase, blocked, poll, until};

use crate::support::{big_table, code, database, locks_on, refused};

/// `orders` is big; sessions try for `wait` to lock it.
fn shop(wait: &str) -> (TestDatabase, Client) {
    let database = database();
    let mut client = database.client();
    big_table(&mut client, "orders");
    client.batch(&format!(
        "ALTER DATABASE {0} SET pg_interlock.lock_wait_timeout = '{wait}';
         ALTER DATABASE {0} SET pg_interlock.lock_attempt_timeout = '20ms'",
        database.name()
    ));
    (database, client)
}

const CHEAP: &str = "ALTER TABLE orders ADD COLUMN note text";

#[test]
fn who_is_in_the_way_is_named() {
    let (database, mut reader) = shop("100ms");
    reader.batch("SET application_name = 'a report'; BEGIN; SELECT count(*) FROM orders");
    let mut client = database.client();
    let error = refused(&mut client, CHEAP, "IL006");
    assert_eq!(
        error.message(),
        "ALTER TABLE could not lock table \"public.orders\" without making others wait"
    );
    let (detail, hint) = (error.detail().expect("a detail"), error.hint().expect("a hint"));
    let pid = reader.pid();
    for word in [
        "AccessExclusiveLock was tried for ",
        " s by short attempts.",
        &format!("process {pid} (postgres, \"a report\", idle in transaction, in a transaction for "),
        "holds AccessShareLock, query since 20",
        ": SET application_name = 'a report'; BEGIN; SELECT count(*) FROM orders",
    ] {
        assert!(detail.contains(word), "{word}\n{detail}");
    }
    assert!(hint.contains(&format!("SELECT pg_terminate_backend({pid})")), "{hint}");
    assert_eq!(error.table(), Some("orders"));
    assert_eq!(locks_on(&mut client, "public"), "");
    assert_eq!(
        client.text(
            "SELECT decision, outcome, rule, sqlstate, relation, lock_mode, blockers -> 0 ->> 'application_name',
                    (blockers -> 0 ->> 'pid')::int
             FROM interlock.decision_log WHERE rule = 'lock-wait'"
        ),
        format!("reject|rejected|lock-wait|IL006|public.orders|AccessExclusiveLock|a report|{pid}")
    );
    reader.batch("COMMIT");
    client.batch(CHEAP);
}

/// Whoever came while the statement waited is let in when it gives up, and has held up nobody.
#[test]
fn who_came_later_is_not_named() {
    let (database, mut reader) = shop("0");
    reader.batch("BEGIN; SELECT count(*) FROM orders");
    let mut client = database.client();
    client.batch("SET pg_interlock.lock_attempt_timeout = '10s'");
    let newcomer = database.client();
    let waiting = client.run(CHEAP);
    blocked(&mut reader, waiting.pid());
    let newcomer = newcomer.run("BEGIN; SELECT count(*) FROM orders");
    blocked(&mut reader, newcomer.pid());
    let error = waiting.finish().1.expect_err("the reader is in the way");
    let detail = error.as_db_error().and_then(|error| error.detail()).expect("a detail");
    assert!(
        detail.contains(&format!("In the way: process {} ", reader.pid())),
        "{detail}"
    );
    assert!(!detail.contains(&format!("process {} ", newcomer.pid())), "{detail}");
    newcomer.finish().1.expect("it is let in");
}

#[test]
fn it_gets_through_when_the_way_is_free() {
    let (database, mut reader) = shop("60s");
    reader.batch("BEGIN; SELECT count(*) FROM orders");
    let waiting = database.client().run(CHEAP);
    blocked(&mut reader, waiting.pid());
    reader.batch("COMMIT");
    let (mut client, outcome) = waiting.finish();
    outcome.expect("the reader is done");
    assert_eq!(client.one::<i64>("SELECT count(note) FROM orders"), 0);
}

#[test]
fn others_go_on_between_the_attempts() {
    let (database, mut reader) = shop("60s");
    reader.batch("BEGIN; SELECT count(*) FROM orders");
    let waiting = database.client().run(CHEAP);
    blocked(&mut reader, waiting.pid());
    let mut other = database.client();
    // Unguarded, each of these would wait until the reader ends.
    for _ in 0..20 {
        other.batch("SELECT count(*) FROM orders");
    }
    assert!(!waiting.ended());
    reader.batch("COMMIT");
    waiting.finish().1.expect("the reader is done");
}

#[test]
fn a_transaction_that_holds_others_up_tries_once() {
    let (database, mut reader) = shop("1h");
    reader.batch("CREATE TABLE small (id int)");
    reader.batch("BEGIN; SELECT count(*) FROM orders");
    let mut client = database.client();
    client.batch("BEGIN; ALTER TABLE small ADD a int");
    let error = refused(&mut client, CHEAP, "IL006");
    let detail = error.detail().expect("a detail");
    assert!(
        detail.starts_with("AccessExclusiveLock was tried once, because the transaction already holds locks"),
        "{detail}"
    );
    client.batch("ROLLBACK");
    // What nobody else can see holds nobody up.
    client.batch("BEGIN; CREATE TABLE fresh (a int); CREATE INDEX ON fresh (a)");
    client.batch("SET LOCAL pg_interlock.lock_wait_timeout = '50ms'");
    let error = refused(&mut client, CHEAP, "IL006");
    assert!(
        error.detail().expect("a detail").contains("by short attempts"),
        "{error:?}"
    );
}

/// A row that the transaction has changed keeps others waiting as long as it tries.
#[test]
fn a_transaction_whose_rows_others_wait_for_gives_up() {
    for change in [
        "UPDATE small SET a = 1",
        "SELECT FROM small FOR UPDATE",
        "SAVEPOINT s; UPDATE small SET a = 1; RELEASE s",
        "SAVEPOINT s; UPDATE small SET a = 1; SAVEPOINT t",
    ] {
        let (database, mut reader) = shop("1h");
        reader.batch("CREATE TABLE small (a int); INSERT INTO small VALUES (0)");
        reader.batch("BEGIN; SELECT count(*) FROM orders");
        let mut client = database.client();
        client.batch(&format!("BEGIN; {change}"));
        let waiting = client.run(CHEAP);
        blocked(&mut reader, waiting.pid());
        let other = database.client().run("UPDATE small SET a = 2");
        let (mut client, outcome) = waiting.finish();
        let error = outcome.expect_err("the reader is in the way");
        let detail = error.as_db_error().and_then(|error| error.detail()).expect("a detail");
        assert!(
            detail.contains(" by short attempts, until others began to wait for rows of the transaction."),
            "{detail}"
        );
        client.batch("ROLLBACK");
        other.finish().1.expect("nobody is in its way any more");
    }
}

/// Two that have read a table and then want to change it wait for each other; the first to give up lets the other one through.
#[test]
fn two_who_have_read_the_table_do_not_wait_for_ever() {
    let (database, mut first) = shop("60s");
    let mut second = database.client();
    for client in [&mut first, &mut second] {
        client.batch("BEGIN; SELECT count(*) FROM orders");
    }
    second.batch("SET LOCAL pg_interlock.lock_wait_timeout = '50ms'");
    let waiting = first.run(CHEAP);
    blocked(&mut database.client(), waiting.pid());
    let error = refused(&mut second, CHEAP, "IL006");
    let detail = error.detail().expect("a detail");
    assert!(detail.contains(&format!("process {} ", waiting.pid())), "{detail}");
    second.batch("ROLLBACK");
    waiting.finish().1.expect("the other one has given up");
}

/// They block neither reads nor writes, and may take as long as it takes.
#[test]
fn statements_that_let_others_go_on_are_not_hurried() {
    let (database, mut other) = shop("50ms");
    other.batch("ALTER TABLE orders ADD CONSTRAINT positive CHECK (a > 0) NOT VALID; ANALYZE orders");
    for (before, statement) in [
        (
            "UPDATE orders SET a = 1 WHERE id = 1",
            "CREATE INDEX CONCURRENTLY i ON orders (a)",
        ),
        ("SELECT count(*) FROM orders", "DROP INDEX CONCURRENTLY i"),
        (
            "LOCK TABLE orders IN SHARE UPDATE EXCLUSIVE MODE",
            "ALTER TABLE orders VALIDATE CONSTRAINT positive",
        ),
    ] {
        other.batch(&format!("BEGIN; {before}"));
        let waiting = database.client().run(statement);
        blocked(&mut other, waiting.pid());
        until(
            &mut database.client(),
            &format!(
                "SELECT clock_timestamp() - query_start > '300 ms' FROM pg_stat_activity WHERE pid = {}",
                waiting.pid()
            ),
        );
        assert!(!waiting.ended(), "{statement}");
        other.batch("COMMIT");
        waiting
            .finish()
            .1
            .unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    }
}

#[test]
fn prepared_transactions_are_named() {
    let cluster = Cluster::start(&[
        ("max_prepared_transactions", "1"),
        ("pg_interlock.lock_wait_timeout", "50ms"),
    ]);
    let mut owner = cluster.connect("postgres");
    owner.batch("SET pg_interlock.mode = off; CREATE EXTENSION pg_interlock");
    big_table(&mut owner, "orders");
    owner.batch("BEGIN; UPDATE orders SET a = 1 WHERE id = 1; PREPARE TRANSACTION 'half done'");
    let mut client = cluster.connect("postgres");
    client.batch("SET pg_interlock.polite_locks = 'all'");
    let error = refused(&mut client, CHEAP, "IL006");
    let hint = error.hint().expect("a hint").to_owned();
    owner.batch("ROLLBACK PREPARED 'half done'");
    assert!(hint.contains("ROLLBACK PREPARED 'half done'"), "{hint}");
}

#[test]
fn timeouts_of_the_session_are_its_own() {
    let (database, mut reader) = shop("1h");
    reader.batch("BEGIN; SELECT count(*) FROM orders");
    let mut client = database.client();
    client.batch("SET lock_timeout = '50ms'");
    let error = client.error(CHEAP);
    assert_eq!(
        (code(&error), error.message()),
        ("55P03", "canceling statement due to lock timeout")
    );
    // With what the server does not say: on what, and because of whom.
    let detail = error.detail().expect("a detail");
    assert!(
        detail.starts_with("AccessExclusiveLock on table \"public.orders\" was tried for ")
            && detail.contains(&format!("In the way: process {} ", reader.pid())),
        "{detail}"
    );
    assert_eq!(
        client.text(
            "SELECT decision, rule, sqlstate, blockers IS NULL FROM interlock.decision_log WHERE rule = 'lock-wait'"
        ),
        "reject|lock-wait|55P03|f"
    );
    client.batch("RESET lock_timeout; SET statement_timeout = '100ms'");
    let error = client.error(CHEAP);
    assert_eq!(
        (code(&error), error.message()),
        ("57014", "canceling statement due to statement timeout")
    );
    let waiting = database.client().run(CHEAP);
    blocked(&mut reader, waiting.pid());
    reader.batch(&format!("SELECT pg_cancel_backend({})", waiting.pid()));
    let (mut client, outcome) = waiting.finish();
    let error = outcome.expect_err("it was cancelled");
    assert_eq!(
        error.code().map(|code| code.code().to_owned()).as_deref(),
        Some("57014")
    );
    assert_eq!(locks_on(&mut client, "public"), "");
    assert_eq!(client.one::<String>("SHOW deadlock_timeout"), "1s");
}

/// However often attempts end, none of them takes a cancel for its own end.
#[test]
fn a_cancel_is_never_lost() {
    let (database, mut reader) = shop("1h");
    reader.batch("BEGIN; SELECT count(*) FROM orders");
    let mut client = database.client();
    client.batch("SET pg_interlock.lock_attempt_timeout = '1ms'");
    for round in 0..30 {
        let waiting = client.run(CHEAP);
        blocked(&mut reader, waiting.pid());
        reader.batch(&format!("SELECT pg_cancel_backend({})", waiting.pid()));
        poll(Duration::from_secs(20), || waiting.ended().then_some(()))
            .unwrap_or_else(|| panic!("cancel {round} is lost"));
        let (back, outcome) = waiting.finish();
        let error = outcome.expect_err("it was cancelled");
        let message = error.as_db_error().map(|error| error.message().to_owned());
        assert_eq!(message.as_deref(), Some("canceling statement due to user request"));
        client = back;
    }
}

#[test]
fn autovacuum_gives_way() {
    let cluster = Cluster::start(&[("autovacuum_naptime", "1s"), ("pg_interlock.polite_locks", "all")]);
    let mut client = cluster.connect("postgres");
    client.batch("CREATE EXTENSION pg_interlock");
    big_table(&mut client, "orders");
    client.batch(
        "ALTER TABLE orders SET (autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0,
                                 autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1);
         INSERT INTO orders SELECT g, g, repeat('x', 500) FROM generate_series(1000, 20000) AS g;
         DELETE FROM orders WHERE id > 1000",
    );
    until(
        &mut client,
        "SELECT EXISTS (SELECT FROM pg_stat_activity JOIN pg_locks USING (pid)
                         WHERE backend_type = 'autovacuum worker' AND relation = 'orders'::regclass AND granted)",
    );
    // Its own deadlock check would send the autovacuum off after this time.
    client.batch("SET deadlock_timeout = '1h'");
    client.batch(CHEAP);
}

#[test]
fn small_quiet_tables_and_the_setting_decide() {
    let (database, mut reader) = shop("50ms");
    reader.batch("CREATE TABLE small (id int); INSERT INTO small VALUES (1); ANALYZE small");
    reader.batch("BEGIN; SELECT * FROM small");
    let alter = "ALTER TABLE small ADD a int";
    let waiting = database.client().run(alter);
    blocked(&mut reader, waiting.pid());
    let mut observer = database.client();
    observer.batch("SET pg_interlock.polite_locks = 'all'");
    let error = refused(&mut observer, alter, "IL006");
    assert!(
        error
            .detail()
            .expect("a detail")
            .contains("waits for AccessExclusiveLock"),
        "{error:?}"
    );
    reader.batch("COMMIT");
    waiting.finish().1.expect("nobody is in the way");

    reader.batch("BEGIN; SELECT count(*) FROM orders");
    let mut client = database.client();
    client.batch("SET pg_interlock.polite_locks = 'off'");
    let waiting = client.run(CHEAP);
    blocked(&mut reader, waiting.pid());
    reader.batch("COMMIT");
    waiting.finish().1.expect("it has waited in the queue");
}

#[test]
fn a_busy_table_counts_as_large() {
    let (database, mut client) = shop("50ms");
    client.batch("CREATE TABLE settings (id int PRIMARY KEY); INSERT INTO settings VALUES (1); ANALYZE settings");
    client.batch("DO $$BEGIN FOR i IN 1 .. 1100 LOOP PERFORM FROM settings; END LOOP; END$$");
    client.batch("SELECT pg_stat_force_next_flush()");
    client.batch("BEGIN; SELECT * FROM settings");
    let mut other = database.client();
    refused(&mut other, "ALTER TABLE settings ADD a int", "IL006");
}

#[test]
fn every_lock_of_a_statement_is_obtained_politely() {
    let (database, mut reader) = shop("50ms");
    reader.batch(
        "CREATE TABLE customers (id int PRIMARY KEY); ANALYZE customers;
         CREATE TABLE tree (id int) PARTITION BY LIST (id);
         CREATE TABLE leaf PARTITION OF tree FOR VALUES IN (1);
         SET pg_interlock.mode = off; INSERT INTO tree SELECT 1 FROM generate_series(1, 200); RESET pg_interlock.mode;
         ANALYZE",
    );
    let mut client = database.client();
    for (busy, mode, statement) in [
        (
            "customers",
            "ROW EXCLUSIVE",
            "ALTER TABLE orders ADD FOREIGN KEY (a) REFERENCES customers NOT VALID",
        ),
        ("leaf", "ACCESS SHARE", "ALTER TABLE tree ADD COLUMN a int"),
        ("leaf", "ACCESS SHARE", "DROP TABLE tree"),
    ] {
        reader.batch(&format!("BEGIN; LOCK {busy} IN {mode} MODE"));
        let error = refused(&mut client, statement, "IL006");
        assert_eq!(error.table(), Some(busy), "{statement}");
        assert_eq!(locks_on(&mut client, "public"), "", "{statement}");
        reader.batch("COMMIT");
        client.batch(&format!("BEGIN; {statement}; ROLLBACK"));
    }
}

#[test]
fn the_lock_tree_shows_who_waits_for_whom() {
    let (database, mut first) = shop("1h");
    first.batch("SET application_name = 'first'; BEGIN; SELECT count(*) FROM orders");
    let mut second = database.client();
    second.batch("SET application_name = 'second'; SET pg_interlock.polite_locks = off");
    let second = second.run(CHEAP);
    blocked(&mut first, second.pid());
    let third = database.client().run("SELECT count(*) FROM orders");
    blocked(&mut first, third.pid());
    let tree = first.text("SELECT * FROM interlock.lock_tree()");
    // Other tests have their own trees on the same cluster.
    let root = format!("{} ", first.pid());
    let mine = tree.lines().skip_while(|line| !line.starts_with(&root));
    let lines: Vec<&str> = mine
        .enumerate()
        .take_while(|(number, line)| *number == 0 || line.starts_with(' '))
        .map(|(_, line)| line)
        .collect();
    let expected = [
        format!("{} postgres first active for ", first.pid()),
        "  SELECT * FROM interlock.lock_tree()".to_owned(),
        format!("  {} postgres second active for ", second.pid()),
        "    waits ".to_owned(),
        format!("    {CHEAP}"),
        format!("    {} postgres pg_test active for ", third.pid()),
        "      waits ".to_owned(),
        "      SELECT count(*) FROM orders".to_owned(),
    ];
    assert_eq!(lines.len(), expected.len(), "{tree}");
    for (line, beginning) in lines.iter().zip(&expected) {
        assert!(
            line.starts_with(beginning.as_str()) && line.len() <= 80,
            "{line}\n{tree}"
        );
    }
    assert!(lines[3].ends_with("for AccessExclusiveLock on public.orders"), "{tree}");
    let blockers = "SELECT pid, held_mode, waiting FROM interlock.blockers('orders', 'AccessShareLock')";
    assert_eq!(first.text(blockers), format!("{}|AccessExclusiveLock|t", second.pid()));
    first.batch("COMMIT");
    second.finish().1.expect("it gets through");
    third.finish().1.expect("it gets through");
    let error = first.error("SELECT * FROM interlock.blockers('orders', 'SomeLock')");
    assert_eq!(
        (code(&error), error.message()),
        ("22023", "lock mode \"SomeLock\" does not exist")
    );
}
