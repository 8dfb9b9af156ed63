//! Waiting for a state of the server, never for a time.

use std::thread;
use std::time::{Duration, Instant};

use crate::Client;

/// How long a state may take to come about. Far more than it ever needs: on a loaded machine a test must be slow, not red.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// Asks until there is an answer, or until the deadline has passed.
pub fn poll<T>(deadline: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + deadline;
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if Instant::now() > end {
            return None;
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// Waits until a query, asked again and again by `client`, answers true.
pub fn until(client: &mut Client, query: &str) {
    poll(DEADLINE, || client.one::<Option<bool>>(query).filter(|&answer| answer))
        .unwrap_or_else(|| panic!("still not true after {DEADLINE:?}: {query}"));
}

/// Waits until the backend `pid` waits for a lock that another one holds or has asked for before.
pub fn blocked(client: &mut Client, pid: i32) {
    until(
        client,
        &format!("SELECT pg_catalog.cardinality(pg_catalog.pg_blocking_pids({pid})) OPERATOR(pg_catalog.>) 0"),
    );
}
