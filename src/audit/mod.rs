//! Floor 4: decision records, from the session that decided to the table `interlock.decision_log`.
//!
//! A rejection is handed to another process before the client learns of it, so its row stays although the transaction is
//! rolled back. A statement that runs is remembered until its transaction ends, and then handed over with its outcome.
//! Nothing here may stop a statement or a transaction: what fails is counted, and the record goes to the server log. Only
//! the wait for the row of a rejection can be ended by the user, by a cancel.

#![forbid(unsafe_code)]

mod pending;
mod redact;
mod row;
mod writer;

use std::cell::{Cell, RefCell};
use std::time::Instant;

use serde::Serialize;

use pending::PendingRecords;
use row::Entry;

use crate::model::decision::{DecisionRecord, Ticket};
use crate::postgres::audit_queue::{self, Counter, Waited};
use crate::postgres::contain::contained;
use crate::postgres::transaction_end::{self, End};
use crate::postgres::{audit_writer, session, settings};

thread_local! {
    static PENDING: RefCell<PendingRecords<Entry>> = const { RefCell::new(PendingRecords::new()) };
    /// The writer found the log locked when this session was waiting: the end of its transaction may free it.
    static WRITER_WAITS: Cell<bool> = const { Cell::new(false) };
}

/// Prepares shared memory, the writer and the transaction callbacks. To be called once, from `_PG_init`.
pub fn init() {
    audit_queue::init();
    audit_writer::serve(writer::run);
    transaction_end::init(ended);
}

/// Records a rejection, and waits until its row is there: at most `pg_interlock.audit_timeout`.
///
/// To be called before the error is raised, inside the user's transaction and with nothing held. Raises nothing but the
/// user's own cancel.
pub fn rejected(record: &DecisionRecord, started: Instant) {
    let handed_over = watched(&Gist::of(record), || {
        if session::is_exempt() {
            return None;
        }
        audit_queue::count(Counter::Rejected, 1);
        let text = entry(record.clone()).into_json("rejected", started.elapsed());
        audit_queue::enqueue(&text).map(|receipt| (receipt, text))
    });
    let Some(Some((receipt, text))) = handed_over else {
        return;
    };
    if audit_queue::wait(receipt, settings::audit_timeout(), &text) == Waited::Late {
        audit_queue::count(Counter::Late, 1);
        WRITER_WAITS.set(true);
        transaction_end::listen(true);
    }
}

/// Remembers a statement that is about to run, allowed or with a warning. `commits_internally`: it ends its transaction
/// by itself and goes on in others, as CREATE INDEX CONCURRENTLY, VACUUM and CALL do.
pub fn begin(record: DecisionRecord, commits_internally: bool) -> Ticket {
    let begun = Instant::now();
    let gist = Gist::of(&record);
    let remembered = watched(&gist, move || {
        if session::is_exempt() {
            return Ticket::NONE;
        }
        let entry = entry(record);
        audit_queue::count(entry.counter(), 1);
        let sub = transaction_end::current_subtransaction();
        let ticket = PENDING.with_borrow_mut(|pending| pending.begin(entry, sub, begun, commits_internally));
        transaction_end::listen(true);
        ticket
    });
    remembered.unwrap_or(Ticket::NONE)
}

/// Forgets a statement that was about to run: it is judged again.
pub fn retract(ticket: Ticket) {
    if let Some(entry) = PENDING.with_borrow_mut(|pending| pending.retract(ticket)) {
        audit_queue::uncount(entry.counter());
    }
}

/// The statement has returned without an error; with what its profile got wrong.
pub fn finish(ticket: Ticket, mismatches: Vec<String>) {
    if ticket == Ticket::NONE {
        return;
    }
    let now = Instant::now();
    PENDING.with_borrow_mut(|pending| {
        if let Some(entry) = pending.finish(ticket, now) {
            entry.transaction_id = entry.transaction_id.or(session::transaction_id());
            entry.found_wrong(mismatches);
        }
    });
}

/// Counts a rewrite or index build that no profile foresaw.
pub fn unpredicted() {
    audit_queue::count(Counter::Unpredicted, 1);
}

