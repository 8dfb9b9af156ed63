//! Beside other libraries that hook the same places, in every order; and loaded otherwise than by the postmaster.

use pg_test::{Client, Cluster, DbError};

use crate::support::{self, big_table, code, refused};

const BUILD: &str = "CREATE INDEX big_a ON big (a)";

/// The neighbours that this server has. pgaudit is a package of its own, and some packages come without contrib.
fn neighbours() -> Vec<&'static str> {
    let directory = support::server_directory("PKGLIBDIR");
    let mut libraries = vec!["pg_stat_statements", "pgaudit"];
    libraries.retain(|library| directory.join(format!("{library}.so")).exists());
    libraries
}

fn orders(libraries: &[&'static str]) -> Vec<Vec<&'static str>> {
    if libraries.is_empty() {
        return vec![vec![]];
    }
    let first_and_rest = |first: usize| {
        let mut rest = libraries.to_vec();
        let first = rest.remove(first);
        orders(&rest).into_iter().map(move |rest| [vec![first], rest].concat())
    };
    (0..libraries.len()).flat_map(first_and_rest).collect()
}

/// Errors of many origins, each raised while a utility statement runs.
fn errors(client: &mut Client) -> Vec<DbError> {
    let statements = [
        "ALTER TABLE big ADD COLUM a b c",
        "ALTER TABLE big ALTER missing TYPE int",
        "ALTER TABLE big ADD COLUMN c int DEFAULT missing()",
        "ALTER TABLE big ADD CONSTRAINT never CHECK (a < 0) NOT VALID, VALIDATE CONSTRAINT never",
        "CREATE UNIQUE INDEX CONCURRENTLY ON big ((a % 2))",
        "DO $$BEGIN RAISE 'm' USING ERRCODE = 'XX123', DETAIL = 'd', HINT = 'h', TABLE = 't', COLUMN = 'c'; END$$",
        "CREATE INDEX ON big (missing)",
        "DROP TABLE missing",
    ];
    client.batch("SET pg_interlock.mode = 'warn'"); // unknown to a server without the library, and taken by it
    let errors = statements.map(|statement| client.error(statement)).to_vec();
    client.batch("RESET pg_interlock.mode");
    errors
}

#[test]
fn every_order_of_loading() {
    let plain = Cluster::start(&[("shared_preload_libraries", "")]);
    let mut client = plain.connect("postgres");
    big_table(&mut client, "big");
    let expected = errors(&mut client);
    let neighbours = neighbours();
    for order in orders(&[&["pg_interlock"], &neighbours[..]].concat()) {
        println!("{order:?}");
        let mut settings = vec![("pg_interlock.row_threshold", "100")];
        let libraries = order.join(", ");
        settings.push(("shared_preload_libraries", &libraries));
        if order.contains(&"pgaudit") {
            settings.push(("pgaudit.log", "ddl"));
        }
        let cluster = Cluster::start(&settings);
        let mut client = cluster.connect("postgres");
        for extension in &order {
            client.batch(&format!("CREATE EXTENSION {extension}"));
        }
        big_table(&mut client, "big");

        let error = refused(&mut client, BUILD, "IL003");
        assert_eq!((error.schema(), error.table()), (Some("public"), Some("big")));
        assert!(
            error
                .hint()
                .is_some_and(|hint| hint.contains("CONCURRENTLY big_a ON big"))
        );
        refused(
            &mut client,
            "DO 'BEGIN ALTER TABLE big ALTER a TYPE bigint; END'",
            "IL001",
        );
        for allowed in [
            "ALTER TABLE big ADD COLUMN counted int",
            "CREATE INDEX CONCURRENTLY big_concurrently ON big (a)",
            "VACUUM big",
            "DO 'BEGIN CREATE TABLE from_a_block (a int); END'",
        ] {
            client.batch(allowed);
        }
        if order.contains(&"pg_stat_statements") {
            let counted = client.text(
            "SELECT calls FROM pg_stat_statements
             WHERE query IN ('ALTER TABLE big ADD COLUMN counted int', 'CREATE INDEX CONCURRENTLY big_concurrently ON big (a)')",
        );
            assert_eq!(counted, "1\n1", "pg_stat_statements counts utility statements");
        }
        if order.contains(&"pgaudit") {
            let log = cluster.log();
            for logged in [
                "DDL,ALTER TABLE,TABLE,public.big,ALTER TABLE big ADD COLUMN counted int",
                "DDL,CREATE TABLE,TABLE,public.from_a_block",
            ] {
                assert!(log.contains(logged), "pgaudit logs utility statements: {logged}\n{log}");
            }
        }
        assert_eq!(errors(&mut client), expected);
        let logged = client.text("SELECT count(*) FROM interlock.decision_log WHERE decision = 'reject'");
        assert_eq!(logged, "2");
    }
}

#[test]
fn a_session_that_loads_the_library_is_guarded() {
    let cluster = Cluster::start(&[("shared_preload_libraries", "")]);
    let mut creator = cluster.connect("postgres");
    creator.batch("CREATE EXTENSION pg_interlock");
    creator.batch(
        "ALTER DATABASE postgres SET pg_interlock.row_threshold = 100;
         ALTER DATABASE postgres SET pg_interlock.audit_timeout = 0",
    );
    let mut client = cluster.connect("postgres");
    big_table(&mut client, "big");
    client.batch(BUILD);
    client.batch("DROP INDEX big_a");
    client.batch("LOAD 'pg_interlock'");
    guards_without_preload(&mut client);

    creator.batch(
        "CREATE ROLE migrator SUPERUSER LOGIN; ALTER ROLE migrator SET session_preload_libraries = 'pg_interlock'",
    );
    guards_without_preload(&mut cluster.connect_as("migrator", "postgres"));
    creator.batch("ALTER DATABASE postgres SET session_preload_libraries = 'pg_interlock'");
    guards_without_preload(&mut cluster.connect("postgres"));
    // The refusals could not go to a writer; none is lost.
    assert_eq!(
        cluster.log().matches("CREATE INDEX would build an index").count(),
        3,
        "{}",
        cluster.log()
    );
}

fn guards_without_preload(client: &mut Client) {
    let error = refused(client, BUILD, "IL003");
    assert_eq!(error.table(), Some("big"));
    assert_eq!(
        client.text("SELECT preloaded, guarding, mode FROM interlock.status()"),
        "f|t|enforce"
    );
    assert_eq!(code(&client.error("ALTER TABLE big ALTER missing TYPE int")), "42703");
    client.batch("CREATE INDEX CONCURRENTLY big_concurrently ON big (a)");
    client.batch("DROP INDEX CONCURRENTLY big_concurrently");
    client.batch("BEGIN; ALTER TABLE big ADD COLUMN c int; ROLLBACK");
}

#[test]
fn a_database_without_the_extension_is_left_alone() {
    let cluster = Cluster::start(&[("pg_interlock.row_threshold", "0")]);
    cluster.connect("postgres").batch("CREATE DATABASE other");
    let mut client = cluster.connect("other");
    big_table(&mut client, "big");
    client.batch("CREATE SCHEMA interlock"); // the name alone makes no extension
    client.batch(BUILD);
    client.batch("DROP SCHEMA interlock; CREATE EXTENSION pg_interlock");
    refused(&mut client, "CREATE INDEX ON big (a)", "IL003");
    client.batch("DROP EXTENSION pg_interlock");
    client.batch("CREATE INDEX ON big (a)");
}
