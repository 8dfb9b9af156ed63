//! `interlock.explain_lock_profile` and `interlock.lock_profile`: what they show, and that they only show it.

use pg_test::{Client, TestDatabase};

use crate::support::{self, big_table, catalog_of, code};

/// Whatever the search_path, without the columns that differ from server to server.
fn explain(client: &mut Client, command: &str) -> String {
    let rows = client.query(
        "SELECT concat_ws('|', statement, command_tag, coalesce(relation, '-'), coalesce(lock_mode, '-'), decision,
                          coalesce(rule, '-'))
         FROM interlock.explain_lock_profile($1)",
        &[&command],
    );
    rows.iter()
        .map(|row| row.get::<_, String>(0))
        .collect::<Vec<_>>()
        .join("\n")
}

fn big() -> (TestDatabase, Client) {
    let database = support::database();
    let mut client = database.client();
    client.batch("CREATE SCHEMA shop; SET search_path = shop, public");
    big_table(&mut client, "big");
    (database, client)
}

#[test]
fn its_columns_are_those_of_the_design() {
    let (_database, mut client) = big();
    let columns = client.text(
        "SELECT parameter_name, data_type FROM information_schema.parameters
         WHERE specific_schema = 'interlock' AND specific_name LIKE 'explain\\_lock\\_profile%' ORDER BY ordinal_position",
    );
    let expected = "command|text
        statement|integer
        command_tag|text
        relation|text
        lock_mode|text
        blocks|text
        rewrites|boolean
        scans|boolean
        builds_indexes|boolean
        estimated_rows|bigint
        total_bytes|bigint
        decision|text
        rule|text
        reason|text
        safe_alternative|text";
    assert_eq!(columns, expected.replace("        ", ""));
    assert_eq!(client.text("SELECT pg_typeof(interlock.lock_profile(''))"), "jsonb");
}

#[test]
fn one_row_tells_it_all() {
    let (_database, mut client) = big();
    let (bytes, error): (String, _) = (
        client.text("SELECT pg_total_relation_size('big')"),
        client.error("ALTER TABLE big ALTER a TYPE bigint"),
    );
    let row = client.text(
        "SELECT statement, command_tag, relation, lock_mode, blocks, rewrites, scans, builds_indexes, estimated_rows,
                total_bytes, decision, rule
         FROM interlock.explain_lock_profile('ALTER TABLE big ALTER a TYPE bigint') WHERE relation = 'shop.big'",
    );
    assert_eq!(
        row,
        format!(
            "1|ALTER TABLE|shop.big|AccessExclusiveLock|reads and writes|t|t|t|200|{bytes}|reject|alter-column-type"
        )
    );
    let words = client.query(
        "SELECT reason, safe_alternative FROM interlock.explain_lock_profile('ALTER TABLE big ALTER a TYPE bigint')
         WHERE relation = 'shop.big'",
        &[],
    );
    assert_eq!(words[0].get::<_, Option<&str>>(0), error.detail());
    assert_eq!(words[0].get::<_, Option<&str>>(1), error.hint());
    let whole: serde_json::Value = client.one("SELECT interlock.lock_profile('ALTER TABLE big ALTER a TYPE bigint')");
    let statement = &whole["statements"][0];
    assert_eq!(statement["decision"], "reject");
    assert_eq!(statement["sqlstate"], "IL001");
    assert_eq!(statement["text"], "ALTER TABLE big ALTER a TYPE bigint");
    assert_eq!(statement["relations"][0]["relation"], "shop.big");
}

#[test]
fn a_statement_that_does_nothing_to_a_table_has_a_row_that_says_so() {
    let (_database, mut client) = big();
    for command in [
        "SELECT 1",
        "SET work_mem = '4MB'",
        "CREATE ROLE somebody",
        "EXPLAIN ANALYZE SELECT 1",
    ] {
        let row = client.text(&format!(
            "SELECT statement, relation, lock_mode, blocks, rewrites, estimated_rows, decision, rule, reason, safe_alternative
             FROM interlock.explain_lock_profile('{}')",
            command.replace('\'', "''")
        ));
        assert_eq!(row, "1||||||allow|||", "{command}");
    }
}

