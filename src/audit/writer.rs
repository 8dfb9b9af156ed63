//! The story of the writer: take what is queued for this database, write it down, leave when nothing comes.
//!
//! One transaction writes a batch. Where the log is locked, the records stay queued and it tries again until the lock
//! goes, but tells the sessions that wait not to: the lock may be theirs. Where writing fails otherwise, each record is
//! tried alone, and what the table does not take goes to the server log.

use std::time::{Duration, Instant};

use crate::postgres::audit_queue::{self, Counter, Queued, WriterState};
use crate::postgres::audit_writer::{Process, WriteError};
use crate::postgres::encoding;

const TABLE: (&std::ffi::CStr, &std::ffi::CStr) = (c"interlock", c"decision_log");

/// A row that is there already was written before its record could be taken from the queue.
const INSERT: &str = "
    INSERT INTO interlock.decision_log (
        boot_id, seq, decided_at, decision, rule, sqlstate, mode, command_tag, relation, lock_mode, estimated_rows,
        total_bytes, effects, reason, statement, session_user_name, current_user_name, application_name, client_addr,
        pid, backend_start, transaction_id, outcome, duration_ms, mismatches, blockers, profile)
    SELECT $1::pg_catalog.uuid, q.seq, r.decided_at, r.decision, r.rule, r.sqlstate, r.mode, r.command_tag, r.relation,
        r.lock_mode, r.estimated_rows, r.total_bytes, r.effects, r.reason, r.statement, r.session_user_name,
        r.current_user_name, r.application_name, r.client_addr, r.pid, r.backend_start, r.transaction_id, r.outcome,
        r.duration_ms, r.mismatches, r.blockers, r.profile
    FROM pg_catalog.jsonb_to_recordset($2::pg_catalog.jsonb) AS q(seq pg_catalog.int8, record pg_catalog.jsonb),
        pg_catalog.jsonb_to_record(q.record) AS r(
            decided_at pg_catalog.timestamptz, decision pg_catalog.text, rule pg_catalog.text, sqlstate pg_catalog.text,
            mode pg_catalog.text, command_tag pg_catalog.text, relation pg_catalog.text, lock_mode pg_catalog.text,
            estimated_rows pg_catalog.int8, total_bytes pg_catalog.int8, effects pg_catalog.text[],
            reason pg_catalog.text, statement pg_catalog.text, session_user_name pg_catalog.text,
            current_user_name pg_catalog.text, application_name pg_catalog.text, client_addr pg_catalog.inet,
            pid pg_catalog.int4, backend_start pg_catalog.timestamptz, transaction_id pg_catalog.xid8,
            outcome pg_catalog.text, duration_ms pg_catalog.float8,
            mismatches pg_catalog.text[], blockers pg_catalog.jsonb, profile pg_catalog.jsonb)
    ORDER BY q.seq
    ON CONFLICT (boot_id, seq) DO NOTHING";

/// Enough to make a commit's cost small for each row, little enough for a statement of milliseconds.
const BATCH_BYTES: usize = 256 * 1024;
/// A migration's next statement finds the writer still there; one of max_worker_processes is not held for long.
const LINGER: Duration = Duration::from_secs(10);
/// How soon DROP DATABASE and the like, which wait five seconds, find the writer gone.
const TICK: Duration = Duration::from_millis(200);
/// Between two tries while the log is locked; each try itself waits in the lock's queue.
const RETRY: Duration = Duration::from_millis(100);
/// How long a writer that was asked to leave goes on trying: a shutdown is waiting.
const LAST_TRIES: Duration = Duration::from_secs(1);

/// The life of a writer.
pub fn run(process: &Process) {
    let boot_id = audit_queue::boot_id().unwrap_or_default();
    let mut idle_since = Instant::now();
    let mut leaving_since: Option<Instant> = None;
    loop {
        if process.terminated() && leaving_since.is_none() {
            leaving_since = Some(Instant::now());
        }
        let batch = audit_queue::peek(process.claim(), BATCH_BYTES);
        if batch.is_empty() {
            process.set_state(WriterState::Running);
            let idle = idle_since.elapsed();
            let leave = leaving_since.is_some() || idle > LINGER || (idle >= TICK && process.database_is_wanted());
            if leave && audit_queue::leave_if_idle(process.claim()) {
                return;
            }
            if !leave {
                process.sleep(TICK);
            }
            continue;
        }
        idle_since = Instant::now();
        if write(process, &boot_id, &batch) {
            process.set_state(WriterState::Running);
        } else {
            process.set_state(WriterState::Blocked);
            if leaving_since.is_some_and(|since| since.elapsed() > LAST_TRIES) {
                // What is left goes to the server log as the process exits.
                return;
            }
            process.sleep(RETRY);
        }
    }
}

/// Writes a batch; `false` where it must be tried again.
fn write(process: &Process, boot_id: &str, batch: &[Queued]) -> bool {
    match process.write(TABLE, INSERT, boot_id, &rows(batch)) {
        Ok(()) => {
            written(batch);
            true
        }
        Err(WriteError::Passing) => false,
        Err(WriteError::Lasting(_)) => batch.chunks(1).all(|record| write_one(process, boot_id, record)),
    }
}

fn write_one(process: &Process, boot_id: &str, record: &[Queued]) -> bool {
    match process.write(TABLE, INSERT, boot_id, &rows(record)) {
        Ok(()) => written(record),
        Err(WriteError::Passing) => return false,
        Err(WriteError::Lasting(error)) => {
            for record in record {
                let text = String::from_utf8_lossy(&record.text);
                audit_queue::fall_back_after(&error, Counter::WriteFailed, &text);
                audit_queue::settle(&[record.seq]);
            }
        }
    }
    true
}

fn written(batch: &[Queued]) {
    audit_queue::count(Counter::Written, batch.len() as u64);
    audit_queue::settle(&batch.iter().map(|record| record.seq).collect::<Vec<_>>());
}

/// The batch as one JSON array.
fn rows(batch: &[Queued]) -> String {
    let records: Vec<String> = batch
        .iter()
        .map(|record| {
            format!(
                "{{\"seq\":{},\"record\":{}}}",
                record.seq,
                String::from_utf8_lossy(&record.text)
            )
        })
        .collect();
    let rows = format!("[{}]", records.join(","));
    if encoding::database_speaks_utf8() {
        rows
    } else {
        in_ascii(&rows)
    }
}

/// JSON in ASCII only: the server turns its escapes into the encoding of the database.
fn in_ascii(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for letter in json.chars() {
        if letter.is_ascii() {
            out.push(letter);
        } else {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_become_one_array() {
        let batch: Vec<_> = [(1, "{}"), (7, "{\"a\":\"ü\"}")]
            .map(|(seq, text)| Queued {
                seq,
                database: 1,
                text: text.as_bytes().to_vec(),
            })
            .into();
        let text = in_ascii(&format!(
            "[{}]",
            batch
                .iter()
                .map(|r| String::from_utf8_lossy(&r.text).into_owned())
                .collect::<Vec<_>>()
                .join(",")
        ));
        assert_eq!(text, "[{},{\"a\":\"\\u00fc\"}]");
        assert_eq!(in_ascii("😀"), "\\ud83d\\ude00");
    }
}
