//! Which decisions are recorded, by the settings and by the kind of relation.

use super::{Audited, REFUSED, refuse};

const COLUMNS: &str = "decision, outcome, mode, rule, sqlstate, statement";

#[test]
fn the_modes_that_only_tell_let_it_run() {
    let mut audited = Audited::new();
    let mut client = audited.client();
    client.batch("SET pg_interlock.mode = 'log'; ALTER TABLE big ALTER COLUMN a TYPE bigint");
    assert!(client.notices().is_empty());
    client.batch("SET pg_interlock.mode = 'warn'; ALTER TABLE big ALTER COLUMN a TYPE int");
    let warnings = client.notices();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert_eq!(warnings[0].code().code(), "IL001");
    client.batch("SET pg_interlock.mode = 'off'; ALTER TABLE big ALTER COLUMN a TYPE bigint");
    assert_eq!(
        audited.settled_rows(COLUMNS),
        "allow|committed|log|alter-column-type|IL001|ALTER TABLE big ALTER COLUMN a TYPE bigint\n\
         warn|committed|warn|alter-column-type|IL001|ALTER TABLE big ALTER COLUMN a TYPE int"
    );
}

#[test]
fn log_decisions_selects_by_gravity() {
    for (setting, expected) in [
        ("none", ""),
        ("reject", "reject"),
        ("warn", "warn\nreject"),
        ("all", "allow\nwarn\nreject"),
    ] {
        let mut audited = Audited::new();
        let mut client = audited.client();
        client.batch(&format!("SET pg_interlock.log_decisions = '{setting}'"));
        client.batch("ALTER TABLE small ADD COLUMN b int");
        client.batch("SET pg_interlock.rule_actions = 'create-index=warn'; CREATE INDEX ON big (a)");
        refuse(&mut client, REFUSED);
        assert_eq!(audited.settled_rows("decision"), expected, "log_decisions = {setting}");
    }
}

#[test]
fn temporary_relations_leave_no_row() {
    let mut audited = Audited::new();
    let mut client = audited.client();
    client.batch(
        "SET pg_interlock.mode = 'off';
         CREATE TEMPORARY TABLE mine AS SELECT n AS a FROM generate_series(1, 2000) n;
         RESET pg_interlock.mode;
         ALTER TABLE mine ALTER COLUMN a TYPE bigint;
         CREATE INDEX ON mine (a);
         TRUNCATE mine;
         DROP TABLE mine",
    );
    assert_eq!(audited.settled_rows(COLUMNS), "");
}

#[test]
fn what_locks_nothing_leaves_no_row() {
    let mut audited = Audited::new();
    audited.client().batch(
        "SELECT count(*) FROM big; INSERT INTO small VALUES (1); UPDATE small SET a = 2; SET work_mem = '5MB';
         BEGIN; SAVEPOINT s; ROLLBACK; PREPARE p AS TABLE big; DEALLOCATE p;
         CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; COPY small TO '/dev/null'; CHECKPOINT",
    );
    assert_eq!(audited.settled_rows(COLUMNS), "");
}

/// What PostgreSQL refuses for lack of rights was never a matter of the guard.
#[test]
fn what_a_user_may_not_do_is_not_recorded() {
    let mut audited = Audited::new();
    let role = audited.database.role("app");
    let error = audited.database.client_as(&role).error(REFUSED);
    assert_eq!(error.code().code(), "42501");
    assert_eq!(audited.settled_rows(COLUMNS), "");
}
