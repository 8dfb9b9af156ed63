//! Who may read and write the log.

use super::{Audited, REFUSED, refuse};

#[test]
fn an_ordinary_role_sees_and_changes_nothing() {
    let mut audited = Audited::new();
    let role = audited.database.role("app");
    refuse(&mut audited.client(), REFUSED);
    let mut client = audited.database.client_as(&role);
    for sql in [
        "TABLE interlock.decision_log",
        "SELECT count(*) FROM interlock.decision_log",
        "TABLE interlock.recent_decisions",
        "DELETE FROM interlock.decision_log",
        "UPDATE interlock.decision_log SET decision = 'allow'",
        "TRUNCATE interlock.decision_log",
        "INSERT INTO interlock.decision_log (decision) VALUES ('allow')",
        "ALTER TABLE interlock.decision_log ADD COLUMN mine int",
        "DO $$BEGIN LOCK interlock.decision_log IN ACCESS SHARE MODE; END$$",
        "DROP TABLE interlock.decision_log",
        "CREATE TABLE interlock.mine (a int)",
        "SELECT setval('interlock.decision_log_id_seq', 1)",
    ] {
        assert_eq!(client.error(sql).code().code(), "42501", "{sql}");
    }
    assert_eq!(
        audited
            .observer
            .one::<i64>("SELECT count(*) FROM interlock.decision_log WHERE decision = 'reject'"),
        1
    );
}

#[test]
fn an_ordinary_owner_is_refused_and_recorded_like_anybody() {
    let mut audited = Audited::new();
    let role = audited.database.role("app");
    audited.client().batch(&format!(
        "ALTER TABLE big OWNER TO {role}; GRANT CREATE ON SCHEMA public TO {role}"
    ));
    let mut client = audited.database.client_as(&role);
    refuse(&mut client, REFUSED);
    client.batch("ALTER TABLE big ADD COLUMN c int");
    assert_eq!(
        audited
            .settled_rows("decision, current_user_name")
            .replace(&role, "role"),
        "allow|postgres\nreject|role\nallow|role"
    );
}

#[test]
fn monitors_read_the_view_and_nothing_else() {
    let mut audited = Audited::new();
    let role = audited.database.role("monitor");
    audited.client().batch(&format!("GRANT pg_monitor TO {role}"));
    refuse(&mut audited.client(), REFUSED);
    let mut client = audited.database.client_as(&role);
    let seen = client.text(
        "SELECT decision, relation, rule, statement FROM interlock.recent_decisions WHERE statement LIKE 'ALTER%'
         ORDER BY decided_at DESC LIMIT 1",
    );
    assert_eq!(seen, format!("rejected|public.big|alter-column-type|{:.39}…", REFUSED));
    for sql in ["TABLE interlock.decision_log", "DELETE FROM interlock.decision_log"] {
        assert_eq!(client.error(sql).code().code(), "42501", "{sql}");
    }
}

#[test]
fn the_owner_grants() {
    let mut audited = Audited::new();
    let role = audited.database.role("auditor");
    refuse(&mut audited.client(), REFUSED);
    audited
        .client()
        .batch(&format!("GRANT SELECT ON interlock.decision_log TO {role}"));
    let mut client = audited.database.client_as(&role);
    assert!(client.one::<i64>("SELECT count(*) FROM interlock.decision_log WHERE decision = 'reject'") >= 1);
    assert_eq!(
        client.error("DELETE FROM interlock.decision_log").code().code(),
        "42501"
    );
}

/// The writer has the rights of the table's owner, and a trigger that he puts there gets no more than those.
#[test]
fn the_writer_writes_as_the_owner() {
    let mut audited = Audited::new();
    let role = audited.database.role("dba");
    audited.client().batch(&format!(
        "CREATE TABLE witness (who text, superuser text);
         GRANT INSERT ON witness TO {role};
         GRANT CREATE ON SCHEMA interlock TO {role};
         ALTER TABLE interlock.decision_log OWNER TO {role};
         CREATE FUNCTION witness() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN
             INSERT INTO public.witness VALUES (current_user, current_setting('is_superuser'));
             RETURN NEW;
         END$$;
         CREATE TRIGGER witness BEFORE INSERT ON interlock.decision_log FOR EACH ROW EXECUTE FUNCTION witness()"
    ));
    refuse(&mut audited.client(), REFUSED);
    assert_eq!(
        audited
            .observer
            .text("SELECT DISTINCT who FROM witness")
            .replace(&role, "dba"),
        "dba"
    );
}
