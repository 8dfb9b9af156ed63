//! Statements that name no table, but take all there are, are judged by the largest of them.

use pg_test::{DEADLINE, Server, TestDatabase, poll, until};

#[test]
fn statements_without_a_table_are_refused_before_they_begin() {
    let database = TestDatabase::new();
    let mut client = database.client();
    client.batch(
        "SET pg_interlock.row_threshold = 1000;
         CREATE TABLE big (id int PRIMARY KEY);
         INSERT INTO big SELECT generate_series(1, 20000);
         CREATE TABLE small (id int PRIMARY KEY)",
    );
    client.batch("CLUSTER small USING small_pkey; ALTER TABLE big CLUSTER ON big_pkey");
    let name = client.one::<String>("SELECT quote_ident(current_database())");
    for (statement, code, rule) in [
        ("VACUUM FULL", "IL001", "vacuum-full"),
        ("CLUSTER", "IL001", "cluster"),
        ("REINDEX SCHEMA public", "IL003", "reindex"),
        (&format!("REINDEX DATABASE {name}"), "IL003", "reindex"),
    ] {
        let error = client.error(statement);
        assert_eq!(
            (error.code().code(), error.table()),
            (code, Some("big")),
            "{statement}: {error:?}"
        );
        let last = "SELECT rule FROM interlock.decision_log ORDER BY id DESC LIMIT 1";
        assert_eq!(client.one::<String>(last), rule, "{statement}");
    }
    client.batch("REINDEX SCHEMA CONCURRENTLY public");
    client.batch("SET pg_interlock.row_threshold = 50000");
    client.batch("VACUUM FULL");
    client.batch("REINDEX SCHEMA public");
    client.batch("CLUSTER");
}

/// Catalogs are written anew too. If one of them is the largest, this is told before anything is done.
#[test]
fn catalogs_count() {
    let database = TestDatabase::new();
    let mut client = database.client();
    client.batch("SET pg_interlock.row_threshold = 1000; CREATE TABLE small (id int PRIMARY KEY)");
    let before = "SELECT pg_relation_filenode('small')";
    let filenode: u32 = client.one(before);
    let error = client.error("VACUUM FULL");
    assert_eq!(
        (error.code().code(), error.schema()),
        ("IL001", Some("pg_catalog")),
        "{error:?}"
    );
    assert_eq!(client.one::<u32>(before), filenode);
    let last = "SELECT rule FROM interlock.decision_log ORDER BY id DESC LIMIT 1";
    assert_eq!(client.one::<String>(last), "vacuum-full");

    let name = client.one::<String>("SELECT quote_ident(current_database())");
    let database = format!("REINDEX DATABASE {name}");
    for statement in [
        format!("REINDEX SYSTEM {name}"),
        "REINDEX SCHEMA pg_catalog".to_owned(),
        database.clone(),
    ] {
        if statement == database && Server::under_test().major >= 16 {
            client.batch(&statement);
            continue;
        }
        let error = client.error(&statement);
        assert_eq!(
            (error.code().code(), error.schema(), error.hint()),
            (
                "IL003",
                Some("pg_catalog"),
                Some("Run it in a maintenance window: nothing works beside it.")
            ),
            "{statement}: {error:?}"
        );
    }
    client.batch("SET pg_interlock.row_threshold = 100000000");
    client.batch(&format!("REINDEX SYSTEM {name}"));
}

#[test]
fn what_the_server_would_skip_or_allow_is_known() {
    let mut database = TestDatabase::new();
    let (owner, stranger) = (database.role("owner"), database.role("stranger"));
    let mut client = database.client();
    client.batch(&format!(
        "CREATE SCHEMA theirs AUTHORIZATION {owner};
         CREATE TABLE theirs.big (id int);
         INSERT INTO theirs.big SELECT generate_series(1, 5000);
         GRANT USAGE ON SCHEMA theirs TO {stranger};
         SET pg_interlock.row_threshold = 1000;
         SET pg_interlock.rule_actions = 'drop-table=reject'"
    ));
    // Neither owner nor of the database: the server skips the table with a warning of its own.
    client.batch(&format!("SET ROLE {stranger}"));
    client.notices();
    client.batch("VACUUM FULL theirs.big");
    assert!(client.notices().iter().all(|notice| notice.code().code() == "01000"));
    // Not the table's owner, but the schema's, who may drop it.
    client.batch(&format!("SET ROLE {owner}"));
    assert_eq!(client.error("DROP TABLE theirs.big").code().code(), "IL008");
}

