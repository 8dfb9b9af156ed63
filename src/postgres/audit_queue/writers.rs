//! The table of writers: which process writes the decisions of which database.
//!
//! A session that enqueues a record claims the entry of its database when there is none, and starts the writer; the
//! generation in the entry tells a writer that starts too late that somebody else took its place. All zero bytes are an
//! empty table.

/// What a writer is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum WriterState {
    /// Asked for, not yet connected to its database.
    Starting = 0,
    /// Writing, or waiting for records.
    Running = 1,
    /// The log is locked by somebody; it tries again.
    Blocked = 2,
}

impl WriterState {
    /// As `interlock.status()` shows it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Blocked => "blocked",
        }
    }
}

/// The writer of one database.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Writer {
    /// 0: the entry is free.
    database: u32,
    generation: u32,
    /// Process id; 0 until it has started.
    pub pid: i32,
    /// What it is doing.
    pub state: WriterState,
    /// How often it has found the log locked.
    pub blocked: u32,
    /// When it was asked for, in microseconds.
    claimed_at: i64,
    /// Address of the latch of its process; 0 until it has started.
    pub latch: usize,
}

/// The right to be, or to start, the writer of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    slot: u32,
    generation: u32,
}

impl Claim {
    /// As one number, to be handed to a process.
    pub fn number(self) -> u64 {
        u64::from(self.slot) << 32 | u64::from(self.generation)
    }

    /// The claim of such a number.
    pub fn from_number(number: u64) -> Self {
        Self {
            slot: (number >> 32) as u32,
            generation: number as u32,
        }
    }
}

/// What an enqueuing session has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Summons {
    /// Set this latch (0: the writer is starting, and will look by itself).
    Wake(usize),
    /// Start the writer: none lives.
    Start(Claim),
    /// There are too many databases with a writer.
    Full,
}

/// A writer that did not start within this time, in microseconds, never will: the postmaster could not fork.
const START_PATIENCE: i64 = 10_000_000;

/// The writers. A cluster has more databases with changing schemas in the same seconds only in theory: each takes one of
/// max_worker_processes.
#[repr(C)]
pub struct Writers {
    last_generation: u32,
    writers: [Writer; Self::MAX],
}

impl Writers {
    const MAX: usize = 64;

    /// The writer of a database, if there is one.
    pub fn of(&self, database: u32) -> Option<&Writer> {
        self.writers.iter().find(|writer| writer.database == database)
    }

    /// Asks for the writer of a database.
    pub fn summon(&mut self, database: u32, now: i64) -> Summons {
        let stale = |writer: &Writer| {
            writer.pid == 0 && writer.state == WriterState::Starting && now - writer.claimed_at > START_PATIENCE
        };
        let mut chosen = None;
        for (slot, writer) in self.writers.iter().enumerate() {
            if writer.database == database {
                if !stale(writer) {
                    return Summons::Wake(writer.latch);
                }
                chosen = Some(slot);
                break;
            }
            if writer.database == 0 && chosen.is_none() {
                chosen = Some(slot);
            }
        }
        self.last_generation = self.last_generation.wrapping_add(1);
        let generation = self.last_generation;
        let Some((slot, entry)) = chosen.and_then(|slot| Some((slot, self.writers.get_mut(slot)?))) else {
            return Summons::Full;
        };
        *entry = Writer {
            database,
            generation,
            pid: 0,
            state: WriterState::Starting,
            blocked: 0,
            claimed_at: now,
            latch: 0,
        };
        Summons::Start(Claim {
            slot: slot as u32,
            generation,
        })
    }

    fn entry(&mut self, claim: Claim) -> Option<&mut Writer> {
        self.writers
            .get_mut(claim.slot as usize)
            .filter(|writer| writer.database != 0 && writer.generation == claim.generation)
    }

    /// A process takes up the claim; the database it is to write for, unless another took its place.
    pub fn take_up(&mut self, claim: Claim, pid: i32, latch: usize) -> Option<u32> {
        let entry = self.entry(claim)?;
        entry.pid = pid;
        entry.latch = latch;
        Some(entry.database)
    }

    /// The writer says what it is doing; whether that is new. Each try that finds the log locked is.
    pub fn set_state(&mut self, claim: Claim, state: WriterState) -> bool {
        let Some(entry) = self.entry(claim) else { return false };
        let is_new = entry.state != state || state == WriterState::Blocked;
        entry.state = state;
        if state == WriterState::Blocked {
            entry.blocked = entry.blocked.wrapping_add(1);
        }
        is_new
    }

    /// The database of a claim, while it is valid.
    pub fn database(&mut self, claim: Claim) -> Option<u32> {
        self.entry(claim).map(|entry| entry.database)
    }

    /// Frees the entry.
    pub fn leave(&mut self, claim: Claim) {
        if let Some(entry) = self.entry(claim) {
            entry.database = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writers() -> Writers {
        let free = Writer {
            database: 0,
            generation: 0,
            pid: 0,
            state: WriterState::Starting,
            blocked: 0,
            claimed_at: 0,
            latch: 0,
        };
        Writers {
            last_generation: 0,
            writers: [free; Writers::MAX],
        }
    }

    fn start(writers: &mut Writers, database: u32, now: i64) -> Claim {
        match writers.summon(database, now) {
            Summons::Start(claim) => claim,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn one_writer_is_started_per_database() {
        let mut writers = writers();
        let claim = start(&mut writers, 5, 0);
        assert_eq!(writers.summon(5, 1), Summons::Wake(0));
        assert_ne!(start(&mut writers, 6, 1), claim);
        assert_eq!(writers.take_up(claim, 100, 77), Some(5));
        assert_eq!(writers.summon(5, START_PATIENCE * 9), Summons::Wake(77));
        writers.leave(claim);
        assert!(writers.of(5).is_none());
        start(&mut writers, 5, 3);
    }

    #[test]
    fn a_writer_that_never_came_is_replaced() {
        let mut writers = writers();
        let lost = start(&mut writers, 5, 0);
        let second = start(&mut writers, 5, START_PATIENCE + 1);
        assert_eq!(writers.take_up(lost, 100, 1), None);
        writers.leave(lost);
        assert_eq!(writers.take_up(second, 101, 2), Some(5));
        assert!(writers.set_state(second, WriterState::Running));
        assert!(!writers.set_state(second, WriterState::Running));
    }

    #[test]
    fn each_try_at_a_locked_log_is_told() {
        let mut writers = writers();
        let claim = start(&mut writers, 5, 0);
        for tries in 1..=2 {
            assert!(writers.set_state(claim, WriterState::Blocked));
            assert_eq!(writers.of(5).map(|writer| writer.blocked), Some(tries));
        }
        assert!(writers.set_state(claim, WriterState::Running));
        assert_eq!(writers.of(5).map(|writer| writer.blocked), Some(2));
    }

    #[test]
    fn a_full_table_says_so() {
        let mut writers = writers();
        for database in 1..=Writers::MAX as u32 {
            start(&mut writers, database, 0);
        }
        assert_eq!(writers.summon(1000, 0), Summons::Full);
    }

    #[test]
    fn a_claim_survives_as_a_number() {
        let claim = Claim {
            slot: 63,
            generation: u32::MAX,
        };
        assert_eq!(Claim::from_number(claim.number()), claim);
    }
}
