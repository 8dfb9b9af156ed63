//! What no profile foresaw: the last line of defence stops it, and `verify_profiles` tells of it.

use pg_test::{Client, TestDatabase, c_library};

/// A database whose guard objects from 10000 rows on, and a table above that.
fn with_big_table() -> (TestDatabase, Client) {
    let database = TestDatabase::new();
    let mut client = database.client();
    client.batch(
        "SET pg_interlock.row_threshold = 10000;
         CREATE TABLE big (id int PRIMARY KEY, v text);
         INSERT INTO big SELECT g, g FROM generate_series(1, 20000) AS g;
         CREATE TABLE parent (id int, v text) PARTITION BY RANGE (id);
         CREATE INDEX ON parent (v);
         CREATE FUNCTION zero() RETURNS int LANGUAGE sql IMMUTABLE AS
             $$SELECT 1 / (current_setting('log_min_messages') <> 'error')::int - 1$$",
    );
    (database, client)
}

/// It builds the parent's indexes on the table. It cannot be judged: the function in the bound fails where messages are held
/// back, as they are while the guard reads.
const ATTACH: &str = "ALTER TABLE parent ATTACH PARTITION big FOR VALUES FROM (zero()) TO (1000000)";

#[test]
fn an_index_that_no_profile_foresaw_is_stopped_before_it_is_built() {
    let (_database, mut client) = with_big_table();
    let indexes = "SELECT count(*) FROM pg_index WHERE indrelid = 'big'::regclass";
    let stopped = "SELECT unpredicted FROM interlock.status()";
    let stopped_before = client.one::<i64>(stopped);

    let error = client.error(ATTACH);
    assert_eq!(error.code().code(), "IL003", "{error:?}");
    assert_eq!(
        (error.schema(), error.table()),
        (Some("public"), Some("big")),
        "{error:?}"
    );
    assert!(
        error.message().contains("would build an index on table \"public.big\""),
        "{error:?}"
    );

    assert_eq!(client.one::<i64>(indexes), 1);
    // The counters are the cluster's: others may count at the same time.
    assert!(client.one::<i64>(stopped) > stopped_before);
    let row =
        "SELECT rule || ' ' || command_tag || ' ' || relation FROM interlock.decision_log WHERE decision = 'reject'";
    assert_eq!(client.one::<String>(row), "unpredicted ALTER TABLE public.big");
}

#[test]
fn a_rewrite_that_no_profile_foresaw_is_stopped_before_it_begins() {
    let (_database, mut client) = with_big_table();
    // As in `ATTACH`, the function cannot be planned while the guard reads.
    let error = client.error("ALTER TABLE big ALTER v TYPE int USING zero()");
    assert_eq!(error.code().code(), "IL001", "{error:?}");
    assert!(
        error.message().contains("would rewrite table \"public.big\""),
        "{error:?}"
    );
    assert_eq!(client.one::<String>("SELECT max(v) FROM big"), "9999");
    let row = "SELECT rule || ' ' || command_tag || ' ' || relation || ' ' || lock_mode FROM interlock.decision_log
                WHERE decision = 'reject'";
    assert_eq!(
        client.one::<String>(row),
        "unpredicted ALTER TABLE public.big AccessExclusiveLock"
    );
}

/// No statement is judged there at all: the functions are an extension's, in C, and call what ALTER TABLE calls.
#[test]
fn who_goes_past_the_statements_is_stopped_too() {
    let (_database, mut client) = with_big_table();
    let library = c_library("tests/regress/backstop/past_process_utility.c");
    for function in ["rewrite", "build_index"] {
        client.batch(&format!(
            "CREATE FUNCTION {function}(regclass) RETURNS void LANGUAGE c AS '{}'",
            library.display()
        ));
    }
    client.batch("CREATE TABLE small (id int, v text)");
    let file = "SELECT pg_relation_filenode('big')";
    let before = client.one::<u32>(file);
    for (function, code, message) in [
        ("rewrite", "IL001", "a function would rewrite table \"public.big\""),
        (
            "build_index",
            "IL003",
            "a function would build an index on table \"public.big\"",
        ),
    ] {
        let error = client.error(&format!("SELECT {function}('big')"));
        assert_eq!(error.code().code(), code, "{error:?}");
        assert!(error.message().starts_with(message), "{error:?}");
        client.batch(&format!("SELECT {function}('small')"));
    }
    assert_eq!(client.one::<u32>(file), before);
    client.batch("SET pg_interlock.mode = off; SELECT rewrite('big'), build_index('big')");
    assert_ne!(client.one::<u32>(file), before);
    assert_eq!(
        client.text(
            "SELECT rule, relation, sqlstate, effects FROM interlock.decision_log WHERE decision = 'reject' ORDER BY id"
        ),
        "unpredicted|public.big|IL001|{rewrites,scans}\nunpredicted|public.big|IL003|{scans,\"builds indexes\"}"
    );
}

#[test]
fn what_was_foreseen_and_let_through_is_not_stopped_later() {
    let (_database, mut client) = with_big_table();
    client.batch("SET pg_interlock.rule_actions = 'vacuum-full=warn, create-index=log'");
    client.batch("VACUUM FULL big");
    client.batch("CREATE INDEX ON big (v)");
    client.batch("CREATE INDEX CONCURRENTLY ON big (v)");
    pg_test::until(
        &mut client,
        "SELECT count(*) = 3 FROM interlock.decision_log WHERE command_tag = 'CREATE INDEX'",
    );
    assert_eq!(
        client.one::<i64>("SELECT count(*) FROM interlock.decision_log WHERE rule = 'unpredicted'"),
        0
    );
}