/// What the server does to another session's temporary table beside locking it: nothing.
#[test]
fn temporary_tables_of_others_are_locked_at_most() {
    let database = TestDatabase::new();
    let mut other = database.client();
    other.batch(
        "CREATE TEMPORARY TABLE of_other (id int PRIMARY KEY);
         INSERT INTO of_other SELECT generate_series(1, 300);
         CLUSTER of_other USING of_other_pkey;",
    );
    let mut observer = database.client();
    let name = observer.one::<String>("SELECT quote_ident(current_database())");
    for statement in [
        "VACUUM",
        "ANALYZE",
        "VACUUM FULL",
        "CLUSTER",
        &format!("REINDEX DATABASE {name}"),
    ] {
        let mut client = database.client();
        client.batch("SET pg_interlock.mode = log");
        let predicted = client.text(&format!(
            "SELECT lock_mode || ' ' || (rewrites OR scans OR builds_indexes) FROM interlock.explain_lock_profile('{statement}')
             WHERE relation LIKE 'pg_temp_%.of_other'"
        ));
        other.batch("BEGIN; LOCK TABLE of_other IN SHARE UPDATE EXCLUSIVE MODE");
        let running = client.run(statement);
        let wanted = "SELECT mode || ' false' FROM pg_locks WHERE relation = (SELECT oid FROM pg_class WHERE relname = 'of_other')
                      AND NOT granted";
        let waited_for = poll(DEADLINE, || match observer.text(wanted) {
            mode if mode.is_empty() && !running.ended() => None,
            mode => Some(mode),
        });
        other.batch("COMMIT");
        running.finish().1.expect("it runs");
        assert_eq!(waited_for.as_deref(), Some(predicted.as_str()), "{statement}");
    }
}

/// Whoever owns a schema may build the indexes of all that is there anew; whoever owns the database may not do so with a table.
#[test]
fn owners_of_the_whole_are_judged_as_the_server_does() {
    let mut database = TestDatabase::new();
    let (owner, stranger) = (database.role("owner"), database.role("stranger"));
    let mut client = database.client();
    client.batch(&format!(
        "CREATE SCHEMA theirs;
         CREATE TABLE theirs.big (id int PRIMARY KEY);
         INSERT INTO theirs.big SELECT generate_series(1, 5000);
         ALTER SCHEMA theirs OWNER TO {owner};
         DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO {owner}', current_database()); END $$;
         CREATE TABLE keys (id int PRIMARY KEY);
         GRANT REFERENCES (id) ON keys TO {stranger};
         CREATE SCHEMA own AUTHORIZATION {stranger};
         SET pg_interlock.row_threshold = 1000;
         SET pg_interlock.log_decisions = 'all';
         SET ROLE {owner}"
    ));
    let error = client.error("REINDEX SCHEMA theirs");
    assert_eq!(
        (error.code().code(), error.table()),
        ("IL003", Some("big")),
        "{error:?}"
    );
    // The server says that it is another's.
    assert_eq!(client.error("REINDEX TABLE theirs.big").code().code(), "42501");

    // A privilege on the column is enough to refer to it.
    client.batch(&format!(
        "SET ROLE {stranger}; CREATE TABLE own.r (a int REFERENCES keys (id)); RESET ROLE"
    ));
    let decided =
        "SELECT count(*) FROM interlock.decision_log WHERE relation = 'public.keys' AND command_tag = 'CREATE TABLE'";
    until(&mut client, &format!("SELECT ({decided}) = 1"));
}
