//! A statement is judged wherever it comes from, and what a statement needs of its surroundings it finds.

use std::fs;
use std::path::PathBuf;

use pg_test::{Client, TestDatabase, blocked, until};

use crate::support::{self, big_table, code, refused};

const BUILD: &str = "CREATE INDEX big_a ON big (a)";

fn big() -> (TestDatabase, Client) {
    let database = support::database();
    let mut client = database.client();
    big_table(&mut client, "big");
    (database, client)
}

fn indexes(client: &mut Client) -> String {
    client.text("SELECT indexrelid::regclass FROM pg_index WHERE indrelid = 'big'::regclass ORDER BY 1")
}

#[test]
fn inside_functions_procedures_and_blocks() {
    let (_database, mut client) = big();
    client.batch(
        "CREATE FUNCTION in_sql() RETURNS void LANGUAGE sql AS 'CREATE INDEX big_a ON big (a)';
         CREATE FUNCTION in_plpgsql() RETURNS void LANGUAGE plpgsql AS 'BEGIN CREATE INDEX big_a ON big (a); END';
         CREATE FUNCTION in_execute() RETURNS void LANGUAGE plpgsql AS $$BEGIN EXECUTE 'CREATE INDEX big_a ON big (a)'; END$$;
         CREATE FUNCTION in_definer() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public
             AS 'BEGIN CREATE INDEX big_a ON big (a); END';
         CREATE FUNCTION in_nested() RETURNS void LANGUAGE plpgsql AS 'BEGIN PERFORM in_execute(); END';
         CREATE PROCEDURE in_procedure() LANGUAGE plpgsql AS 'BEGIN COMMIT; CREATE INDEX big_a ON big (a); END';
         CREATE FUNCTION on_insert() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM in_plpgsql(); RETURN NULL; END';
         CREATE TABLE watched (a int);
         CREATE TRIGGER t AFTER INSERT ON watched EXECUTE FUNCTION on_insert()",
    );
    for statement in [
        "SELECT in_sql()",
        "SELECT in_plpgsql()",
        "SELECT in_execute()",
        "SELECT in_definer()",
        "SELECT in_nested()",
        "CALL in_procedure()",
        "DO $$BEGIN CREATE INDEX big_a ON big (a); END$$",
        "DO $$BEGIN CALL in_procedure(); END$$",
        "DO $$BEGIN EXECUTE $do$DO 'BEGIN PERFORM in_execute(); END'$do$; END$$",
        "INSERT INTO watched VALUES (1)",
        "CREATE TABLE made AS SELECT in_plpgsql()::text AS nothing",
    ] {
        let error = refused(&mut client, statement, "IL003");
        assert_eq!(
            error.message(),
            "CREATE INDEX would build an index on table \"public.big\" while blocking writes"
        );
        assert!(error.where_().is_some(), "the context is told: {error:?}");
        let hint = error.hint().unwrap_or_default();
        assert!(hint.ends_with("CREATE INDEX CONCURRENTLY big_a ON big (a);"), "{hint}");
        assert_eq!(indexes(&mut client), "big_pkey", "{statement}");
    }
}

#[test]
fn a_refusal_can_be_caught_and_the_transaction_goes_on() {
    let (database, mut client) = big();
    client.batch(
        "BEGIN;
         CREATE TABLE before (a int);
         DO $$
         DECLARE code text; relation text; hint text;
         BEGIN
             BEGIN
                 CREATE TABLE undone (a int);
                 ALTER TABLE big ALTER a TYPE bigint;
             EXCEPTION WHEN SQLSTATE 'IL001' THEN
                 GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, relation = TABLE_NAME, hint = PG_EXCEPTION_HINT;
                 RAISE NOTICE '% % %', code, relation, hint LIKE '%a_new%';
             END;
             CREATE TABLE after AS SELECT a FROM big;
             CREATE INDEX ON after (a);
         END$$;
         ALTER TABLE big ADD COLUMN c int;
         COMMIT",
    );
    let notices: Vec<String> = client
        .notices()
        .iter()
        .map(|notice| notice.message().to_string())
        .collect();
    assert_eq!(notices, ["IL001 big t"]);
    assert_eq!(
        client.text("SELECT to_regclass('before'), to_regclass('undone'), count(*) FROM after"),
        "before||200"
    );
    // Many refusals in one transaction, and the session is as fit as before.
    client.batch(
        "DO $$BEGIN FOR i IN 1 .. 100 LOOP
             BEGIN CREATE INDEX ON big (a); EXCEPTION WHEN SQLSTATE 'IL003' THEN END;
         END LOOP; END$$",
    );
    let mut other = database.client();
    other.batch("BEGIN; LOCK TABLE big NOWAIT; COMMIT");
    client.batch("CREATE INDEX CONCURRENTLY big_a ON big (a)");
}

