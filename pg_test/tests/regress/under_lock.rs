//! What counts is how things stand under the statement's own lock, and under the locks its transaction already has.

use crate::support::{big_table, code, database, locks_on, refused};
use pg_test::{Client, Server, TestDatabase, blocked};

/// `small (id int, a int)` with one row, in a database where a hundred are many.
fn with_small_table() -> (TestDatabase, Client) {
    let database = database();
    let mut client = database.client();
    client.batch("CREATE TABLE small (id int, a int); INSERT INTO small VALUES (1, 1); ANALYZE small");
    (database, client)
}

/// Lets a session wait for the lock that `statement` needs first; `meanwhile` is done and committed by who holds it.
fn judged_while_waiting(
    database: &TestDatabase,
    lock: &str,
    meanwhile: &str,
    statement: &str,
) -> (Client, Result<(), pg_test::DbError>) {
    let mut holder = database.client();
    holder.batch(&format!("SET pg_interlock.mode = off; BEGIN; LOCK {lock}"));
    let waiting = database.client().run(statement);
    blocked(&mut holder, waiting.pid());
    holder.batch(&format!("{meanwhile}; COMMIT"));
    let (session, outcome) = waiting.finish();
    let of_server = |error: pg_test::postgres::Error| error.as_db_error().cloned().expect("an error of the server");
    (session, outcome.map_err(of_server))
}

#[test]
fn rows_loaded_while_it_waited_count() {
    let (database, mut client) = with_small_table();
    let (mut session, outcome) = judged_while_waiting(
        &database,
        "small",
        "INSERT INTO small SELECT g, g FROM generate_series(1, 2000) AS g",
        "ALTER TABLE small ALTER a TYPE bigint",
    );
    let error = outcome.expect_err("the table is big by now");
    assert_eq!(code(&error), "IL001", "{error:?}");
    assert_eq!(locks_on(&mut session, "public"), "");
    assert_eq!(
        client.text("SELECT count(*) FROM interlock.decision_log WHERE statement LIKE 'ALTER TABLE small%'"),
        "1",
        "the verdict that did not count is not kept"
    );
}

#[test]
fn rows_loaded_into_other_tables_of_the_statement_count() {
    let (database, mut client) = with_small_table();
    client.batch(
        "CREATE TABLE tree (id int, a int) PARTITION BY RANGE (id);
         CREATE TABLE rest PARTITION OF tree DEFAULT;
         CREATE DOMAIN positive AS int; CREATE TABLE uses (a positive);
         ANALYZE",
    );
    let loads = |table: &str| format!("INSERT INTO {table} SELECT 1000 + g FROM generate_series(1, 2000) AS g");
    for (table, statement) in [
        (
            "rest",
            "CREATE TABLE early PARTITION OF tree FOR VALUES FROM (1) TO (10)",
        ),
        (
            "rest",
            "ALTER TABLE tree ATTACH PARTITION small FOR VALUES FROM (1) TO (10)",
        ),
        (
            "small",
            "ALTER TABLE tree ATTACH PARTITION small FOR VALUES FROM (1) TO (10000)",
        ),
        ("uses", "ALTER DOMAIN positive ADD CHECK (VALUE > 0)"),
    ] {
        let (_, outcome) = judged_while_waiting(&database, table, &loads(table), statement);
        let error = outcome.expect_err("the table is big by now");
        assert!(
            error
                .message()
                .contains(&format!("would scan table \"public.{table}\"")),
            "{statement}: {error:?}"
        );
        client.batch(&format!("TRUNCATE {table}; ANALYZE {table}"));
    }
}

#[test]
fn a_proof_that_is_gone_proves_nothing() {
    let (database, mut client) = with_small_table();
    big_table(&mut client, "big");
    client.batch("SET pg_interlock.mode = off; ALTER TABLE big ADD CONSTRAINT proof CHECK (a IS NOT NULL)");
    let (_, outcome) = judged_while_waiting(
        &database,
        "big",
        "ALTER TABLE big DROP CONSTRAINT proof",
        "ALTER TABLE big ALTER a SET NOT NULL",
    );
    assert_eq!(code(&outcome.expect_err("every row has to be read")), "IL002");
}

