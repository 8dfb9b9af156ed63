//! Statements that cannot run in a transaction block, and transactions that sit idle.

use crate::support::{big_table, code, database, refused, steps};
use pg_test::postgres::fallible_iterator::FallibleIterator;
use pg_test::{Client, TestDatabase, until};

fn with_orders() -> (TestDatabase, Client) {
    let database = database();
    let mut client = database.client();
    big_table(&mut client, "orders");
    client.notices();
    (database, client)
}

const ALTER: &str = "ALTER TABLE orders ADD COLUMN c int";
const BUILD: &str = "CREATE INDEX CONCURRENTLY by_a ON orders (a)";

/// Statements that fail in a transaction block, with what they need.
const CONCURRENT: [(&str, &str); 4] = [
    ("", BUILD),
    ("CREATE INDEX by_b ON orders (b)", "DROP INDEX CONCURRENTLY by_b"),
    ("", "REINDEX TABLE CONCURRENTLY orders"),
    (
        "CREATE TABLE tree (id int) PARTITION BY LIST (id); CREATE TABLE leaf PARTITION OF tree FOR VALUES IN (1)",
        "ALTER TABLE tree DETACH PARTITION leaf CONCURRENTLY",
    ),
];

#[test]
fn a_string_that_must_fail_is_refused_before_anything_of_it_ran() {
    let (_database, mut client) = with_orders();
    for (before, statement) in CONCURRENT {
        client.batch(&format!(
            "SET pg_interlock.mode = off; {before}; SET pg_interlock.mode = enforce"
        ));
        for string in [
            format!("{ALTER}; {statement}"),
            format!("BEGIN; {ALTER}; {statement}; COMMIT"),
            format!("{ALTER}; BEGIN; SELECT 1; {statement} -- at last"),
            format!("CREATE TABLE fresh (id int); {statement}; SELECT 1"),
        ] {
            let error = refused(&mut client, &string, "IL005");
            assert!(
                error
                    .message()
                    .ends_with(" would be lost, because a later statement cannot run inside a transaction block"),
                "{error:?}"
            );
            assert!(
                error.detail().is_some_and(|detail| detail.ends_with(statement)),
                "{error:?}"
            );
            client.batch("ROLLBACK");
            let hint = error.hint().expect("a hint");
            assert!(hint.contains("Django: atomic = False."), "{hint}");
            assert_eq!(steps(hint), [statement]);
        }
        // Sent as the hint says, it works.
        client.batch(statement);
    }
    assert_eq!(
        client.text("SELECT count(*) FROM pg_attribute WHERE attname = 'c'"),
        "0"
    );
    assert_eq!(
        client.text(
            "SELECT DISTINCT decision, outcome FROM interlock.decision_log WHERE rule = 'concurrently-in-transaction'"
        ),
        "reject|rejected"
    );
}

#[test]
fn what_may_be_kept_is_not_refused() {
    let (_database, mut client) = with_orders();
    // What is committed before, or can be saved, is not lost; and PostgreSQL says the rest.
    for string in [
        format!("{ALTER}; COMMIT; {BUILD}"),
        format!("BEGIN; ALTER TABLE orders DROP COLUMN c; SAVEPOINT here; {BUILD}"),
    ] {
        let error = client.error(&string);
        assert_eq!(code(&error), "25001", "{string}\n{error:?}");
        client.batch("ROLLBACK");
    }
    assert_eq!(
        client.text("SELECT count(*) FROM pg_attribute WHERE attname = 'c'"),
        "1"
    );
    client.notices();
    for string in [
        "CREATE TABLE said (a text DEFAULT 'concurrently'); COMMENT ON TABLE said IS 'CREATE INDEX CONCURRENTLY'",
        "ALTER TABLE orders ADD COLUMN d int; CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS
         'BEGIN CREATE INDEX CONCURRENTLY x ON orders (a); END'",
        "CREATE MATERIALIZED VIEW m AS SELECT 1 AS a; CREATE UNIQUE INDEX ON m (a); REFRESH MATERIALIZED VIEW CONCURRENTLY m",
        "ALTER TABLE orders ADD COLUMN e int; VACUUM_IS_NO_WORD",
    ] {
        match client.try_batch(string) {
            Ok(()) => assert!(!string.contains("NO_WORD")),
            Err(error) => assert_eq!(error.code().map(|code| code.code()), Some("42601"), "{string}: {error}"),
        }
    }
    let warned = client
        .notices()
        .into_iter()
        .any(|notice| notice.severity() == "WARNING");
    assert!(!warned);
    client.batch("SET pg_interlock.rule_actions = 'concurrently-in-transaction=off'");
    assert_eq!(
        code(&client.error(&format!("ALTER TABLE orders ADD COLUMN f int; {BUILD}"))),
        "25001"
    );
    assert!(client.notices().is_empty());
}

