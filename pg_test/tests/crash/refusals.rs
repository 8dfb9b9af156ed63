//! Sessions that are refused something again and again, and what became of the records.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

use pg_test::postgres::error::SqlState;
use pg_test::{Client, Cluster, until};

/// A cluster whose databases refuse every rewrite.
pub fn cluster(settings: &[(&str, &str)]) -> Cluster {
    Cluster::start(&[&[("pg_interlock.row_threshold", "0")], settings].concat())
}

/// A database with the guard, and a table for it to guard.
pub fn create_database(cluster: &Cluster, name: &str) -> Client {
    if name != "postgres" {
        cluster.connect("postgres").batch(&format!("CREATE DATABASE {name}"));
    }
    let mut client = cluster.connect(name);
    client.batch("CREATE TABLE big (a int); CREATE EXTENSION pg_interlock");
    client
}

/// A statement that is refused, told from others by `mark`.
pub fn statement(mark: &str) -> String {
    format!("ALTER TABLE big ADD COLUMN IF NOT EXISTS c float DEFAULT random() /* {mark} */")
}

/// One refusal.
pub fn refuse(client: &mut Client, mark: &str) {
    let error = client.error(&statement(mark));
    assert_eq!(error.code().code(), "IL001", "{error:?}");
}

/// Sessions that are refused something in a loop, until they are stopped or lose their connection.
pub struct Refusals {
    sessions: Vec<JoinHandle<Vec<String>>>,
    told: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
}

impl Refusals {
    /// Connects the sessions and lets them go.
    pub fn start(cluster: &Cluster, database: &str, sessions: usize) -> Refusals {
        let (told, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let sessions = (0..sessions).map(|number| {
            let (told, stop) = (Arc::clone(&told), Arc::clone(&stop));
            let client = cluster.connect(database);
            let name = format!("{database} {number}");
            thread::spawn(move || session(client, &name, &told, &stop))
        });
        Refusals {
            sessions: sessions.collect(),
            told: Arc::clone(&told),
            stop: Arc::clone(&stop),
        }
    }

    /// How many refusals clients have been told of.
    pub fn told(&self) -> usize {
        self.told.load(Ordering::Relaxed)
    }

    /// Waits, by asking the server, until clients have been told of so many more.
    pub fn await_more(&self, client: &mut Client, more: usize) {
        let enough = self.told() + more;
        let ended = || self.sessions.iter().all(JoinHandle::is_finished);
        while self.told() < enough && !ended() {
            client.batch("SELECT 1");
        }
        assert!(self.told() >= enough, "the sessions have ended");
    }

    /// Ends the sessions: the statements of whose refusal a client was told.
    pub fn stop(self) -> Vec<String> {
        self.stop.store(true, Ordering::Relaxed);
        let told = self
            .sessions
            .into_iter()
            .flat_map(|session| session.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        told.collect()
    }
}

fn session(mut client: Client, name: &str, told: &AtomicUsize, stop: &AtomicBool) -> Vec<String> {
    let mut refused = Vec::new();
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let sql = statement(&format!("{name} {number}"));
        // Where the guard has gone, the statement runs.
        let Err(error) = client.try_batch(&sql) else { continue };
        match error.code().map(SqlState::code) {
            Some("IL001") => {
                refused.push(sql);
                told.fetch_add(1, Ordering::Relaxed);
            }
            // The server goes down, or recovers from a crash; or it is gone.
            Some("57P01" | "57P02" | "57P03") | None => break,
            Some(_) => panic!("{sql}\n{error:?}"),
        }
    }
    refused
}

/// Waits until nothing is queued.
pub fn settle(client: &mut Client) {
    until(client, "SELECT queued = 0 FROM interlock.status()");
}

/// How often each refused statement is in the log.
pub fn rows(client: &mut Client) -> BTreeMap<String, usize> {
    let rows = client.query(
        "SELECT statement FROM interlock.decision_log WHERE outcome = 'rejected'",
        &[],
    );
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(row.get(0)).or_default() += 1;
    }
    counts
}

/// The statements of the decisions in the server log.
pub fn in_server_log(cluster: &Cluster) -> Vec<String> {
    let log = cluster.log();
    let records = log.lines().filter(|line| line.contains("pg_interlock decision"));
    let statement = |line: &str| {
        let json = line.find('{').and_then(|start| line.get(start..)).unwrap_or_default();
        let record: serde_json::Value = serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {line}"));
        record["statement"].as_str().unwrap_or_default().to_owned()
    };
    records.map(statement).collect()
}

/// Each refusal that a client was told of is in the log once, and nothing is there twice.
pub fn assert_in_log(told: &[String], client: &mut Client) {
    let rows = rows(client);
    let missing: Vec<_> = told.iter().filter(|sql| !rows.contains_key(*sql)).collect();
    assert!(
        missing.is_empty(),
        "{} of {} are missing: {missing:?}",
        missing.len(),
        told.len()
    );
    assert_each_once(&rows);
}

/// No statement is there twice.
pub fn assert_each_once(rows: &BTreeMap<String, usize>) {
    let doubled: Vec<_> = rows.iter().filter(|(_, count)| **count > 1).collect();
    assert!(doubled.is_empty(), "{doubled:?}");
}
