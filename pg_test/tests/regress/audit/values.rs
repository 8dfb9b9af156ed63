//! What is in the columns of a row.

use super::{Audited, REFUSED, refuse};

#[test]
fn a_refusal_says_everything() {
    let mut audited = Audited::new();
    let mut client = audited.client();
    client.batch("SET application_name = 'it''s \"quoted\"'");
    refuse(&mut client, REFUSED);
    let columns = "decision, outcome, rule, sqlstate, mode, command_tag, relation, lock_mode, estimated_rows, effects,
                   reason, statement, session_user_name, current_user_name, application_name, client_addr,
                   transaction_id";
    assert_eq!(
        audited.rows(columns),
        "reject|rejected|alter-column-type|IL001|enforce|ALTER TABLE|public.big|AccessExclusiveLock|2000|{rewrites,scans}|\
         Column \"a\" changes from integer to bigint: about 2000 rows (%) are rewritten under AccessExclusiveLock.|\
         ALTER TABLE big ALTER COLUMN a TYPE bigint|postgres|postgres|it's \"quoted\"||"
            .replace(
                '%',
                &audited
                    .observer
                    .one::<String>("SELECT pg_size_pretty(pg_total_relation_size('big'))")
            )
    );
    let own = format!(
        "pid = {pid}, backend_start = (SELECT a.backend_start FROM pg_stat_activity a WHERE a.pid = {pid}),
         decided_at BETWEEN backend_start AND now(), duration_ms > 0, total_bytes = pg_total_relation_size('big'),
         seq > 0, boot_id IS NOT NULL",
        pid = client.pid()
    );
    assert_eq!(audited.rows(&own), "t|t|t|t|t|t|t");
}

/// What is explained and what is recorded are one thing.
#[test]
fn the_profile_is_the_one_that_is_explained() {
    let mut audited = Audited::new();
    refuse(&mut audited.client(), REFUSED);
    let differences = audited.observer.text(&format!(
        "SELECT l.profile, e.profile -> 'statements' -> 0
         FROM interlock.decision_log l, interlock.lock_profile('{REFUSED}') e(profile)
         WHERE l.application_name = 'pg_test' AND l.decision = 'reject'
           AND l.profile #- '{{relations}}' IS DISTINCT FROM (e.profile -> 'statements' -> 0) #- '{{relations}}'"
    ));
    assert_eq!(differences, "");
    assert_eq!(audited.rows("profile <> '{}'"), "t");
}

#[test]
fn a_statement_is_its_own_slice_of_the_string() {
    let mut audited = Audited::new();
    let mut client = audited.client();
    client.batch("SELECT 1; ALTER TABLE small ADD COLUMN \"ü\" int;;\n ALTER TABLE small ADD COLUMN c int ; SELECT 2");
    refuse(&mut client, &format!("SELECT 'a;b'; {REFUSED}; SELECT 3"));
    assert_eq!(
        audited.settled_rows("'>' || statement || '<'"),
        format!(">ALTER TABLE small ADD COLUMN \"ü\" int<\n>ALTER TABLE small ADD COLUMN c int<\n>{REFUSED}<")
    );
}

#[test]
fn a_statement_of_a_function_is_a_slice_of_its_body() {
    let mut audited = Audited::new();
    let mut client = audited.client();
    client.batch(&format!(
        "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'ALTER TABLE small ADD COLUMN b int; {REFUSED}; SELECT'"
    ));
    refuse(&mut client, "SELECT f() /* not this */");
    assert_eq!(
        audited.settled_rows("outcome, statement"),
        format!("rejected|{REFUSED}\nrolled back|ALTER TABLE small ADD COLUMN b int")
    );
}