/// What PostgreSQL would refuse is not judged, so it has to be sure of it.
#[test]
fn what_would_make_it_fail_may_be_gone() {
    let cases = [
        (
            "ALTER TABLE big DROP CONSTRAINT k",
            "ALTER TABLE big ADD CONSTRAINT k CHECK (a > 0)",
            "IL002",
        ),
        (
            "ALTER TABLE big ADD COLUMN x int",
            "ALTER TABLE big ADD CHECK (x IS NULL)",
            "IL002",
        ),
        ("CREATE INDEX i ON big (a)", "CLUSTER big USING i", "IL001"),
        (
            "ALTER TABLE small ADD PRIMARY KEY (id)",
            "ALTER TABLE big ADD FOREIGN KEY (a) REFERENCES small",
            "IL002",
        ),
    ];
    for politely in ["'all'", "off"] {
        let (database, mut client) = with_small_table();
        big_table(&mut client, "big");
        client.batch(
            "SET pg_interlock.mode = off;
             ALTER TABLE big ADD CONSTRAINT k CHECK (a > 0)",
        );
        for (meanwhile, statement, sqlstate) in cases {
            for (end, expected) in [("ROLLBACK", None), ("COMMIT", Some(sqlstate))] {
                let mut holder = database.client();
                holder.batch(&format!("SET pg_interlock.mode = off; BEGIN; {meanwhile}"));
                let mut session = database.client();
                session.batch(&format!("SET pg_interlock.polite_locks = {politely}"));
                let waiting = session.run(statement);
                blocked(&mut holder, waiting.pid());
                holder.batch(end);
                let error = waiting.finish().1.expect_err("it fails, or would work hard");
                let code = error
                    .code()
                    .map(|code| code.code())
                    .filter(|code| code.starts_with("IL"));
                assert_eq!(code, expected, "{politely}: {statement}; {end}: {error}");
            }
        }
    }
}

/// Since 18 a constraint may be validated by whom the children do not belong to.
#[test]
fn who_may_validate_may_not_scan() {
    if Server::under_test().major < 18 {
        return;
    }
    let (mut database, mut client) = with_small_table();
    let role = database.role("owner");
    client.batch(&format!(
        "SET pg_interlock.mode = off;
         CREATE TABLE above (a int); CREATE TABLE below () INHERITS (above);
         INSERT INTO below SELECT g FROM generate_series(1, 2000) AS g;
         ALTER TABLE above ADD NOT NULL a NOT VALID, OWNER TO {role}"
    ));
    let mut owner = database.client_as(&role);
    let statement = "ALTER TABLE above ALTER a SET NOT NULL";
    refused(&mut owner, statement, "IL002");
    client.batch(&format!("SET pg_interlock.mode = off; SET ROLE {role}; {statement}"));
}

#[test]
fn a_name_may_come_to_mean_another_table() {
    let (database, mut client) = with_small_table();
    big_table(&mut client, "big");
    let swap = "ALTER TABLE small RENAME TO other; ALTER TABLE big RENAME TO small";
    let (_, outcome) = judged_while_waiting(&database, "small", swap, "CREATE INDEX ON small (a)");
    assert_eq!(code(&outcome.expect_err("it is the big one now")), "IL003");

    let back = "ALTER TABLE small RENAME TO big; ALTER TABLE other RENAME TO small";
    let (mut session, outcome) = judged_while_waiting(&database, "small", back, "BEGIN; ALTER TABLE small ADD b int");
    outcome.expect("it is the small one again");
    assert_eq!(
        session.text(
            "SELECT relation::regclass FROM pg_locks WHERE pid = pg_backend_pid() AND mode = 'AccessExclusiveLock'"
        ),
        "small"
    );
}

#[test]
fn a_table_that_is_gone_is_the_servers_to_tell() {
    let (database, _) = with_small_table();
    let (_, outcome) = judged_while_waiting(&database, "small", "DROP TABLE small", "ALTER TABLE small ADD b int");
    assert_eq!(code(&outcome.expect_err("it is gone")), "42P01");
}

#[test]
fn a_timeout_of_the_wait_is_the_servers_own() {
    let (database, mut holder) = with_small_table();
    holder.batch("BEGIN; LOCK small");
    let mut client = database.client();
    client.batch("SET lock_timeout = '10ms'");
    let error = client.error("ALTER TABLE small ADD b int");
    assert_eq!(
        (code(&error), error.message(), error.where_()),
        ("55P03", "canceling statement due to lock timeout", None)
    );
    holder.batch("ROLLBACK");
    client.batch("RESET lock_timeout; ALTER TABLE small ADD b int");
}

#[test]
fn a_warning_is_given_once_and_about_the_final_state() {
    let (database, _) = with_small_table();
    let mut holder = database.client();
    holder.batch("BEGIN; LOCK small");
    let mut client = database.client();
    client.batch("SET pg_interlock.mode = warn");
    let waiting = client.run("ALTER TABLE small ALTER a TYPE bigint");
    blocked(&mut holder, waiting.pid());
    holder.batch("INSERT INTO small SELECT g, g FROM generate_series(1, 2000) AS g; COMMIT");
    let (mut client, outcome) = waiting.finish();
    outcome.expect("it is only warned of");
    let codes: Vec<String> = client.notices().iter().map(|notice| code(notice).to_owned()).collect();
    assert_eq!(codes, ["IL001"]);
}