#[test]
fn over_the_extended_protocol() {
    let (_database, mut client) = big();
    let error = client.raw().execute(BUILD, &[]).expect_err("refused");
    assert_eq!(error.as_db_error().map(code), Some("IL003"));
    let prepared = client.raw().prepare(BUILD).expect("preparing runs nothing");
    for _ in 0..2 {
        let error = client.raw().execute(&prepared, &[]).expect_err("refused");
        assert_eq!(error.as_db_error().map(code), Some("IL003"));
    }
    client.batch("SET pg_interlock.rule_actions = 'create-index=off'");
    client.raw().execute(&prepared, &[]).expect("allowed now");
    client.batch("DROP INDEX big_a; SET pg_interlock.rule_actions = ''");
    let error = client.raw().execute(&prepared, &[]).expect_err("refused again");
    assert_eq!(error.as_db_error().map(code), Some("IL003"));
    let concurrent = client
        .raw()
        .prepare("CREATE INDEX CONCURRENTLY big_a ON big (a)")
        .expect("prepared");
    client.raw().execute(&concurrent, &[]).expect("allowed");
}

#[test]
fn of_several_statements_in_one_string_each_is_judged_alone() {
    let (_database, mut client) = big();
    let error = refused(
        &mut client,
        "SELECT 'été'; CREATE TABLE small (a int); /* now */ CREATE INDEX big_a ON big (a) ; DROP TABLE big",
        "IL003",
    );
    let hint = error.hint().unwrap_or_default();
    assert!(
        hint.ends_with(" as CREATE INDEX CONCURRENTLY big_a ON big (a);"),
        "{hint}"
    );
    let logged = client.text("SELECT statement FROM interlock.decision_log WHERE decision = 'reject'");
    assert!(
        logged.ends_with("CREATE INDEX big_a ON big (a)") && !logged.contains("DROP"),
        "{logged}"
    );
    // A string of several statements is one transaction: the first is undone with the others.
    assert_eq!(client.text("SELECT to_regclass('small')"), "");
}

#[test]
fn an_event_trigger_sees_what_is_let_run_and_its_own_ddl_is_judged() {
    let (_database, mut client) = big();
    client.batch(
        "CREATE TABLE seen (tag text);
         CREATE FUNCTION see() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO seen VALUES (tg_tag); END';
         CREATE EVENT TRIGGER see ON ddl_command_end EXECUTE FUNCTION see()",
    );
    refused(&mut client, BUILD, "IL003");
    client.batch("ALTER TABLE big ADD COLUMN c int");
    assert_eq!(client.text("TABLE seen"), "ALTER TABLE");
    client.batch(
        "CREATE FUNCTION more() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN CREATE INDEX big_a ON big (a); END';
         DROP EVENT TRIGGER see;
         CREATE EVENT TRIGGER more ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION more()",
    );
    let error = refused(&mut client, "ALTER TABLE big ADD COLUMN d int", "IL003");
    assert!(
        error.where_().is_some_and(|place| place.contains("more()")),
        "{error:?}"
    );
    client.batch("DROP EVENT TRIGGER more");
    assert_eq!(
        client.text("SELECT count(*) FROM pg_attribute WHERE attrelid = 'big'::regclass AND attname = 'd'"),
        "0"
    );
}