#[test]
fn users_are_told_apart() {
    let mut audited = Audited::new();
    let (login, other) = (audited.database.role("login"), audited.database.role("other"));
    let mut admin = audited.client();
    admin.batch(&format!(
        "GRANT {other} TO {login};
         GRANT CREATE ON SCHEMA public TO {other};
         ALTER TABLE big OWNER TO {other};
         CREATE FUNCTION as_definer() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
             AS $$BEGIN {REFUSED}; END$$;
         ALTER FUNCTION as_definer() OWNER TO {other}"
    ));
    let mut client = audited.database.client_as(&login);
    refuse(&mut client, "SELECT as_definer()");
    refuse(&mut client, &format!("SET ROLE {other}; {REFUSED}"));
    admin.batch(&format!("SET SESSION AUTHORIZATION {other}"));
    refuse(&mut admin, REFUSED);
    let rows = audited.observer.text(
        "SELECT session_user_name, current_user_name FROM interlock.decision_log
         WHERE decision = 'reject' AND application_name = 'pg_test' ORDER BY id",
    );
    assert_eq!(rows, format!("{login}|{other}\n{login}|{other}\n{other}|{other}"));
}

#[test]
fn a_transaction_id_is_told_only_where_one_was_assigned() {
    let mut audited = Audited::new();
    let mut client = audited.client();
    client.batch("BEGIN");
    assert!(refuse(&mut client, REFUSED).message().contains("would rewrite"));
    client.batch("ROLLBACK; BEGIN");
    let id: String = client.one("SELECT pg_current_xact_id()::text");
    refuse(&mut client, REFUSED);
    client.batch("ROLLBACK; BEGIN; ALTER TABLE small ADD COLUMN b int");
    let later: String = client.one("SELECT pg_current_xact_id_if_assigned()::text");
    client.batch("COMMIT");
    assert_eq!(
        audited.settled_rows("decision, transaction_id"),
        format!("reject|\nreject|{id}\nallow|{later}")
    );
}

#[test]
fn an_allowed_statement_has_no_rule_and_takes_its_time() {
    let mut audited = Audited::new();
    audited.client().batch("ALTER TABLE big ADD COLUMN c int DEFAULT 7");
    let columns = "decision, rule, sqlstate, command_tag, relation, lock_mode, effects, reason, duration_ms > 0";
    assert_eq!(
        audited.settled_rows(columns),
        "allow|||ALTER TABLE|public.big|AccessExclusiveLock|{}||t"
    );
}

/// Whatever the session's settings are, the values mean the same.
#[test]
fn settings_of_the_session_do_not_matter() {
    let mut audited = Audited::new();
    let name = audited.database.name().to_owned();
    audited.client().batch(&format!(
        "ALTER DATABASE {name} SET DateStyle = 'German, DMY';
         ALTER DATABASE {name} SET TimeZone = 'Asia/Kathmandu';
         ALTER DATABASE {name} SET standard_conforming_strings = off;
         ALTER DATABASE {name} SET default_transaction_read_only = on;
         ALTER DATABASE {name} SET default_transaction_isolation = 'serializable';
         ALTER DATABASE {name} SET search_path = 'nowhere';
         ALTER DATABASE {name} SET statement_timeout = '1min';
         ALTER DATABASE {name} SET row_security = off"
    ));
    let mut client = audited.client();
    client.batch("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE; SET search_path = public");
    refuse(&mut client, "ALTER TABLE big ALTER b TYPE int USING 1 + '\\061'::int");
    assert_eq!(
        audited.rows("statement, decided_at BETWEEN now() - interval '1 hour' AND now()"),
        "ALTER TABLE big ALTER b TYPE int USING 1 + '\\061'::int|t"
    );
}

#[test]
fn a_long_statement_is_cut_and_says_so() {
    let mut audited = Audited::new();
    let long = format!("{REFUSED} /* {} */", "ü".repeat(100_000));
    refuse(&mut audited.client(), &format!("{long} USING a"));
    assert_eq!(
        audited.rows("octet_length(statement) < 70000, statement LIKE 'ALTER TABLE big%more bytes)', profile <> '{}'"),
        "t|t|t"
    );
}