fn entry(record: DecisionRecord) -> Entry {
    let mut entry = Entry::new(
        record,
        session::current(),
        session::now(),
        session::standard_conforming_strings(),
    );
    entry.transaction_id = session::transaction_id();
    entry
}

/// What is said of a decision when not even its record could be made.
#[derive(Serialize)]
struct Gist {
    decision: &'static str,
    command_tag: String,
    relation: Option<String>,
}

impl Gist {
    /// Not the statement: what fails may be the work that takes its secrets out.
    fn of(record: &DecisionRecord) -> Self {
        Self {
            decision: record.decision,
            command_tag: record.command_tag.clone(),
            relation: record.relation.clone(),
        }
    }
}

/// Runs our own work on a record; where it fails, at least the decision gets to the server log.
fn watched<R>(gist: &Gist, work: impl FnOnce() -> R) -> Option<R> {
    match contained(work) {
        Ok(value) => Some(value),
        Err(failure) => {
            let line = serde_json::to_string(gist).unwrap_or_default();
            // There is nobody left to tell if the server log fails too.
            let _ = contained(|| audit_queue::fall_back_after(&failure.message, Counter::Internal, &line));
            None
        }
    }
}

/// A transaction or subtransaction has ended.
fn ended(end: End) {
    let now = Instant::now();
    let (settled, empty) = PENDING.with_borrow_mut(|pending| (pending.end(end, now), pending.is_empty()));
    let subtransaction = matches!(end, End::SubCommitted { .. });
    if WRITER_WAITS.get() && !subtransaction {
        audit_queue::nudge();
        // A rolled back savepoint may leave the lock where it is; the transaction's end does not.
        WRITER_WAITS.set(matches!(end, End::SubRolledBack { .. }));
    }
    transaction_end::listen(!empty || WRITER_WAITS.get());
    for mut record in settled {
        record.payload.transaction_id = record.payload.transaction_id.or(session::transaction_id());
        let text = record.payload.into_json(record.outcome, record.took);
        audit_queue::enqueue(&text);
    }
}

/// What `interlock.status()` tells of the audit.
pub struct AuditStatus {
    /// Whether there is shared memory, hence a table that is written.
    pub preloaded: bool,
    /// Process id of this database's writer.
    pub writer_pid: Option<i32>,
    /// What it is doing.
    pub writer_state: Option<&'static str>,
    /// Records in shared memory, of all databases.
    pub queued: Option<usize>,
    /// Rows written.
    pub written: u64,
    /// Rejections whose client did not wait until the row was there.
    pub late: u64,
    /// Records that went to the server log instead, by cause.
    pub fallen_back: [(&'static str, u64); 5],
    /// Rewrites and index builds that no profile foresaw.
    pub unpredicted: u64,
    /// Rejections.
    pub rejected: u64,
    /// Statements that ran with a warning.
    pub warned: u64,
    /// Statements that ran.
    pub allowed: u64,
}

/// The state of the audit.
pub fn status() -> AuditStatus {
    let queue = audit_queue::status();
    let counted = audit_queue::counted;
    AuditStatus {
        preloaded: audit_queue::available(),
        writer_pid: queue.as_ref().and_then(|queue| queue.writer_pid),
        writer_state: queue
            .as_ref()
            .and_then(|queue| queue.writer_state)
            .map(|state| state.name()),
        queued: queue.map(|queue| queue.queued),
        written: counted(Counter::Written),
        late: counted(Counter::Late),
        fallen_back: [
            ("not preloaded", counted(Counter::NoSharedMemory)),
            ("queue full", counted(Counter::PoolFull)),
            ("no writer", counted(Counter::NoWriter)),
            ("write failed", counted(Counter::WriteFailed)),
            ("internal error", counted(Counter::Internal)),
        ],
        unpredicted: counted(Counter::Unpredicted),
        rejected: counted(Counter::Rejected),
        warned: counted(Counter::Warned),
        allowed: counted(Counter::Allowed),
    }
}
