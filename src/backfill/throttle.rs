//! What this process remembers between batches about the server's load.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use crate::batch::throttle::{Budget, History};

/// Batches may be short; the server is looked at no more often than this.
const INTERVAL: Duration = Duration::from_millis(500);

struct Memory {
    begun: Instant,
    looked: Option<(i64, Instant)>,
    budget: Budget,
    history: History,
}

impl Memory {
    fn now(&self) -> f64 {
        self.begun.elapsed().as_secs_f64()
    }
}

thread_local! {
    static MEMORY: RefCell<Memory> = RefCell::new(Memory {
        begun: Instant::now(),
        looked: None,
        budget: Budget::default(),
        history: History::default(),
    });
}

thread_local! {
    static IN_BATCH: Cell<bool> = const { Cell::new(false) };
    static RANGE: Cell<Option<(i64, i32, i32)>> = const { Cell::new(None) };
}

/// Notes which range of a job is walked now; whether it is the same as before.
pub fn came_to(job: i64, pass: i32, range: i32) -> bool {
    let range = Some((job, pass, range));
    RANGE.replace(range) == range
}

/// The pass and the range that were walked last.
pub fn range() -> Option<(i32, i32)> {
    RANGE.get().map(|(_, pass, range)| (pass, range))
}

/// Notes that a step has come to its batch.
pub fn note_batch() {
    IN_BATCH.set(true);
}

/// Whether a step has come to its batch since this was asked last.
pub fn came_to_batch() -> bool {
    IN_BATCH.take()
}

/// Whether it is time to look at the server again before a batch of `job`.
pub fn is_due(job: i64) -> bool {
    MEMORY.with_borrow(|memory| {
        let looked = memory.looked.filter(|(last, _)| *last == job);
        looked.is_none_or(|(_, at)| at.elapsed() >= INTERVAL)
    })
}

/// Notes that the server has been looked at for `job`.
pub fn note_look(job: i64) {
    MEMORY.with_borrow_mut(|memory| memory.looked = Some((job, Instant::now())));
}

/// Notes how many bytes of WAL have been written; seconds to rest at a budget of `rate` bytes per second.
pub fn rest(written: i64, rate: f64) -> f64 {
    MEMORY.with_borrow_mut(|memory| {
        let now = memory.now();
        memory.history.note(now, written);
        memory.budget.rest(now, written, rate)
    })
}

/// For how many seconds, as far as this process knows, there has been WAL behind this position.
pub fn age(position: i64) -> f64 {
    MEMORY.with_borrow(|memory| memory.history.age(memory.now(), position))
}
