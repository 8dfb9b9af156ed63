//! Modes, rule actions, thresholds, and who may set them.

use pg_test::{Client, Cluster, DbError, TestDatabase, until};

use crate::support::{self, big_table, code, refused};

const BUILD: &str = "CREATE INDEX big_b ON big (b)";
const REFRESH: &str = "REFRESH MATERIALIZED VIEW copy";

fn big() -> (TestDatabase, Client) {
    let database = support::database();
    let mut client = database.client();
    big_table(&mut client, "big");
    client.batch("CREATE MATERIALIZED VIEW copy AS SELECT * FROM big; ANALYZE copy");
    (database, client)
}

/// Runs a statement that must pass, and returns the warnings that came with it.
fn warnings(client: &mut Client, statement: &str) -> Vec<DbError> {
    client.notices();
    client.batch(statement);
    let notices = client.notices().into_iter();
    notices.filter(|notice| notice.severity() == "WARNING").collect()
}

fn only_warning(client: &mut Client, statement: &str) -> DbError {
    let mut warnings = warnings(client, statement);
    assert_eq!(warnings.len(), 1, "{statement}\n{warnings:?}");
    warnings.remove(0)
}

#[test]
fn warn_lets_it_run_and_says_the_same() {
    let (_database, mut client) = big();
    for statement in [
        BUILD,
        "ALTER TABLE big ADD CONSTRAINT positive CHECK (a > 0)",
        "ALTER TABLE big ADD COLUMN c float DEFAULT random()",
        "VACUUM FULL big",
    ] {
        client.batch("SET pg_interlock.mode = 'enforce'");
        let error = client.error(statement);
        client.batch("SET pg_interlock.mode = 'warn'");
        let warning = only_warning(&mut client, statement);
        assert_eq!(warning.message(), error.message().replace(" would ", " will "));
        let fields = |it: &DbError| {
            let texts = [
                it.detail(),
                it.hint(),
                it.schema(),
                it.table(),
                it.column(),
                it.constraint(),
            ];
            (it.code().clone(), texts.map(|text| text.map(str::to_string)))
        };
        assert_eq!(fields(&warning), fields(&error));
        assert!(code(&warning).starts_with("IL0"), "{warning:?}");
    }
    assert_eq!(
        client.text("SELECT count(*) FROM pg_class WHERE relname = 'big_b'"),
        "1"
    );
}

#[test]
fn log_and_off_are_silent() {
    let (_database, mut client) = big();
    for mode in ["log", "off"] {
        client.batch(&format!("SET pg_interlock.mode = '{mode}'"));
        for statement in [BUILD, REFRESH, "VACUUM FULL big", "DROP INDEX big_b"] {
            assert!(warnings(&mut client, statement).is_empty(), "{mode}: {statement}");
        }
    }
}

#[test]
fn log_and_warn_leave_their_rows_and_off_leaves_none() {
    let (_database, mut client) = big();
    for (mode, rows) in [
        ("log", "allow|create-index|log|committed"),
        ("warn", "warn|create-index|warn|committed"),
        ("off", ""),
    ] {
        let name = format!("{mode}_idx");
        client.batch(&format!("SET pg_interlock.mode = '{mode}'"));
        client.batch(&format!("CREATE INDEX {name} ON big (a)"));
        // The writer takes the decisions of a session in order: when the refusal is there, what came before is too.
        client.batch("SET pg_interlock.mode = 'enforce'");
        refused(&mut client, BUILD, "IL003");
        let logged = client.text(&format!(
            "SELECT decision, rule, mode, outcome FROM interlock.decision_log WHERE statement LIKE '%{name}%'"
        ));
        assert_eq!(logged, rows, "{mode}");
    }
}

#[test]
fn a_rule_can_have_an_action_of_its_own() {
    let (_database, mut client) = big();
    // The default: REFRESH is a matter of routine.
    let warning = only_warning(&mut client, REFRESH);
    assert_eq!((code(&warning), warning.table()), ("IL001", Some("copy")));
    let hint = warning.hint().unwrap_or_default();
    assert!(
        hint.contains("REFRESH MATERIALIZED VIEW CONCURRENTLY public.copy "),
        "{hint}"
    );
    for (action, warned) in [("off", 0), ("log", 0), ("warn", 1)] {
        client.batch(&format!("SET pg_interlock.rule_actions = 'create-index={action}'"));
        assert_eq!(warnings(&mut client, BUILD).len(), warned, "{action}");
        client.batch("DROP INDEX big_b");
        // Other rules are as before.
        refused(&mut client, "ALTER TABLE big ADD CHECK (a > 0)", "IL002");
    }
    client.batch(
        "SET pg_interlock.rule_actions = ' Refresh-Materialized-View = REJECT , drop-column=reject,truncate=warn, '",
    );
    refused(&mut client, REFRESH, "IL001");
    let error = refused(&mut client, "ALTER TABLE big DROP COLUMN b", "IL008");
    assert_eq!(
        error.message(),
        "ALTER TABLE would drop column \"b\" of table \"public.big\""
    );
    let warning = only_warning(&mut client, "TRUNCATE big");
    assert_eq!(
        warning.message(),
        "TRUNCATE TABLE will remove all rows of table \"public.big\""
    );
}

