//! A connection, with what tests ask of one. Each method panics with the server's whole error where it fails.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use postgres::error::DbError;
use postgres::types::{FromSqlOwned, ToSql};
use postgres::{Config, NoTls, Row, SimpleQueryMessage};

/// How long a call may take before it is cancelled: a test that hangs must fail, and not take the other rooms with it.
const LONGEST_CALL: Duration = Duration::from_secs(300);

/// A connection to a server.
pub struct Client {
    raw: postgres::Client,
    pid: i32,
    notices: Arc<Mutex<Vec<DbError>>>,
}

impl Client {
    /// Connects, collecting the notices of the server.
    pub(crate) fn connect(config: &Config) -> Result<Client, postgres::Error> {
        let notices = Arc::new(Mutex::new(Vec::new()));
        let inbox = Arc::clone(&notices);
        let mut raw = config
            .clone()
            .notice_callback(move |notice| inbox.lock().expect("no test panics in here").push(notice))
            .connect(NoTls)?;
        let pid = raw.query_one("SELECT pg_catalog.pg_backend_pid()", &[])?.get(0);
        Ok(Client { raw, pid, notices })
    }

    /// The process id of its backend.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Runs one or more statements, as psql -c would.
    pub fn batch(&mut self, sql: &str) {
        self.try_batch(sql).unwrap_or_else(|error| panic!("{sql}\n{error:#?}"));
    }

    /// Runs one or more statements of which one must fail, and returns its error with all fields.
    pub fn error(&mut self, sql: &str) -> DbError {
        match self.try_batch(sql) {
            Ok(()) => panic!("should have failed: {sql}"),
            Err(error) => error
                .as_db_error()
                .unwrap_or_else(|| panic!("{sql}\n{error:?}"))
                .clone(),
        }
    }

    /// Runs one or more statements, and returns the error of the one that failed, or that the connection was lost.
    pub fn try_batch(&mut self, sql: &str) -> Result<(), postgres::Error> {
        self.watched(sql, |raw| raw.batch_execute(sql))
    }

    /// The rows of a query.
    pub fn query(&mut self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Vec<Row> {
        self.watched(sql, |raw| raw.query(sql, parameters))
            .unwrap_or_else(|error| panic!("{sql}\n{error:#?}"))
    }

    /// The single value of a query.
    pub fn one<T: FromSqlOwned>(&mut self, sql: &str) -> T {
        let rows = self.query(sql, &[]);
        assert_eq!(rows.len(), 1, "one row is expected from {sql}");
        rows[0].get(0)
    }

    /// The rows of one or more statements as psql -At shows them, whatever their types: `a|1` and newline, null as nothing.
    pub fn text(&mut self, sql: &str) -> String {
        let messages = self
            .watched(sql, |raw| raw.simple_query(sql))
            .unwrap_or_else(|error| panic!("{sql}\n{error:#?}"));
        let rows = messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        let lines = rows.map(|row| {
            (0..row.len())
                .map(|i| row.get(i).unwrap_or_default())
                .collect::<Vec<_>>()
                .join("|")
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The notices and warnings received since this was last asked.
    pub fn notices(&mut self) -> Vec<DbError> {
        std::mem::take(&mut self.notices.lock().expect("no test panics in here"))
    }

    /// Runs statements on a thread of their own, to be looked at while they wait for something.
    pub fn run(mut self, sql: &str) -> Running {
        let (pid, sql) = (self.pid, sql.to_string());
        let thread = thread::spawn(move || {
            let outcome = self.try_batch(&sql);
            (self, outcome)
        });
        Running { pid, thread }
    }

    /// Makes a call on the connection, and cancels it if it takes too long.
    fn watched<T>(&mut self, sql: &str, call: impl FnOnce(&mut postgres::Client) -> T) -> T {
        let (running, ended) = mpsc::channel::<()>();
        let token = self.raw.cancel_token();
        let watch = thread::spawn(move || {
            let takes_too_long = ended.recv_timeout(LONGEST_CALL) == Err(RecvTimeoutError::Timeout);
            if takes_too_long {
                // Where even that fails, the server is gone and the call ends by itself.
                token.cancel_query(NoTls).ok();
            }
            takes_too_long
        });
        let outcome = call(&mut self.raw);
        drop(running);
        let took_too_long = watch.join().expect("the watch does not panic");
        assert!(
            !took_too_long,
            "backend {} was cancelled after {LONGEST_CALL:?}: {sql}",
            self.pid
        );
        outcome
    }

    /// The connection itself, for COPY, prepared statements and cancel tokens.
    pub fn raw(&mut self) -> &mut postgres::Client {
        &mut self.raw
    }
}

/// Statements that run on a thread of their own, see [`Client::run`].
pub struct Running {
    pid: i32,
    thread: JoinHandle<(Client, Result<(), postgres::Error>)>,
}

impl Running {
    /// The process id of the backend that runs them.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Whether they have ended.
    pub fn ended(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits for their end; gives the connection back, and the error if there was one.
    pub fn finish(self) -> (Client, Result<(), postgres::Error>) {
        self.thread
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}
