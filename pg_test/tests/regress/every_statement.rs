//! No statement of PostgreSQL's grammar is unknown: held against the server's own lists of them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use pg_test::Server;

use crate::support::database;

/// One statement for each command tag; they are explained, not run.
const STATEMENTS: &str = "
    ALTER AGGREGATE count(*) RENAME TO n; ALTER COLLATION \"C\" REFRESH VERSION; ALTER CONVERSION n RENAME TO m;
    ALTER DATABASE n RENAME TO m; ALTER DATABASE n SET work_mem = 1; ALTER DATABASE n REFRESH COLLATION VERSION;
    ALTER DATABASE n CONNECTION LIMIT 1; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;
    ALTER DOMAIN d DROP NOT NULL; ALTER EVENT TRIGGER n DISABLE; ALTER EXTENSION plpgsql UPDATE;
    ALTER EXTENSION plpgsql DROP TABLE t; ALTER EXTENSION plpgsql SET SCHEMA public;
    ALTER FOREIGN DATA WRAPPER n OPTIONS (ADD a 'b'); ALTER FOREIGN TABLE n OPTIONS (ADD a 'b'); ALTER FUNCTION f() COST 1;
    ALTER FUNCTION f() DEPENDS ON EXTENSION plpgsql; ALTER INDEX i RENAME TO n; ALTER LANGUAGE plpgsql OWNER TO CURRENT_USER;
    ALTER LARGE OBJECT 1 OWNER TO CURRENT_USER; ALTER MATERIALIZED VIEW mv SET SCHEMA public;
    ALTER INDEX ALL IN TABLESPACE pg_default SET TABLESPACE pg_default;
    ALTER OPERATOR + (int, int) SET (RESTRICT = NONE); ALTER OPERATOR CLASS int4_ops USING btree OWNER TO CURRENT_USER;
    ALTER OPERATOR FAMILY integer_ops USING btree DROP OPERATOR 1 (int, text); ALTER POLICY po ON t USING (true);
    ALTER PROCEDURE n() RENAME TO m; ALTER PUBLICATION pu ADD TABLE t; ALTER ROLE n NOLOGIN; ALTER ROLE n SET work_mem = 1;
    ALTER ROUTINE f() RENAME TO n; ALTER RULE ru ON t RENAME TO n; ALTER SCHEMA public OWNER TO CURRENT_USER;
    ALTER SEQUENCE s CACHE 2; ALTER SERVER n VERSION '2'; ALTER STATISTICS st SET STATISTICS 1;
    ALTER SUBSCRIPTION n DISABLE; ALTER SYSTEM SET work_mem = 1; ALTER TABLE t ADD n int; ALTER TABLESPACE pg_default SET (seq_page_cost = 1);
    ALTER TEXT SEARCH CONFIGURATION english DROP MAPPING FOR word; ALTER TEXT SEARCH DICTIONARY simple (accept = false);
    ALTER TEXT SEARCH PARSER \"default\" RENAME TO n; ALTER TEXT SEARCH TEMPLATE simple RENAME TO n;
    ALTER TRIGGER tr ON t RENAME TO n; ALTER TYPE e ADD VALUE 'n'; ALTER TYPE d SET (TYPMOD_IN = NONE);
    ALTER USER MAPPING FOR PUBLIC SERVER n OPTIONS (ADD a 'b'); ALTER VIEW v ALTER a SET DEFAULT 1; ANALYZE; BEGIN;
    CALL n(); CHECKPOINT; CLOSE c; CLOSE ALL; CLUSTER; COMMENT ON TABLE t IS 'n'; COMMIT; COMMIT PREPARED 'n';
    COPY t TO STDOUT; CREATE ACCESS METHOD n TYPE TABLE HANDLER heap_tableam_handler;
    CREATE AGGREGATE n(int) (SFUNC = int4pl, STYPE = int); CREATE CAST (e AS int) WITH INOUT; CREATE COLLATION n FROM \"C\";
    CREATE CONVERSION n FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1; CREATE DATABASE n; CREATE DOMAIN n AS int;
    CREATE EVENT TRIGGER n ON sql_drop EXECUTE FUNCTION f(); CREATE EXTENSION n; CREATE FOREIGN DATA WRAPPER n;
    CREATE FOREIGN TABLE n (a int) SERVER n; CREATE FUNCTION n() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE INDEX n ON t (a);
    CREATE LANGUAGE n HANDLER plpgsql_call_handler; CREATE MATERIALIZED VIEW n AS SELECT a FROM t;
    CREATE OPERATOR +@ (LEFTARG = int, RIGHTARG = int, FUNCTION = int4pl);
    CREATE OPERATOR CLASS n FOR TYPE int USING btree AS OPERATOR 1 <; CREATE OPERATOR FAMILY n USING btree;
    CREATE POLICY n ON t; CREATE PROCEDURE n() LANGUAGE sql AS ''; CREATE PUBLICATION n FOR TABLE t; CREATE ROLE n;
    CREATE RULE n AS ON DELETE TO t DO ALSO NOTHING; CREATE SCHEMA n; CREATE SEQUENCE n; CREATE SERVER n FOREIGN DATA WRAPPER n;
    CREATE STATISTICS n ON a, b FROM t; CREATE SUBSCRIPTION n CONNECTION '' PUBLICATION n; CREATE TABLE n (a int);
    CREATE TABLE n AS SELECT a FROM t; CREATE TABLESPACE n LOCATION ''; CREATE TEXT SEARCH CONFIGURATION n (COPY = english);
    CREATE TEXT SEARCH DICTIONARY n (TEMPLATE = simple); CREATE TEXT SEARCH PARSER n (START = prsd_start);
    CREATE TEXT SEARCH TEMPLATE n (LEXIZE = dsimple_lexize);
    CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION f(internal));
    CREATE TRIGGER n AFTER INSERT ON t EXECUTE FUNCTION f(); CREATE TYPE n AS ENUM ('a'); CREATE TYPE n AS (a int);
    CREATE TYPE n AS RANGE (SUBTYPE = int); CREATE USER MAPPING FOR PUBLIC SERVER n; CREATE VIEW n AS SELECT a FROM t;
    DEALLOCATE n; DEALLOCATE ALL; DECLARE c CURSOR FOR SELECT a FROM t; DELETE FROM t; DISCARD ALL; DISCARD PLANS;
    DISCARD SEQUENCES; DISCARD TEMP; DO ''; DROP ACCESS METHOD n; DROP AGGREGATE n(int); DROP CAST (e AS int);
    DROP COLLATION n; DROP CONVERSION n; DROP DATABASE n; DROP DOMAIN d; DROP EVENT TRIGGER n; DROP EXTENSION n;
    DROP FOREIGN DATA WRAPPER n; DROP FOREIGN TABLE n; DROP FUNCTION f(); DROP INDEX i; DROP LANGUAGE n;
    DROP MATERIALIZED VIEW mv; DROP OPERATOR +@ (int, int); DROP OPERATOR CLASS n USING btree; DROP OPERATOR FAMILY n USING btree;
    DROP OWNED BY n; DROP POLICY po ON t; DROP PROCEDURE n(); DROP PUBLICATION n; DROP ROLE n; DROP ROUTINE f(); DROP RULE ru ON t;
    DROP SCHEMA n; DROP SEQUENCE s; DROP SERVER n; DROP STATISTICS st; DROP SUBSCRIPTION n; DROP TABLE t; DROP TABLESPACE n;
    DROP TEXT SEARCH CONFIGURATION n; DROP TEXT SEARCH DICTIONARY n; DROP TEXT SEARCH PARSER n; DROP TEXT SEARCH TEMPLATE n;
    DROP TRANSFORM FOR int LANGUAGE sql; DROP TRIGGER tr ON t; DROP TYPE e; DROP USER MAPPING FOR PUBLIC SERVER n; DROP VIEW v;
    EXECUTE n; EXPLAIN SELECT a FROM t; FETCH c; GRANT SELECT ON t TO PUBLIC; GRANT n TO CURRENT_USER;
    IMPORT FOREIGN SCHEMA n FROM SERVER n INTO public; INSERT INTO t VALUES (1); LISTEN n; LOAD 'n'; LOCK TABLE t;
    MERGE INTO t USING v ON true WHEN MATCHED THEN DO NOTHING; MOVE c; NOTIFY n; PREPARE n AS SELECT a FROM t;
    PREPARE TRANSACTION 'n'; REASSIGN OWNED BY n TO CURRENT_USER; REFRESH MATERIALIZED VIEW mv; REINDEX TABLE t; RELEASE n;
    RESET work_mem; REVOKE SELECT ON t FROM PUBLIC; REVOKE n FROM CURRENT_USER; ROLLBACK; ROLLBACK PREPARED 'n'; SAVEPOINT n;
    SECURITY LABEL ON TABLE t IS 'n'; SELECT a FROM t; SET work_mem = 1; SET CONSTRAINTS ALL DEFERRED; SHOW work_mem;
    START TRANSACTION; TRUNCATE t; UNLISTEN n; UPDATE t SET a = 1; VACUUM";

