//! Statements that were let run, until it is known what became of them.
//!
//! A record belongs to the subtransaction its statement ran in. That one's abort settles it; its commit hands it to the
//! parent; the end of the transaction settles all that are left. A statement that commits by itself (CREATE INDEX
//! CONCURRENTLY, VACUUM) sees commits go by while it runs: those are not its own end.

use std::time::{Duration, Instant};

use crate::model::decision::Ticket;
use crate::postgres::transaction_end::End;

struct Pending<T> {
    ticket: u64,
    sub: u32,
    begun: Instant,
    took: Option<Duration>,
    commits_internally: bool,
    payload: T,
}

/// A record whose outcome is known.
#[derive(Debug, PartialEq)]
pub struct Settled<T> {
    /// What was kept.
    pub payload: T,
    /// `committed`, `rolled back` or `prepared`
    pub outcome: &'static str,
    /// How long the statement ran.
    pub took: Duration,
}

/// The pending records of a session.
pub struct PendingRecords<T> {
    last_ticket: u64,
    records: Vec<Pending<T>>,
}

impl<T> PendingRecords<T> {
    /// None.
    pub const fn new() -> Self {
        Self {
            last_ticket: 0,
            records: Vec::new(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// A statement begins.
    pub fn begin(&mut self, payload: T, sub: u32, begun: Instant, commits_internally: bool) -> Ticket {
        self.last_ticket += 1;
        self.records.push(Pending {
            ticket: self.last_ticket,
            sub,
            begun,
            took: None,
            commits_internally,
            payload,
        });
        Ticket(self.last_ticket)
    }

    /// A statement does not run after all; its record.
    pub fn retract(&mut self, ticket: Ticket) -> Option<T> {
        let at = self.records.iter().rposition(|record| record.ticket == ticket.0)?;
        Some(self.records.remove(at).payload)
    }

    /// A statement has returned; its record, while it is still pending.
    pub fn finish(&mut self, ticket: Ticket, now: Instant) -> Option<&mut T> {
        let record = self.records.iter_mut().rfind(|record| record.ticket == ticket.0)?;
        record.took = Some(now.saturating_duration_since(record.begun));
        Some(&mut record.payload)
    }

    /// Where the records of an open subtransaction begin. They are the last ones: those of its own subtransactions have
    /// been handed to it or are gone.
    fn beginning_of(&self, sub: u32) -> usize {
        self.records
            .iter()
            .rposition(|record| record.sub != sub)
            .map_or(0, |last| last + 1)
    }

    /// A transaction or subtransaction ends: the records it settles, in the order they began.
    pub fn end(&mut self, end: End, now: Instant) -> Vec<Settled<T>> {
        let (outcome, settled) = match end {
            End::SubCommitted { sub, parent } => {
                let from = self.beginning_of(sub);
                for record in &mut self.records[from..] {
                    record.sub = parent;
                }
                return Vec::new();
            }
            End::SubRolledBack { sub } => ("rolled back", self.records.split_off(self.beginning_of(sub))),
            End::RolledBack => ("rolled back", std::mem::take(&mut self.records)),
            End::Prepared => ("prepared", std::mem::take(&mut self.records)),
            End::Committed => {
                let goes_on = |record: &Pending<T>| record.took.is_none() && record.commits_internally;
                let (running, settled) = std::mem::take(&mut self.records).into_iter().partition(goes_on);
                self.records = running;
                ("committed", settled)
            }
        };
        settled
            .into_iter()
            .map(|record| Settled {
                outcome,
                took: record
                    .took
                    .unwrap_or_else(|| now.saturating_duration_since(record.begun)),
                payload: record.payload,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOP: u32 = 1;

    fn outcomes(settled: Vec<Settled<&'static str>>) -> Vec<(&'static str, &'static str)> {
        settled
            .into_iter()
            .map(|record| (record.payload, record.outcome))
            .collect()
    }

    #[test]
    fn the_transaction_settles_what_is_left() {
        for (end, outcome) in [
            (End::Committed, "committed"),
            (End::RolledBack, "rolled back"),
            (End::Prepared, "prepared"),
        ] {
            let now = Instant::now();
            let mut records = PendingRecords::new();
            let ticket = records.begin("a", TOP, now, false);
            records.finish(ticket, now);
            assert_eq!(outcomes(records.end(end, now)), [("a", outcome)]);
            assert!(records.is_empty());
        }
    }

    #[test]
    fn a_subtransaction_takes_its_own_down() {
        let now = Instant::now();
        let mut records = PendingRecords::new();
        records.begin("before", TOP, now, false);
        records.begin("inside", 2, now, false);
        records.begin("nested", 3, now, false);
        assert_eq!(outcomes(records.end(End::SubCommitted { sub: 3, parent: 2 }, now)), []);
        assert_eq!(
            outcomes(records.end(End::SubRolledBack { sub: 2 }, now)),
            [("inside", "rolled back"), ("nested", "rolled back")]
        );
        assert_eq!(outcomes(records.end(End::Committed, now)), [("before", "committed")]);
    }

    #[test]
    fn commits_of_a_running_statement_do_not_settle_it() {
        let now = Instant::now();
        let mut records = PendingRecords::new();
        let ticket = records.begin("concurrently", TOP, now, true);
        assert_eq!(outcomes(records.end(End::Committed, now)), []);
        assert_eq!(outcomes(records.end(End::Committed, now)), []);
        records.finish(ticket, now);
        assert_eq!(
            outcomes(records.end(End::Committed, now)),
            [("concurrently", "committed")]
        );

        records.begin("failing", TOP, now, true);
        assert_eq!(outcomes(records.end(End::Committed, now)), []);
        assert_eq!(
            outcomes(records.end(End::RolledBack, now)),
            [("failing", "rolled back")]
        );
    }

    #[test]
    fn the_duration_is_that_of_the_statement() {
        let begun = Instant::now();
        let mut records = PendingRecords::new();
        let ticket = records.begin("done", TOP, begun, false);
        records.begin("failed", TOP, begun, false);
        records.finish(ticket, begun + Duration::from_millis(5));
        let took: Vec<_> = records
            .end(End::RolledBack, begun + Duration::from_millis(70))
            .iter()
            .map(|record| record.took.as_millis())
            .collect();
        assert_eq!(took, [5, 70]);
        assert!(records.finish(ticket, begun).is_none());
    }
}
