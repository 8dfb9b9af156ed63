//! `interlock.status()`: whether the guard stands, and whether the audit keeps up.

use pgrx::prelude::*;

use crate::audit;
use crate::model::settings::Mode;
use crate::postgres::{executor, session, settings};

/// One row: what is loaded, and what was counted since the server was started (without shared memory: since the session
/// began).
#[pg_extern(volatile, parallel_restricted)]
#[allow(clippy::type_complexity)]
fn status() -> TableIterator<
    'static,
    (
        name!(preloaded, bool),
        name!(guarding, bool),
        name!(mode, &'static str),
        name!(writer_pid, Option<i32>),
        name!(writer_state, Option<&'static str>),
        name!(queued, Option<i64>),
        name!(written, i64),
        name!(late, i64),
        name!(logged_to_server_log, i64),
        name!(server_log_causes, pgrx::JsonB),
        name!(rejected, i64),
        name!(warned, i64),
        name!(allowed, i64),
        name!(unpredicted, i64),
        name!(library_version, &'static str),
        name!(server_version, String),
        name!(dml_hooked, bool),
    ),
> {
    let audit = audit::status();
    let mode = settings::mode();
    let fallen_back: u64 = audit.fallen_back.iter().map(|(_, count)| count).sum();
    let causes = audit
        .fallen_back
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(cause, count)| ((*cause).to_owned(), serde_json::Value::from(*count)))
        .collect();
    let bigint = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    TableIterator::once((
        audit.preloaded,
        mode != Mode::Off && session::extension_exists(),
        mode.name(),
        audit.writer_pid,
        audit.writer_state,
        audit.queued.map(|queued| bigint(queued as u64)),
        bigint(audit.written),
        bigint(audit.late),
        bigint(fallen_back),
        pgrx::JsonB(serde_json::Value::Object(causes)),
        bigint(audit.rejected),
        bigint(audit.warned),
        bigint(audit.allowed),
        bigint(audit.unpredicted),
        env!("CARGO_PKG_VERSION"),
        session::server_version(),
        executor::is_dml_hooked(),
    ))
}

extension_sql!(
    "COMMENT ON FUNCTION interlock.status() IS
        'Whether the guard stands and the audit keeps up; counted since the server was started';",
    name = "status_comment",
    requires = [status]
);