#[test]
fn a_failed_statement_covers_nothing_that_comes_after_it() {
    let (_database, mut client) = with_big_table();
    client.batch("SET pg_interlock.rule_actions = 'vacuum-full=log'");
    // Foreseen and let through, but it fails: its foresight ends with it.
    client.batch("BEGIN");
    assert_eq!(client.error("VACUUM FULL big").code().code(), "25001");
    client.batch("ROLLBACK");
    assert_eq!(client.error(ATTACH).code().code(), "IL003");
}

#[test]
fn warn_and_log_modes_let_it_through_and_record_it() {
    let (_database, mut client) = with_big_table();
    client.batch("SET pg_interlock.mode = 'warn'");
    client.notices();
    client.batch(ATTACH);
    let warned: Vec<String> = client
        .notices()
        .iter()
        .map(|notice| notice.code().code().to_owned())
        .collect();
    assert_eq!(warned, ["IL003"]);
    let row = "SELECT decision FROM interlock.decision_log WHERE rule = 'unpredicted'";
    pg_test::until(&mut client, &format!("SELECT EXISTS ({row})"));
    assert_eq!(client.one::<String>(row), "warn");
}

/// What a function does while a statement calls it, no profile can foresee.
#[test]
fn a_profile_that_is_wrong_is_told() {
    let (_database, mut client) = with_big_table();
    client.batch(
        "SET pg_interlock.mode = 'log'; SET pg_interlock.verify_profiles = 'warn';
         CREATE TABLE small (id int); INSERT INTO small VALUES (1);
         CREATE FUNCTION meddle() RETURNS int LANGUAGE plpgsql AS
             $$BEGIN PERFORM FROM big WHERE id = 1 FOR UPDATE; CREATE INDEX IF NOT EXISTS i ON big (v); RETURN 1; END$$",
    );
    client.notices();
    client.batch("ALTER TABLE small ADD COLUMN a int DEFAULT meddle()");
    let mut told = client.notices();
    told.retain(|told| told.severity() == "WARNING");
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(
        told[0].message(),
        "lock profile of ALTER TABLE differs from what it did"
    );
    let detail = told[0].detail().expect("a detail");
    assert!(
        detail.starts_with("Seen and not foreseen: public.big: ShareLock, not no lock.  Statement: ALTER TABLE small"),
        "{detail}"
    );
    pg_test::until(
        &mut client,
        "SELECT EXISTS (SELECT FROM interlock.decision_log WHERE mismatches = '{\"public.big: ShareLock, not no lock\"}')",
    );
}

#[test]
fn profiles_are_verified_at_run_time() {
    let (_database, mut client) = with_big_table();
    client.batch("SET pg_interlock.mode = 'log'; SET pg_interlock.verify_profiles = 'warn'");
    client.notices();
    for statement in [
        "ALTER TABLE big ADD COLUMN lucky float DEFAULT random()",
        "ALTER TABLE big ALTER COLUMN id TYPE bigint",
        "ALTER TABLE big ALTER COLUMN v SET NOT NULL",
        "CREATE INDEX ON big (v)",
        "REINDEX TABLE big",
        "CLUSTER big USING big_pkey",
        // What a query reads is not foretold.
        "CREATE TABLE copy AS SELECT * FROM big FOR UPDATE",
        "CREATE MATERIALIZED VIEW shared AS SELECT * FROM big FOR SHARE",
        "REFRESH MATERIALIZED VIEW shared",
        "DROP MATERIALIZED VIEW shared",
        // Which end of a foreign key is read from end to end is the planner's business.
        "CREATE TABLE target (id int PRIMARY KEY) PARTITION BY RANGE (id)",
        "CREATE TABLE target1 PARTITION OF target DEFAULT",
        "INSERT INTO target SELECT generate_series(1, 9)",
        "CREATE TABLE p (a int, b int CONSTRAINT k REFERENCES target) PARTITION BY RANGE (a)",
        "CREATE TABLE r AS SELECT 1 AS a, i AS b FROM generate_series(1, 9) i",
        "ANALYZE target, r",
        "ALTER TABLE p ATTACH PARTITION r FOR VALUES FROM (1) TO (2)",
        "ALTER TABLE r ADD CONSTRAINT f FOREIGN KEY (b) REFERENCES target NOT VALID, VALIDATE CONSTRAINT f",
        "ALTER TABLE r DROP CONSTRAINT f, ADD CONSTRAINT f FOREIGN KEY (b) REFERENCES target NOT VALID",
        "ALTER TABLE r VALIDATE CONSTRAINT f",
        "TRUNCATE big",
        "DROP TABLE big",
    ] {
        client.batch(statement);
        let told = client.notices();
        assert!(told.is_empty(), "{statement}: {told:?}");
    }
    pg_test::until(
        &mut client,
        "SELECT EXISTS (SELECT FROM interlock.decision_log WHERE command_tag = 'DROP TABLE')",
    );
    assert_eq!(
        client.one::<i64>("SELECT count(*) FROM interlock.decision_log WHERE mismatches <> '{}'"),
        0
    );
}