#[test]
fn the_servers_own_error_is_led_in_by_the_way_out() {
    let (_database, mut client) = with_orders();
    let own = |client: &mut Client, string: &str| {
        client.batch("ROLLBACK; SET pg_interlock.mode = off");
        let error = client.error(string);
        client.batch("ROLLBACK; SET pg_interlock.mode = enforce");
        client.notices();
        error
    };
    for string in [
        format!("BEGIN; {BUILD}"),
        format!("SELECT 1; {BUILD}"),
        format!("{BUILD}; SELECT 1"),
        format!("DO $$BEGIN {BUILD}; END$$"),
    ] {
        let expected = own(&mut client, &string);
        assert_eq!(code(&expected), "25001");
        assert_eq!(client.error(&string), expected, "{string}");
        let warnings: Vec<_> = client
            .notices()
            .into_iter()
            .filter(|notice| notice.severity() == "WARNING" && code(notice) == "IL005")
            .collect();
        let [warning] = &warnings[..] else {
            panic!("{string}: {warnings:?}")
        };
        assert_eq!(
            warning.message(),
            "CREATE INDEX with CONCURRENTLY cannot run inside a transaction block"
        );
        assert_eq!(steps(warning.hint().expect("a hint")), [BUILD]);
    }
    client.batch("ROLLBACK");
    // Whatever the transaction holds: it fails for the one reason.
    client.batch(&format!("BEGIN; {ALTER}"));
    assert_eq!(code(&client.error(BUILD)), "25001");
    client.batch("ROLLBACK");
    client.notices();
    client.batch(BUILD);
    assert!(client.notices().is_empty());
}

const LIMIT: &str = "SHOW idle_in_transaction_session_timeout";

#[test]
fn the_limit_of_idleness_comes_and_goes_with_the_lock() {
    let (_database, mut client) = with_orders();
    client.batch("CREATE TABLE small (id int)");
    let ours = "1min";
    for (statements, expected) in [
        (ALTER, ours),
        ("LOCK TABLE orders IN SHARE MODE", ours),
        ("DO $$BEGIN ALTER TABLE orders ADD COLUMN c int; END$$", ours),
        (
            "SAVEPOINT here; ALTER TABLE orders ADD COLUMN c int; RELEASE here",
            ours,
        ),
        (
            "ALTER TABLE orders ADD COLUMN c int; SAVEPOINT here; ALTER TABLE orders ADD COLUMN d int; ROLLBACK TO here",
            ours,
        ),
        ("ALTER TABLE orders RENAME TO gone", ours),
        ("DROP TABLE orders", ours),
        // Stricter ones stay, laxer ones do not.
        (
            "SET LOCAL idle_in_transaction_session_timeout = '30s'; ALTER TABLE orders ADD COLUMN c int",
            "30s",
        ),
        (
            "SET LOCAL idle_in_transaction_session_timeout = '1h'; ALTER TABLE orders ADD COLUMN c int",
            ours,
        ),
        (
            "ALTER TABLE orders ADD COLUMN c int; SET LOCAL idle_in_transaction_session_timeout = '1h'",
            "1h",
        ),
        // No lock, no limit.
        (
            "SAVEPOINT here; ALTER TABLE orders ADD COLUMN c int; ROLLBACK TO here",
            "0",
        ),
        ("ALTER TABLE small ADD COLUMN c int", "0"),
        ("ALTER TABLE orders SET (fillfactor = 90)", "0"),
        (
            "UPDATE orders SET a = 1; CREATE TABLE fresh AS SELECT * FROM orders; ALTER TABLE fresh ADD COLUMN c int",
            "0",
        ),
        (
            "DO $$BEGIN BEGIN ALTER TABLE orders ADD COLUMN c int; RAISE 'no'; EXCEPTION WHEN raise_exception THEN END; END$$",
            "0",
        ),
        // Nor where nothing is enforced, or none is wanted.
        (
            "SET LOCAL pg_interlock.mode = warn; ALTER TABLE orders ADD COLUMN c int",
            "0",
        ),
        (
            "SET LOCAL pg_interlock.idle_in_transaction_timeout = 0; ALTER TABLE orders ADD COLUMN c int",
            "0",
        ),
    ] {
        client.batch("BEGIN");
        client.batch(statements);
        assert_eq!(client.one::<String>(LIMIT), expected, "{statements}");
        client.batch("ROLLBACK");
        assert_eq!(client.one::<String>(LIMIT), "0", "{statements}");
    }
    client.batch(ALTER);
    assert_eq!(client.one::<String>(LIMIT), "0");
    client.batch("BEGIN; ALTER TABLE orders ADD COLUMN d int");
    client.batch("COMMIT AND CHAIN");
    assert_eq!(client.one::<String>(LIMIT), "0");
    client.batch("COMMIT; SET idle_in_transaction_session_timeout = '2h'; BEGIN; ALTER TABLE orders ADD COLUMN e int");
    assert_eq!(client.one::<String>(LIMIT), ours);
    client.batch("COMMIT");
    assert_eq!(client.one::<String>(LIMIT), "2h");
}

#[test]
fn an_idle_session_is_ended_if_others_wait_for_it() {
    let (database, mut observer) = with_orders();
    observer.batch(&format!(
        "ALTER DATABASE {} SET pg_interlock.idle_in_transaction_timeout = '1ms'",
        database.name()
    ));
    let mut harmless = database.client();
    harmless.batch("CREATE TABLE small (id int)");
    harmless.batch("BEGIN");
    harmless.batch("ALTER TABLE small ADD COLUMN b int");
    let mut idle = database.client();
    idle.batch("BEGIN");
    let first = idle.try_batch(ALTER);
    until(
        &mut observer,
        &format!(
            "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = {})",
            idle.pid()
        ),
    );
    // The end may come with the answer already. Else it is read, and nothing asked of who is gone.
    let error = first.and_then(|()| idle.raw().notifications().blocking_iter().next().map(|_| ()));
    let error = error.expect_err("the session is gone");
    assert_eq!(error.code().map(|code| code.code()), Some("25P03"), "{error:?}");
    assert_eq!(
        observer.text("SELECT count(*) FROM pg_attribute WHERE attname = 'c'"),
        "0"
    );
    harmless.batch("COMMIT");
}
