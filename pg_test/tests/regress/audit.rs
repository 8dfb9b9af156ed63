//! The audit: every decision of the guard is in `interlock.decision_log`, seen from another connection.
//!
//! A row of a refusal is there when the client has its error, so nothing here waits for one. The rows of a database are
//! written in the order of the decisions: when that of a refusal is there, so are those of all statements before it. Tests
//! about rows of statements that ran, or about rows that must not be, end with such a refusal, see [`Audited::settle`].

use pg_test::{Client, DbError, TestDatabase};

mod counters;
mod outcomes;
mod own_tables;
mod refusals;
mod rights;
mod secrets;
mod selection;
mod surroundings;
mod values;

/// Refused wherever it stands: the table has more rows than the threshold of the database.
const REFUSED: &str = "ALTER TABLE big ALTER COLUMN a TYPE bigint";

/// A database with a big table, and somebody who looks at its log.
struct Audited {
    database: TestDatabase,
    observer: Client,
}

impl Audited {
    fn new() -> Audited {
        let database = TestDatabase::new();
        database.client().batch(&format!(
            "ALTER DATABASE {} SET pg_interlock.row_threshold = 1000;
             SET pg_interlock.mode = 'off';
             CREATE TABLE big (a int, b text);
             INSERT INTO big SELECT n, n FROM generate_series(1, 2000) n;
             ANALYZE big;
             CREATE TABLE small (a int)",
            database.name()
        ));
        let observer = database.client();
        Audited { database, observer }
    }

    fn client(&self) -> Client {
        self.database.client()
    }

    /// Sees to it that the rows of all statements so far are there, by a refusal that [`Audited::rows`] leaves out.
    fn settle(&mut self) {
        let mut client = self.database.client();
        client.batch("SET application_name = 'settling'");
        refuse(&mut client, "ALTER TABLE big ADD COLUMN settled float DEFAULT random()");
    }

    /// Columns of the rows, as psql -At shows them, oldest first.
    fn rows(&mut self, columns: &str) -> String {
        self.observer.text(&format!(
            "SELECT {columns} FROM interlock.decision_log WHERE application_name <> 'settling' ORDER BY id"
        ))
    }

    /// As [`Audited::rows`], with those of statements that ran.
    fn settled_rows(&mut self, columns: &str) -> String {
        self.settle();
        self.rows(columns)
    }
}

/// Runs statements of which one must be refused by the guard.
fn refuse(client: &mut Client, sql: &str) -> DbError {
    let error = client.error(sql);
    assert!(error.code().code().starts_with("IL"), "{sql}\n{error:?}");
    error
}