/// Tags that no statement has before it runs: they are for event triggers, or the server tells them of a query's outcome.
const OF_NO_STATEMENT: [&str; 17] = [
    "???",
    "ALTER ACCESS METHOD",
    "ALTER CAST",
    "ALTER CONSTRAINT",
    "ALTER TRANSFORM",
    "CLOSE",
    "COPY FROM",
    "CREATE CONSTRAINT",
    "CREATE ROUTINE",
    "DISCARD",
    "DROP CONSTRAINT",
    "LOGIN",
    "SELECT FOR KEY SHARE",
    "SELECT FOR NO KEY UPDATE",
    "SELECT FOR SHARE",
    "SELECT FOR UPDATE",
    "SELECT INTO",
];

/// Nodes that are parts of other statements, or of plans.
const PARTS: [&str; 6] = [
    "T_PLAssignStmt",
    "T_PlannedStmt",
    "T_RawStmt",
    "T_ReplicaIdentityStmt",
    "T_ReturnStmt",
    "T_SetOperationStmt",
];

fn server_header(name: &str) -> Option<String> {
    let mut pg_config = Command::new(Server::under_test().program("pg_config"));
    let said = pg_config.arg("--includedir-server").output().expect("pg_config");
    let directory = String::from_utf8(said.stdout).expect("a path");
    fs::read_to_string(Path::new(directory.trim()).join(name)).ok()
}