#[test]
fn statements_are_numbered_and_what_a_command_creates_is_new() {
    let (_database, mut client) = big();
    let rows = explain(
        &mut client,
        "BEGIN; CREATE TABLE fresh (a int); CREATE INDEX fresh_a ON fresh (a);;
         ALTER TABLE shop.fresh ADD COLUMN b float DEFAULT random();
         CREATE INDEX ON big (a); CREATE VIEW seen AS SELECT 1; DROP VIEW seen; COMMIT",
    );
    let expected = "1|BEGIN|-|-|allow|-
        2|CREATE TABLE|-|-|allow|-
        3|CREATE INDEX|-|-|allow|-
        4|ALTER TABLE|-|-|allow|-
        5|CREATE INDEX|shop.big|ShareLock|reject|create-index
        6|CREATE VIEW|-|-|allow|-
        7|DROP VIEW|-|-|allow|-
        8|COMMIT|-|-|allow|-";
    assert_eq!(rows, expected.replace("        ", ""));
    let reasons = client.text(
        "SELECT count(reason) FROM interlock.explain_lock_profile('CREATE TABLE fresh (a int); CREATE INDEX ON fresh (a)')
         WHERE statement = 2",
    );
    assert_eq!(reasons, "0");
}

#[test]
fn a_missing_relation_is_a_row_with_the_reason() {
    let (_database, mut client) = big();
    let rows = client.text(
        "SELECT statement, relation, decision, reason FROM interlock.explain_lock_profile(
             'ALTER TABLE missing ADD COLUMN a int; CREATE INDEX ON else_where.missing (a); DROP TABLE IF EXISTS missing')",
    );
    assert_eq!(
        rows,
        "1||allow|Relation \"missing\" does not exist.\n2||allow|Relation \"else_where.missing\" does not exist.\n3||allow|"
    );
}

#[test]
fn nothing_in_nothing_out() {
    let (_database, mut client) = big();
    assert_eq!(client.text("SELECT * FROM interlock.explain_lock_profile(NULL)"), "");
    assert_eq!(client.text("SELECT * FROM interlock.explain_lock_profile('')"), "");
    assert_eq!(
        client.text("SELECT * FROM interlock.explain_lock_profile(' ; -- nothing')"),
        ""
    );
    assert_eq!(client.text("SELECT interlock.lock_profile(NULL) IS NULL"), "t");
}

/// A list of joins nests as deep as it is long; the server's own limit is met, not the process's end.
#[test]
fn statements_that_are_too_deep_are_postgresqls_own_error() {
    let database = TestDatabase::new();
    let mut client = database.client();
    let joins = "x ".to_owned() + &"JOIN x ON true ".repeat(60_000);
    for statement in [
        format!("CREATE VIEW v AS SELECT 1 FROM {joins}"),
        format!("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$SELECT 1 FROM {joins}$$"),
    ] {
        assert_eq!(client.error(&statement).code().code(), "54001");
    }
}

#[test]
fn a_syntax_error_is_postgresqls_own() {
    let (_database, mut client) = big();
    for command in [
        "ALTER TABLE big ADD COLUM a b c",
        "SELECT 1; CREATE INDEX ON",
        "SELECT 'open",
        "été été",
    ] {
        let own = client.error(command);
        let ours = {
            let outcome = client
                .raw()
                .query("SELECT * FROM interlock.explain_lock_profile($1)", &[&command]);
            outcome
                .expect_err(command)
                .as_db_error()
                .expect("an error of the server")
                .clone()
        };
        assert_eq!((ours.code(), ours.message()), (own.code(), own.message()), "{command}");
        let Some(pg_test::postgres::error::ErrorPosition::Original(position)) = own.position() else {
            panic!("{own:?}")
        };
        let expected = pg_test::postgres::error::ErrorPosition::Internal {
            position: *position,
            query: command.to_string(),
        };
        assert_eq!(ours.position(), Some(&expected));
    }
    // The session goes on.
    assert_eq!(
        explain(&mut client, "CREATE INDEX ON big (a)"),
        "1|CREATE INDEX|shop.big|ShareLock|reject|create-index"
    );
}

