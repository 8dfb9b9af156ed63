//! What a worker of a backfill is told when it is started: a few numbers in its description.

use crate::postgres::session;

/// Bytes of a worker's description that its order takes.
pub(super) const EXTRA: usize = 24;

/// What a worker is to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// The job.
    pub job: i64,
    /// Which of its workers, from 0.
    pub slot: i32,
    pub(super) database: u32,
    pub(super) role: u32,
    /// The role to take then; 0: none.
    then_role: u32,
}

impl Order {
    /// An order for this database, to a worker that connects as `role` and then takes `then_role` (0: none).
    pub fn here(job: i64, slot: i32, role: u32, then_role: u32) -> Order {
        Order {
            job,
            slot,
            database: session::database(),
            role,
            then_role,
        }
    }

    /// The database it is for.
    pub fn database(&self) -> u32 {
        self.database
    }

    /// The role to take once connected.
    pub fn then_role(&self) -> Option<u32> {
        (self.then_role != 0).then_some(self.then_role)
    }

    /// As the bytes that a worker is given along.
    pub(super) fn bytes(self) -> [u8; EXTRA] {
        let mut bytes = [0; EXTRA];
        bytes[..8].copy_from_slice(&self.job.to_ne_bytes());
        let words = [self.slot as u32, self.database, self.role, self.then_role];
        for (place, word) in words.iter().enumerate() {
            bytes[8 + 4 * place..12 + 4 * place].copy_from_slice(&word.to_ne_bytes());
        }
        bytes
    }

    pub(super) fn from_bytes(bytes: [u8; EXTRA]) -> Order {
        let word = |at: usize| u32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let mut job = [0; 8];
        job.copy_from_slice(&bytes[..8]);
        Order {
            job: i64::from_ne_bytes(job),
            slot: word(8) as i32,
            database: word(12),
            role: word(16),
            then_role: word(20),
        }
    }
}