#[test]
fn every_command_tag_has_a_statement_that_is_known() {
    let database = database();
    let mut client = database.client();
    client.batch(
        "CREATE TABLE t (a int, b int); CREATE INDEX i ON t (a); CREATE VIEW v AS SELECT a FROM t;
         CREATE MATERIALIZED VIEW mv AS SELECT a FROM t; CREATE SEQUENCE s; CREATE DOMAIN d AS int;
         CREATE TYPE e AS ENUM ('a'); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END';
         CREATE TRIGGER tr AFTER INSERT ON t EXECUTE FUNCTION f(); CREATE POLICY po ON t; CREATE STATISTICS st ON a, b FROM t;
         CREATE RULE ru AS ON DELETE TO t DO ALSO NOTHING; CREATE PUBLICATION pu",
    );
    let rows = client.query(
        "SELECT command_tag, bool_or(reason LIKE '%not modelled%') FROM interlock.explain_lock_profile($1) GROUP BY 1",
        &[&STATEMENTS],
    );
    let unknown = rows.iter().filter(|row| row.get::<_, Option<bool>>(1) == Some(true));
    assert_eq!(
        unknown.map(|row| row.get(0)).collect::<Vec<String>>(),
        Vec::<String>::new()
    );
    let covered: BTreeSet<String> = rows.iter().map(|row| row.get(0)).collect();
    let header = server_header("tcop/cmdtaglist.h").expect("the server's list of command tags");
    let missing: Vec<&str> = header
        .lines()
        .filter_map(|line| line.strip_prefix("PG_CMDTAG(")?.split('"').nth(1))
        .filter(|tag| !covered.contains(*tag))
        .collect();
    let expected = OF_NO_STATEMENT
        .into_iter()
        .filter(|tag| header.contains(&format!("\"{tag}\"")));
    assert_eq!(missing, expected.collect::<Vec<_>>());
}

#[test]
fn every_statement_node_has_its_place() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/postgres/read/statements.rs");
    let source = fs::read_to_string(source).expect("the list of statements");
    let word = |c: char| !c.is_alphanumeric() && c != '_';
    let known: BTreeSet<&str> = source.split(word).collect();
    // Since 16 they have a header of their own.
    let header = server_header("nodes/nodetags.h").or_else(|| server_header("nodes/nodes.h"));
    let header = header.expect("the server's list of nodes");
    let nodes: BTreeSet<&str> = header
        .split(word)
        .filter(|name| name.starts_with("T_") && name.ends_with("Stmt"))
        .collect();
    assert!(nodes.len() > 100, "the list is not what it was");
    let missing: Vec<&str> = nodes.difference(&known).copied().collect();
    assert_eq!(missing, PARTS);
}