#[test]
fn it_runs_nothing_and_leaves_no_lock() {
    let (_database, mut client) = big();
    client.batch("CREATE SEQUENCE counted; CREATE FUNCTION count_up() RETURNS int LANGUAGE sql AS $$SELECT nextval('counted')::int$$");
    let before = catalog_of(&mut client, "shop");
    client.batch("BEGIN");
    let commands = "ALTER TABLE big ADD COLUMN c int DEFAULT count_up(), ALTER a TYPE bigint USING count_up(), DROP COLUMN b;
        CREATE INDEX ON big (a); REINDEX TABLE big; CLUSTER big USING big_pkey; TRUNCATE big; DROP TABLE big; VACUUM FULL big;
        DELETE FROM big; INSERT INTO big SELECT count_up(); SELECT count_up(); DO 'BEGIN PERFORM count_up(); END';
        DROP DATABASE postgres; ROLLBACK; CREATE TABLE big2 (a int)";
    assert!(explain(&mut client, commands).contains("VACUUM|shop.big|AccessExclusiveLock|reject|vacuum-full"));
    assert_eq!(support::locks_on(&mut client, "shop"), "");
    assert_eq!(
        client.text("SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'transactionid'"),
        "0"
    );
    client.batch("COMMIT");
    assert_eq!(catalog_of(&mut client, "shop"), before);
    assert_eq!(
        client.text("SELECT is_called FROM counted; SELECT count(*) FROM big"),
        "f\n200"
    );
}

#[test]
fn anybody_may_ask_also_where_nothing_may_be_written() {
    let (mut database, mut client) = big();
    let role = database.role("reader");
    let ask = "SELECT decision, rule FROM interlock.explain_lock_profile('CREATE INDEX ON shop.big (a)')";
    let mut reader = database.client_as(&role);
    let unseen =
        reader.text("SELECT decision, reason FROM interlock.explain_lock_profile('CREATE INDEX ON shop.big (a)')");
    assert_eq!(
        unseen,
        "allow|It could not be judged: permission denied for schema shop."
    );
    client.batch(&format!("GRANT USAGE ON SCHEMA shop TO {role}"));
    assert_eq!(reader.text(ask), "reject|create-index");
    for begin in [
        "BEGIN READ ONLY",
        "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE",
    ] {
        client.batch(begin);
        assert_eq!(client.text(ask), "reject|create-index");
        client.batch("COMMIT");
    }
    assert_eq!(
        client.text("SET search_path = ''; SELECT decision FROM interlock.explain_lock_profile('ANALYZE shop.big')"),
        "allow"
    );
    assert_eq!(explain(&mut client, "ANALYZE big"), "1|ANALYZE|-|-|allow|-");
}

#[test]
fn the_decision_is_that_of_the_settings() {
    let (_database, mut client) = big();
    for (setting, decision) in [
        ("mode = 'warn'", "warn|create-index"),
        ("mode = 'log'", "allow|create-index"),
        ("rule_actions = 'create-index=warn'", "warn|create-index"),
        ("row_threshold = -1", "allow|"),
        ("row_threshold = 201", "allow|"),
        ("size_threshold = '8kB'", "reject|create-index"),
    ] {
        client.batch(&format!("SET pg_interlock.{setting}"));
        let shown = client.text("SELECT decision, rule FROM interlock.explain_lock_profile('CREATE INDEX ON big (a)')");
        assert_eq!(shown, decision, "{setting}");
        client.batch("RESET pg_interlock.mode; RESET pg_interlock.rule_actions; RESET pg_interlock.row_threshold");
    }
}