#[test]
fn destruction_is_judged_whatever_the_size_but_not_of_what_nobody_else_sees() {
    let (_database, mut client) = big();
    client.batch(
        "CREATE TABLE small (a int PRIMARY KEY, b int CONSTRAINT positive CHECK (b > 0));
         CREATE INDEX small_b ON small (b);
         SET pg_interlock.rule_actions = 'drop-table=reject, drop-column=reject, drop-constraint=reject, drop-index=reject,
             truncate=reject'",
    );
    for (statement, message) in [
        ("DROP TABLE small", "DROP TABLE would drop table \"public.small\""),
        (
            "DROP MATERIALIZED VIEW copy",
            "DROP MATERIALIZED VIEW would drop materialized view \"public.copy\"",
        ),
        (
            "ALTER TABLE small DROP b",
            "ALTER TABLE would drop column \"b\" of table \"public.small\"",
        ),
        (
            "ALTER TABLE small DROP CONSTRAINT positive",
            "ALTER TABLE would drop constraint \"positive\" of table \"public.small\"",
        ),
        (
            "DROP INDEX small_b",
            "DROP INDEX would drop an index of table \"public.small\"",
        ),
        (
            "TRUNCATE big, small",
            "TRUNCATE TABLE would remove all rows of table \"public.big\"",
        ),
    ] {
        assert_eq!(refused(&mut client, statement, "IL008").message(), message);
    }
    client.batch(
        "CREATE TEMP TABLE mine (a int); TRUNCATE mine; DROP TABLE mine;
         CREATE TABLE young (a int, b int); ALTER TABLE young DROP b; TRUNCATE young; DROP TABLE young;
         DROP TABLE IF EXISTS missing",
    );
}

#[test]
fn rule_actions_are_checked_when_they_are_set() {
    let database = support::database();
    let mut client = database.client();
    for (value, detail) in [
        ("create-idx=off", "There is no rule \"create-idx\"."),
        (
            "create-index=never",
            "\"never\" is not an action; off, log, warn and reject are.",
        ),
        ("create-index", "\"create-index\" is not of the form rule=action."),
        ("truncate=warn, =off", "There is no rule \"\"."),
    ] {
        let error = client.error(&format!("SET pg_interlock.rule_actions = '{value}'"));
        assert_eq!(code(&error), "22023");
        assert_eq!(
            error.message(),
            format!("invalid value for parameter \"pg_interlock.rule_actions\": \"{value}\"")
        );
        assert_eq!(error.detail(), Some(detail));
        let alter = format!(
            "ALTER DATABASE {} SET pg_interlock.rule_actions = '{value}'",
            database.name()
        );
        assert_eq!(client.error(&alter).detail(), Some(detail));
    }
    assert_eq!(client.text("SHOW pg_interlock.rule_actions"), "");
    client.batch("BEGIN; SET LOCAL pg_interlock.rule_actions = 'create-index=off'");
    assert_eq!(
        client.text("SELECT action FROM interlock.rules WHERE id = 'create-index'"),
        "off"
    );
    client.batch("ROLLBACK");
    assert_eq!(
        client.text("SELECT action FROM interlock.rules WHERE id = 'create-index'"),
        "reject"
    );
}

#[test]
fn a_wrong_value_in_the_configuration_file_is_told_and_not_taken() {
    let cluster = Cluster::start(&[("pg_interlock.rule_actions", "no-rule=warn")]);
    assert!(
        cluster.log().contains("There is no rule \"no-rule\"."),
        "{}",
        cluster.log()
    );
    let mut client = cluster.connect("postgres");
    assert_eq!(client.text("SHOW pg_interlock.rule_actions"), "");
    cluster.configure(&[("pg_interlock.rule_actions", "truncate=warn")]);
    client.batch("SELECT pg_reload_conf()");
    until(
        &mut client,
        "SELECT current_setting('pg_interlock.rule_actions') = 'truncate=warn'",
    );
}

#[test]
fn every_rule_can_be_named() {
    let database = support::database();
    let mut client = database.client();
    let all: String = client.one("SELECT string_agg(id || '=off', ',') FROM interlock.rules");
    client.query("SELECT set_config('pg_interlock.rule_actions', $1, false)", &[&all]);
    assert_eq!(client.text("SELECT DISTINCT action FROM interlock.rules"), "off");
}

#[test]
fn values_that_make_no_sense_are_refused() {
    let database = support::database();
    let mut client = database.client();
    for setting in [
        "mode = 'enforced'",
        "row_threshold = -2",
        "size_threshold = '1 acre'",
        "size_threshold = -2",
        "log_decisions = 'some'",
    ] {
        assert_eq!(
            code(&client.error(&format!("SET pg_interlock.{setting}"))),
            "22023",
            "{setting}"
        );
    }
}