#[test]
fn no_lock_is_taken_for_others_and_in_read_only_transactions() {
    let (database, mut owner) = with_small_table();
    big_table(&mut owner, "big");
    owner.batch("BEGIN; LOCK small IN ACCESS SHARE MODE");
    let mut client = database.client();
    for statement in [
        "ALTER TABLE small ADD b int",
        "ALTER TABLE big ALTER a TYPE bigint",
        "TRUNCATE big",
    ] {
        client.batch("BEGIN READ ONLY");
        assert_eq!(code(&client.error(statement)), "25006", "{statement}");
        client.batch("ROLLBACK");
    }
    client.batch("BEGIN READ ONLY");
    refused(&mut client, "CLUSTER big USING big_pkey", "IL001");
    client.batch("ROLLBACK; CREATE ROLE nobody_s; SET ROLE nobody_s");
    assert_eq!(code(&client.error("ALTER TABLE small ADD b int")), "42501");
    client.batch(
        "RESET ROLE; CREATE TABLE tree (id int, a int) PARTITION BY LIST (id); ALTER TABLE tree OWNER TO nobody_s",
    );
    owner.batch("COMMIT"); // the server locks the attached table before it looks at its owner
    client.batch("SET ROLE nobody_s");
    let error = client.error("ALTER TABLE tree ATTACH PARTITION small DEFAULT");
    assert_eq!(error.message(), "must be owner of table small");
    client.batch("RESET ROLE; DROP TABLE tree; DROP ROLE nobody_s");
}

#[test]
fn validation_under_a_lock_held_from_before_is_refused() {
    let (_database, mut client) = with_small_table();
    big_table(&mut client, "big");
    let add = "ALTER TABLE big ADD CONSTRAINT positive CHECK (a > 0) NOT VALID";
    let validate = "ALTER TABLE big VALIDATE CONSTRAINT positive";
    client.batch(&format!("BEGIN; {add}"));
    let error = refused(&mut client, validate, "IL005");
    assert_eq!(
        error.message(),
        "ALTER TABLE would scan table \"public.big\" while blocking reads and writes"
    );
    assert_eq!(
        error
            .detail()
            .map(|detail| detail.split_once(" under AccessExclusiveLock").map(|(_, rest)| rest)),
        Some(Some(", which the transaction holds from an earlier statement."))
    );
    client.batch("ROLLBACK");
    client.batch(add);
    client.batch(validate);
}

#[test]
fn a_lock_given_back_with_its_savepoint_does_not_count() {
    let (_database, mut client) = with_small_table();
    big_table(&mut client, "big");
    client.batch("ALTER TABLE big ADD CONSTRAINT positive CHECK (a > 0) NOT VALID");
    client.batch(
        "BEGIN; SAVEPOINT one; ALTER TABLE big ADD b2 int; ROLLBACK TO one;
         ALTER TABLE big VALIDATE CONSTRAINT positive; COMMIT",
    );
}

#[test]
fn explanations_know_the_transaction_of_the_session_and_of_the_command() {
    let (_database, mut client) = with_small_table();
    big_table(&mut client, "big");
    let explained = |client: &mut Client, command: &str| {
        client.text(&format!(
            "SELECT statement, lock_mode, scans, decision, rule FROM interlock.explain_lock_profile($x${command}$x$)
             WHERE relation IS NOT NULL"
        ))
    };
    let add = "ALTER TABLE big ADD CONSTRAINT positive CHECK (a > 0) NOT VALID";
    let validate = "ALTER TABLE big VALIDATE CONSTRAINT positive";
    assert_eq!(
        explained(&mut client, &format!("BEGIN; {add}; {validate}; COMMIT")),
        "2|AccessExclusiveLock|f|allow|\n3|ShareUpdateExclusiveLock|t|reject|work-under-held-lock"
    );
    assert_eq!(
        explained(&mut client, &format!("BEGIN; {add}; COMMIT; {validate}")),
        "2|AccessExclusiveLock|f|allow|\n4|ShareUpdateExclusiveLock|t|allow|"
    );
    client.batch(&format!("BEGIN; {add}"));
    assert_eq!(
        explained(&mut client, validate),
        "1|ShareUpdateExclusiveLock|t|reject|work-under-held-lock"
    );
    client.batch("ROLLBACK");
    assert_eq!(
        explained(
            &mut client,
            "ALTER TABLE big ADD c int; ALTER TABLE big ALTER c SET NOT NULL"
        ),
        "1|AccessExclusiveLock|f|allow|\n2|AccessExclusiveLock|t|reject|set-not-null"
    );
}