/// Statements of many kinds about the tables of the next test.
const STATEMENTS: &[&str] = &[
    "ALTER TABLE big ADD COLUMN c int",
    "ALTER TABLE big ADD COLUMN c int DEFAULT 1, ADD COLUMN d timestamptz DEFAULT clock_timestamp()",
    "ALTER TABLE big ADD COLUMN c serial",
    "ALTER TABLE big ADD COLUMN c int UNIQUE",
    "ALTER TABLE big ADD COLUMN c int REFERENCES small",
    "ALTER TABLE big ADD COLUMN c int DEFAULT 1 REFERENCES small",
    "ALTER TABLE big ADD COLUMN c int CHECK (c > 0)",
    "ALTER TABLE big ALTER a TYPE bigint",
    "ALTER TABLE big ALTER b TYPE varchar",
    "ALTER TABLE big ALTER a SET NOT NULL",
    "ALTER TABLE big ALTER id SET NOT NULL",
    "ALTER TABLE big ADD CHECK (a > 0)",
    "ALTER TABLE big ADD CHECK (a > 0) NOT VALID",
    "ALTER TABLE big VALIDATE CONSTRAINT pending",
    "ALTER TABLE big VALIDATE CONSTRAINT pending, ALTER b DROP DEFAULT",
    "ALTER TABLE big ADD UNIQUE (a)",
    "ALTER TABLE big ADD CONSTRAINT k UNIQUE USING INDEX big_u",
    "ALTER TABLE big ADD FOREIGN KEY (a) REFERENCES small NOT VALID",
    "ALTER TABLE small ADD FOREIGN KEY (id) REFERENCES big",
    "ALTER TABLE big ADD FOREIGN KEY (a) REFERENCES big",
    "ALTER TABLE big SET UNLOGGED",
    "ALTER TABLE big SET LOGGED",
    "ALTER TABLE big SET (fillfactor = 50)",
    "ALTER TABLE big DROP COLUMN a",
    "ALTER TABLE small ALTER id TYPE bigint",
    "ALTER TABLE parts ADD COLUMN c float DEFAULT random()",
    "ALTER TABLE parts ADD CHECK (id >= 0)",
    "ALTER TABLE part_1 ADD CHECK (id >= 0)",
    "CREATE INDEX ON big (a)",
    "CREATE INDEX ON small (id)",
    "CREATE INDEX ON parts (id)",
    "CREATE INDEX ON part_1 (id)",
    "CREATE INDEX ON view_of_big (a)",
    "REINDEX TABLE big",
    "REINDEX INDEX big_pkey",
    "REINDEX TABLE small",
    "REFRESH MATERIALIZED VIEW copy",
    "CLUSTER big USING big_pkey",
    "TRUNCATE big",
    "DROP TABLE big CASCADE",
    "DROP INDEX big_u",
    "DROP VIEW view_of_big",
    "COMMENT ON TABLE big IS 'big'",
    "GRANT SELECT ON big TO PUBLIC",
    "ALTER TABLE big RENAME a TO z",
    "ALTER TABLE missing ADD COLUMN c int",
];

#[test]
fn what_is_shown_is_what_is_done() {
    let (_database, mut client) = big();
    client.batch(
        "CREATE TABLE small (id int PRIMARY KEY); INSERT INTO small SELECT generate_series(1, 50); ANALYZE small;
         CREATE TABLE parts (id int) PARTITION BY RANGE (id);
         CREATE TABLE part_1 PARTITION OF parts FOR VALUES FROM (0) TO (60);
         CREATE TABLE part_2 PARTITION OF parts FOR VALUES FROM (60) TO (120);
         INSERT INTO parts SELECT generate_series(0, 119); ANALYZE parts;
         CREATE VIEW view_of_big AS SELECT a FROM big WHERE false;
         ALTER TABLE big ADD CONSTRAINT pending CHECK (a > -1) NOT VALID",
    );
    client.batch("CREATE UNIQUE INDEX CONCURRENTLY big_u ON big (a)");
    client.batch("CREATE MATERIALIZED VIEW copy AS SELECT g FROM generate_series(1, 200) AS g; ANALYZE copy");
    let mut decisions = Vec::new();
    for mode in ["enforce", "warn"] {
        client.batch(&format!("SET pg_interlock.mode = '{mode}'"));
        for statement in STATEMENTS {
            let shown: String = client
                .query(
                    "SELECT coalesce((SELECT decision FROM interlock.explain_lock_profile($1)
                                      ORDER BY array_position('{reject,warn,allow}'::text[], decision) LIMIT 1), 'none')",
                    &[statement],
                )[0]
                .get(0);
            client.notices();
            client.batch("BEGIN");
            let outcome = client.try_batch(statement);
            client.batch("ROLLBACK");
            let is_ours = |error: &pg_test::DbError| code(error).starts_with("IL");
            let done = match outcome.as_ref().err().and_then(|error| error.as_db_error()) {
                Some(error) if is_ours(error) => "reject",
                _ if client.notices().iter().any(is_ours) => "warn",
                _ => "allow",
            };
            assert_eq!(shown, done, "{mode}: {statement}");
            decisions.push(done);
        }
    }
    for decision in ["reject", "warn", "allow"] {
        assert!(decisions.contains(&decision), "the list is too tame");
    }
}