/// The directory of extensions' control files, if this process may write there. On CI it may not.
fn writable_extension_directory() -> Option<PathBuf> {
    let directory = support::server_directory("SHAREDIR").join("extension");
    let probe = directory.join("pg_interlock_test_probe.control");
    fs::write(&probe, "").ok()?;
    fs::remove_file(probe).ok()?;
    Some(directory)
}

#[test]
fn in_the_script_of_another_extension() {
    let Some(directory) = writable_extension_directory() else {
        eprintln!("skipped: the server's extension directory cannot be written");
        return;
    };
    let files = [
        (
            "pg_interlock_test_script.control",
            "default_version = '1.0'\nrelocatable = true\n",
        ),
        (
            "pg_interlock_test_script--1.0.sql",
            "CREATE TABLE young (a int);\nCREATE INDEX ON young (a);\nCREATE INDEX big_a ON big (a);\n",
        ),
    ];
    for (name, text) in files {
        fs::write(directory.join(name), text).expect("just probed");
    }
    let outcome = std::panic::catch_unwind(|| {
        let (_database, mut client) = big();
        refused(&mut client, "CREATE EXTENSION pg_interlock_test_script", "IL003");
        assert_eq!(indexes(&mut client), "big_pkey");
        client.batch("SET pg_interlock.mode = 'warn'; CREATE EXTENSION pg_interlock_test_script");
        assert_eq!(indexes(&mut client), "big_pkey\nbig_a");
    });
    for (name, _) in files {
        let _ = fs::remove_file(directory.join(name));
    }
    outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}

