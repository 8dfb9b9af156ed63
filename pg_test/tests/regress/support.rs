//! What the tests of the guard share: a database where a table of 100 rows is big, and readings of its errors.

use std::path::PathBuf;

use pg_test::{Client, DbError, TestDatabase};

/// A database whose sessions all take 100 rows for many, so that tables may stay small.
pub fn database() -> TestDatabase {
    let database = TestDatabase::new();
    database.client().batch(&format!(
        "ALTER DATABASE {} SET pg_interlock.row_threshold = 100",
        database.name()
    ));
    database
}

/// Creates `name (id int PRIMARY KEY, a int, b text)` with 200 rows and their statistics, in a transaction of its own.
pub fn big_table(client: &mut Client, name: &str) {
    client.batch(&format!(
        "CREATE TABLE {name} (id int PRIMARY KEY, a int, b text);
         INSERT INTO {name} SELECT g, g, g FROM generate_series(1, 200) AS g;
         ANALYZE {name}"
    ));
}

/// A tablespace for the tests of a cluster; it has no directory of its own to be made outside.
pub fn tablespace(client: &mut Client, name: &str) {
    client.batch("SET allow_in_place_tablespaces = on");
    if let Err(error) = client.try_batch(&format!("CREATE TABLESPACE {name} LOCATION ''")) {
        // Another test was faster.
        assert_eq!(error.code().map(|code| code.code()), Some("42710"), "{error}");
    }
}

/// A directory of the server under test, by its name in the view pg_config.
pub fn server_directory(name: &str) -> PathBuf {
    let sql = format!("SELECT setting FROM pg_config WHERE name = '{name}'");
    TestDatabase::new().client().one::<String>(&sql).into()
}

/// The SQLSTATE.
pub fn code(error: &DbError) -> &str {
    error.code().code()
}

/// Asserts that a statement is refused by the guard, with this SQLSTATE.
pub fn refused(client: &mut Client, sql: &str, sqlstate: &str) -> DbError {
    let error = client.error(sql);
    assert_eq!(code(&error), sqlstate, "{sql}\n{error:#?}");
    error
}

/// The statements in a hint: each begins with words of SQL and ends with a semicolon that is not quoted.
pub fn steps(hint: &str) -> Vec<String> {
    const BEGINNINGS: [&str; 7] = [
        "alter table ",
        "alter index ",
        "create ",
        "drop index ",
        "call ",
        "reindex ",
        "delete from ",
    ];
    let mut quoted = false;
    let pieces = hint.split(|letter| {
        quoted ^= letter == '\'';
        letter == ';' && !quoted
    });
    let statement = |piece: &str| {
        let lower = piece.to_ascii_lowercase();
        let begin = BEGINNINGS.iter().filter_map(|word| lower.find(word)).min()?;
        Some(piece[begin..].to_string())
    };
    pieces.filter_map(statement).collect()
}

/// A reading of all that DDL changes in a schema: relations with their storage, columns, constraints, indexes.
pub fn catalog_of(client: &mut Client, schema: &str) -> String {
    client.text(&format!(
        "SELECT c.relname, c.relkind, c.relfilenode, c.relpersistence, c.reltablespace
         FROM pg_class AS c WHERE c.relnamespace = '{schema}'::regnamespace ORDER BY 1;
         SELECT a.attrelid::regclass, a.attname, a.atttypid::regtype, a.attnotnull, pg_get_expr(d.adbin, d.adrelid)
         FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid
           AND d.adnum = a.attnum
         WHERE c.relnamespace = '{schema}'::regnamespace AND a.attnum > 0 ORDER BY 1, a.attnum;
         SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint
         WHERE connamespace = '{schema}'::regnamespace ORDER BY 1, 2;
         SELECT indexrelid::regclass, indisvalid, indisclustered FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
         WHERE c.relnamespace = '{schema}'::regnamespace ORDER BY 1"
    ))
}

/// Locks of this session on relations of a schema.
pub fn locks_on(client: &mut Client, schema: &str) -> String {
    client.text(&format!(
        "SELECT l.relation::regclass, l.mode FROM pg_locks AS l JOIN pg_class AS c ON c.oid = l.relation
         WHERE l.pid = pg_backend_pid() AND c.relnamespace = '{schema}'::regnamespace ORDER BY 1, 2"
    ))
}