#[test]
fn thresholds() {
    let (_database, mut client) = big();
    client.batch("CREATE TABLE empty (a int)");
    let rows = client.text("SELECT reltuples::int FROM pg_class WHERE oid = 'big'::regclass");
    assert_eq!(rows, "200");
    let size: i64 = client.one("SELECT pg_total_relation_size('big') / 1024");
    let (size_over, megabytes) = (format!("'{}kB'", size + 1), format!("{} kB", size));
    for (rows, bytes, statement, decision) in [
        ("200", "-1", BUILD, "reject"),
        ("201", "-1", BUILD, "allow"),
        ("-1", "-1", BUILD, "allow"),
        ("0", "-1", "CREATE INDEX ON empty (a)", "reject"),
        ("-1", "0", "CREATE INDEX ON empty (a)", "reject"),
        ("1", "'1kB'", "CREATE INDEX ON empty (a)", "allow"),
        ("-1", "'2GB'", BUILD, "allow"),
        ("-1", &format!("'{megabytes}'"), BUILD, "reject"),
        ("-1", &size_over, BUILD, "allow"),
        ("100", "'2GB'", BUILD, "reject"), // either suffices
        ("100000", "'8kB'", BUILD, "reject"),
    ] {
        client.batch(&format!(
            "SET pg_interlock.row_threshold = {rows}; SET pg_interlock.size_threshold = {bytes}"
        ));
        if decision == "reject" {
            refused(&mut client, statement, "IL003");
        } else {
            client.batch("BEGIN");
            client.batch(statement);
            client.batch("ROLLBACK");
        }
    }
    client.batch("SET pg_interlock.size_threshold = '2GB'");
    assert_eq!(client.text("SHOW pg_interlock.size_threshold"), "2GB");
}

#[test]
fn settings_of_roles_and_databases_count() {
    let mut database = support::database();
    let mut client = database.client();
    big_table(&mut client, "big");
    let role = database.role("migrator");
    let name = database.name().to_string();
    client.batch(&format!(
        "ALTER TABLE big OWNER TO {role}; GRANT CREATE ON SCHEMA public TO {role}"
    ));
    refused(&mut database.client_as(&role), BUILD, "IL003");
    client.batch(&format!(
        "ALTER DATABASE {name} SET pg_interlock.rule_actions = 'create-index=off'"
    ));
    database.client_as(&role).batch("CREATE INDEX first ON big (b)");
    client.batch(&format!("ALTER ROLE {role} SET pg_interlock.rule_actions = ''"));
    refused(&mut database.client_as(&role), BUILD, "IL003");
    client.batch(&format!(
        "ALTER ROLE {role} IN DATABASE {name} SET pg_interlock.mode = 'off'"
    ));
    database.client_as(&role).batch(BUILD);
}

#[test]
fn who_may_not_do_it_hears_it_from_postgresql_and_leaves_no_row() {
    let mut database = support::database();
    let mut client = database.client();
    big_table(&mut client, "big");
    client.batch("CREATE INDEX CONCURRENTLY big_a ON big (a)");
    client.batch("CREATE MATERIALIZED VIEW copy AS TABLE big; ANALYZE copy");
    let role = database.role("stranger");
    let mut stranger = database.client_as(&role);
    for statement in [
        "ALTER TABLE big ADD COLUMN c float DEFAULT random()",
        BUILD,
        "ALTER TABLE big ALTER a SET NOT NULL",
        "CLUSTER big USING big_a",
        "REINDEX TABLE big",
        "REINDEX INDEX big_a",
        REFRESH,
        "TRUNCATE big",
        "DROP TABLE big",
        "DROP INDEX big_a",
        "ALTER INDEX big_a SET (fillfactor = 50)",
    ] {
        assert_eq!(code(&stranger.error(statement)), "42501", "{statement}");
    }
    client.batch("SET pg_interlock.row_threshold = 0");
    refused(&mut client, BUILD, "IL003");
    let of_stranger = client.text(&format!(
        "SELECT statement FROM interlock.decision_log WHERE current_user_name = '{role}'"
    ));
    assert_eq!(of_stranger, "");
}

#[test]
fn who_was_granted_a_setting_may_change_it() {
    let mut database = support::database();
    let mut client = database.client();
    let role = database.role("migrator");
    client.batch(&format!("CREATE SCHEMA mine AUTHORIZATION {role}"));
    let mut migrator = database.client_as(&role);
    migrator.batch("SET search_path = mine");
    big_table(&mut migrator, "big");
    refused(&mut migrator, BUILD, "IL003");
    for set in [
        "SET pg_interlock.mode = 'off'",
        "SET LOCAL pg_interlock.rule_actions = 'create-index=off'",
        "SELECT set_config('pg_interlock.row_threshold', '-1', false)",
        &format!("ALTER ROLE {role} SET pg_interlock.mode = 'off'"),
    ] {
        assert_eq!(code(&migrator.error(set)), "42501", "{set}");
    }
    client.batch(&format!("GRANT SET ON PARAMETER pg_interlock.mode TO {role}"));
    migrator.batch("SET pg_interlock.mode = 'off'");
    migrator.batch(BUILD);
}