#[test]
fn statements_with_transactions_of_their_own_run_to_their_end() {
    let (database, mut client) = big();
    client.batch(
        "CREATE TABLE parts (id int PRIMARY KEY, a int) PARTITION BY RANGE (id);
         CREATE TABLE part_1 PARTITION OF parts FOR VALUES FROM (0) TO (1000);
         CREATE TABLE part_2 PARTITION OF parts FOR VALUES FROM (1000) TO (2000);
         INSERT INTO parts SELECT g, g FROM generate_series(0, 50) AS g;
         CREATE TABLE small (a int PRIMARY KEY);
         ANALYZE parts",
    );
    for verify in ["off", "log"] {
        let mut client = database.client();
        client.batch(&format!("SET pg_interlock.verify_profiles = '{verify}'"));
        for statement in [
            "CREATE INDEX CONCURRENTLY big_a ON big (a)",
            "REINDEX INDEX CONCURRENTLY big_a",
            "REINDEX TABLE CONCURRENTLY big",
            "REINDEX (CONCURRENTLY) TABLE parts",
            "DROP INDEX CONCURRENTLY big_a",
            "VACUUM",
            "VACUUM (ANALYZE) big, small",
            "VACUUM (FULL) small",
            "VACUUM (FULL, ANALYZE) part_1, small",
            "REINDEX TABLE parts",
            "ALTER TABLE parts DETACH PARTITION part_2 CONCURRENTLY",
            "ALTER TABLE parts ATTACH PARTITION part_2 FOR VALUES FROM (1000) TO (2000)",
            "CLUSTER small USING small_pkey",
            "CLUSTER parts USING parts_pkey",
        ] {
            client.batch(statement);
        }
        client.batch("SET pg_interlock.row_threshold = -1");
        client.batch("REINDEX SCHEMA public");
        client.batch("CLUSTER");
    }
    assert_eq!(client.text("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0");
    assert_eq!(
        client.text("SELECT count(*) FROM pg_inherits WHERE inhparent = 'parts'::regclass"),
        "2"
    );
}

#[test]
fn what_must_not_be_in_a_transaction_block_is_told_so_by_postgresql() {
    let (_database, mut client) = big();
    for statement in [
        "CREATE INDEX CONCURRENTLY big_a ON big (a)",
        "REINDEX TABLE CONCURRENTLY big",
        "DROP INDEX CONCURRENTLY big_pkey",
        "VACUUM big",
    ] {
        client.batch("BEGIN");
        assert_eq!(code(&client.error(statement)), "25001", "{statement}");
        client.batch("ROLLBACK");
    }
}

#[test]
fn lock_table_takes_its_lock_before_the_snapshot() {
    let (database, mut client) = big();
    client.batch("BEGIN ISOLATION LEVEL REPEATABLE READ");
    client.batch("LOCK TABLE big IN SHARE ROW EXCLUSIVE MODE");
    // Committed after LOCK TABLE, before the first query: a snapshot taken at LOCK TABLE would not see it.
    database.client().batch("CREATE TABLE later AS SELECT 1 AS a");
    assert_eq!(client.text("TABLE later"), "1");
    client.batch("COMMIT");
}

#[test]
fn to_ask_and_then_to_alter_does_not_deadlock() {
    let (database, mut one) = big();
    let mut other = database.client();
    let ask = "SELECT lock_mode FROM interlock.explain_lock_profile('ALTER TABLE big ADD COLUMN c int')";
    for client in [&mut one, &mut other] {
        client.batch("BEGIN");
        assert_eq!(client.text(ask), "AccessExclusiveLock");
    }
    one.batch("SET lock_timeout = '1ms'; ALTER TABLE big ADD COLUMN c int");
    let waiting = other.run("ALTER TABLE big ADD COLUMN d int; COMMIT");
    blocked(&mut database.client(), waiting.pid());
    one.batch("COMMIT");
    waiting.finish().1.expect("it goes on when the first has committed");
}

#[test]
fn nobodys_lock_makes_the_guard_wait() {
    let (database, mut holder) = big();
    holder.batch("CREATE TABLE other (a int REFERENCES big)");
    holder.batch("BEGIN; LOCK TABLE big, other IN ACCESS EXCLUSIVE MODE");
    let mut client = database.client();
    client.batch("SET lock_timeout = '1ms'");
    for command in [
        BUILD,
        "ALTER TABLE big ALTER a TYPE bigint",
        "ALTER TABLE big ADD COLUMN twice int GENERATED ALWAYS AS (a * 2) STORED",
        "ALTER TABLE big ADD CHECK (a > 0), ALTER a SET NOT NULL",
        "ALTER TABLE big ADD FOREIGN KEY (a) REFERENCES big",
        "REINDEX TABLE big",
        "DROP TABLE big CASCADE",
        "TRUNCATE big CASCADE",
        "VACUUM FULL big",
    ] {
        let rows = client.query(
            "SELECT relation, reason FROM interlock.explain_lock_profile($1)",
            &[&command],
        );
        let known = rows
            .iter()
            .any(|row| row.get::<_, Option<String>>(0).as_deref() == Some("public.big"));
        assert!(known, "{command}: {rows:?}");
    }
    // The guard refuses without waiting too; what it allows waits as it always did.
    refused(&mut client, BUILD, "IL003");
    assert_eq!(code(&client.error("ALTER TABLE big ADD COLUMN c int")), "55P03");
    holder.batch("ROLLBACK");
}

#[test]
fn no_transaction_id_is_spent_on_judging() {
    let (_database, mut client) = big();
    client.batch("BEGIN; SAVEPOINT s");
    refused(&mut client, BUILD, "IL003");
    client.batch("ROLLBACK TO s");
    client.text("SELECT * FROM interlock.explain_lock_profile('ALTER TABLE big ADD COLUMN c float DEFAULT random()')");
    assert_eq!(client.text("SELECT pg_current_xact_id_if_assigned()"), "");
    client.batch("COMMIT");
}

#[test]
fn a_cancelled_statement_is_cancelled() {
    let (database, mut holder) = big();
    holder.batch("BEGIN; LOCK TABLE big");
    let waiting = database.client().run("ALTER TABLE big ADD COLUMN c int");
    let mut watcher = database.client();
    blocked(&mut watcher, waiting.pid());
    until(&mut watcher, &format!("SELECT pg_cancel_backend({})", waiting.pid()));
    let (mut client, outcome) = waiting.finish();
    let error = outcome.expect_err("cancelled");
    assert_eq!(error.as_db_error().map(code), Some("57014"));
    holder.batch("COMMIT");
    client.batch("ALTER TABLE big ADD COLUMN c int");
}

#[test]
fn in_a_database_of_another_encoding() {
    let cluster = TestDatabase::new().cluster();
    cluster
        .connect("postgres")
        .batch("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'");
    let mut client = cluster.connect("latin");
    client.batch("CREATE EXTENSION pg_interlock; SET pg_interlock.row_threshold = 100");
    big_table(&mut client, "été");
    client.batch("ALTER TABLE été RENAME a TO à");
    let error = refused(&mut client, "ALTER TABLE été ALTER à SET NOT NULL", "IL002");
    assert_eq!((error.table(), error.column()), (Some("été"), Some("à")));
    let steps = support::steps(error.hint().unwrap_or_default());
    assert_eq!(
        steps[1],
        "ALTER TABLE public.\"été\" VALIDATE CONSTRAINT \"été_à_not_null\""
    );
    for step in steps {
        client.batch(&step);
    }
    refused(&mut client, "ALTER TABLE été ADD COLUMN n int NOT NULL", "IL002"); // whose hint leaves something open
    let shown = client.text("SELECT relation FROM interlock.explain_lock_profile('ANALYZE été')");
    assert_eq!(shown, "public.\"été\"");
    assert_eq!(code(&client.error("ALTER TABLE été ADD COLUMN '\u{20ac}'")), "22P05");
}

/// Judging folds the immutable functions of a default, and is silent meanwhile.
#[test]
fn settings_that_a_folded_function_changes_stay_the_users() {
    let (_database, mut client) = big();
    client.batch(
        "CREATE FUNCTION fails() RETURNS int IMMUTABLE LANGUAGE plpgsql
             SET client_min_messages = error SET log_min_messages = panic
             AS $$BEGIN RAISE EXCEPTION 'no'; END$$;
         CREATE FUNCTION changes() RETURNS int IMMUTABLE LANGUAGE plpgsql
             AS $$BEGIN PERFORM set_config('client_min_messages', 'debug5', true); RETURN 1; END$$",
    );
    let settings = "SELECT current_setting('client_min_messages') || ' ' || current_setting('log_min_messages')";
    let before = client.one::<String>(settings);
    client.error("ALTER TABLE big ADD COLUMN c int DEFAULT fails()");
    assert_eq!(client.one::<String>(settings), before);
    client.one::<i64>(
        "SELECT count(*) FROM interlock.explain_lock_profile('ALTER TABLE big ADD COLUMN c int DEFAULT changes()')",
    );
    assert_eq!(client.one::<String>(settings), before);
}

/// What a driver prepares that needs no analysis has less to it than what PREPARE makes.
#[test]
fn any_prepared_statement_can_be_asked_about() {
    let database = TestDatabase::new();
    let mut client = database.client();
    for statement in ["CHECKPOINT", "BEGIN", "", "SELECT 1", "VACUUM"] {
        let _prepared = client.raw().prepare(statement).expect("prepared");
        let mut name = client.text(&format!(
            "SELECT max(name) FROM pg_prepared_statements WHERE statement = '{statement}'"
        ));
        if name.is_empty() {
            // The server keeps no text of nothing.
            name = client.text("SELECT name FROM pg_prepared_statements ORDER BY prepare_time DESC LIMIT 1");
        }
        for asked in [format!("EXECUTE {name}"), format!("EXPLAIN EXECUTE {name}")] {
            client.batch(&format!("SELECT interlock.lock_profile('{asked}')"));
        }
        if statement != "SELECT 1" {
            client.error(&format!("CREATE TABLE n AS EXECUTE {name}"));
        }
    }
    assert_eq!(client.one::<i32>("SELECT 1"), 1);
}
