//! Passwords are never stored, in no column, and neither in the server log.

use super::{Audited, REFUSED, refuse};
use pg_test::{Cluster, until};

/// Each has the secret once; all are of kinds that leave a row or may one day, and run or fail as they like.
const STATEMENTS: [&str; 23] = [
    "CREATE ROLE keeper PASSWORD 'geheim'",
    "ALTER ROLE keeper ENCRYPTED PASSWORD 'geheim'",
    "CREATE USER MAPPING FOR CURRENT_USER SERVER away OPTIONS (user 'me', password 'geheim')",
    "ALTER USER MAPPING FOR CURRENT_USER SERVER away OPTIONS (SET password 'geheim')",
    "CREATE FOREIGN TABLE far (a int) SERVER away OPTIONS (password 'geheim')",
    "CREATE SUBSCRIPTION news CONNECTION 'host=nowhere user=me password=geheim' PUBLICATION p
     WITH (connect = false, slot_name = NONE)",
    "ALTER SUBSCRIPTION news CONNECTION 'host=nowhere password = ''geheim'' user=me'",
    "ALTER SUBSCRIPTION news CONNECTION 'postgresql://me:geheim@nowhere/db'",
    "ALTER SUBSCRIPTION news CONNECTION 'host=nowhere pass'\n 'word=geheim'",
    "ALTER SUBSCRIPTION news CONNECTION U&'host=nowhere p!0061ssword=geheim' UESCAPE '!'",
    "ALTER SUBSCRIPTION news CONNECTION 'postgresql://me@nowhere/db?p%61ssword=geheim'",
    "DO $$BEGIN ALTER SUBSCRIPTION news CONNECTION 'password=geheim'; END$$",
    "DO $$BEGIN EXECUTE 'ALTER SUBSCRIPTION news CONNECTION ''password=geheim'''; END$$",
    "DO $$BEGIN ALTER ROLE keeper PASSWORD 'geheim'; END$$",
    "ALTER TABLE small ADD COLUMN p1 text DEFAULT 'postgres://me:geheim@nowhere'",
    "ALTER TABLE small ADD COLUMN p2 text DEFAULT 'password=geheim'",
    "ALTER TABLE big ADD COLUMN p3 text DEFAULT random() || 'password=geheim'",
    "ALTER TABLE big ADD COLUMN p4 text DEFAULT random() || E'p\\141ssword=geheim'",
    "ALTER TABLE big ADD CONSTRAINT c CHECK (b <> 'password=geheim')",
    "CREATE INDEX ON big ((b || 'postgres://me:geheim@nowhere'))",
    "ALTER TABLE big ALTER COLUMN a TYPE text USING $x$password='geheim'$x$",
    "COMMENT ON TABLE small IS 'password=geheim'",
    "CREATE RULE r AS ON UPDATE TO small DO ALSO SELECT 'password=geheim'",
];

#[test]
fn no_column_holds_a_password() {
    let mut audited = Audited::new();
    let mut client = audited.client();
    client.batch("CREATE FOREIGN DATA WRAPPER none; CREATE SERVER away FOREIGN DATA WRAPPER none");
    for sql in STATEMENTS {
        // In a transaction, since roles belong to the whole cluster; what the statement does is not the question.
        client.batch("BEGIN; CREATE ROLE keeper; SAVEPOINT s; DROP ROLE keeper");
        let _ = client.try_batch(sql);
        client.batch("ROLLBACK");
    }
    client.batch(
        "CREATE SUBSCRIPTION news CONNECTION 'password=geheim' PUBLICATION p WITH (connect = false, slot_name = NONE)",
    );
    for sql in STATEMENTS.iter().filter(|sql| sql.contains("ALTER SUBSCRIPTION")) {
        client.batch(sql);
    }
    audited.settle();
    let found = audited.observer.text(
        "SELECT l FROM interlock.decision_log l WHERE l::text ILIKE '%geheim%'
         UNION ALL SELECT NULL FROM interlock.recent_decisions v WHERE v::text ILIKE '%geheim%'",
    );
    client.batch("DROP SUBSCRIPTION news");
    assert_eq!(found, "");
    // Lest nothing was found because nothing was there.
    let masked = "SELECT count(*) FILTER (WHERE decision = 'reject' AND statement LIKE '%***%') >= 5,
                         count(DISTINCT command_tag) FILTER (WHERE decision = 'allow' AND statement LIKE '%***%') >= 3,
                         count(*) FILTER (WHERE decision = 'reject' AND profile::text LIKE '%***%') >= 3
                  FROM interlock.decision_log";
    assert_eq!(audited.observer.text(masked), "t|t|t");
}

/// A user may not escape by a setting that changes how his strings are read.
#[test]
fn strings_are_read_as_the_session_reads_them() {
    let mut audited = Audited::new();
    let mut client = audited.client();
    client.batch("SET standard_conforming_strings = off; SET escape_string_warning = off");
    refuse(
        &mut client,
        "ALTER TABLE big ADD COLUMN p text DEFAULT random() || 'it\\'s password=geheim'",
    );
    assert_eq!(audited.rows("statement LIKE '%geheim%', statement LIKE '%***%'"), "f|t");
}

/// What falls back to the server log is masked too, and the statement is not added to the line.
#[test]
fn the_server_log_holds_no_password() {
    let cluster = Cluster::start(&[
        ("pg_interlock.row_threshold", "0"),
        // The server itself logs statements that fail; that is not ours to mend.
        ("log_min_error_statement", "panic"),
        ("max_worker_processes", "0"),
        ("max_logical_replication_workers", "0"),
    ]);
    let mut client = cluster.connect("postgres");
    client.batch("CREATE TABLE big (a int); CREATE EXTENSION pg_interlock");
    refuse(
        &mut client,
        "ALTER TABLE big ADD COLUMN p text DEFAULT random() || 'password=geheim'",
    );
    until(&mut client, "SELECT logged_to_server_log = 1 FROM interlock.status()");
    let log = cluster.log();
    let line = log.lines().find(|line| line.contains("pg_interlock decision"));
    assert!(line.is_some_and(|line| line.contains("***")), "{log}");
    // The client's own error may say more to the client alone; the refusal is logged as every ERROR is.
    let ours = log.lines().filter(|line| line.contains("geheim")).collect::<Vec<_>>();
    assert!(
        ours.iter()
            .all(|line| line.contains("DETAIL:") || line.contains("HINT:")),
        "{ours:?}"
    );
}

#[test]
fn a_refused_statement_without_secrets_is_stored_as_it_was() {
    let mut audited = Audited::new();
    refuse(
        &mut audited.client(),
        &format!("{REFUSED} USING (a || '')::bigint /* passing */"),
    );
    assert_eq!(
        audited.rows("statement"),
        format!("{REFUSED} USING (a || '')::bigint /* passing */")
    );
}
