//! The table-level lock modes, as `storage/lockdefs.h` numbers them.

use std::fmt;

/// A table-level lock mode. Ordered by strength, as `lockdefs.h` orders them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum LockMode {
    /// SELECT
    AccessShare = 1,
    /// SELECT FOR UPDATE / FOR SHARE
    RowShare = 2,
    /// INSERT, UPDATE, DELETE
    RowExclusive = 3,
    /// VACUUM, ANALYZE, CREATE INDEX CONCURRENTLY
    ShareUpdateExclusive = 4,
    /// CREATE INDEX
    Share = 5,
    /// CREATE TRIGGER, ADD FOREIGN KEY
    ShareRowExclusive = 6,
    /// REFRESH MATERIALIZED VIEW CONCURRENTLY
    Exclusive = 7,
    /// ALTER TABLE, DROP TABLE, VACUUM FULL
    AccessExclusive = 8,
}

/// What other sessions cannot do to a relation while a lock is held on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Blocks {
    /// Nothing but other locks of the same kind of maintenance or stronger.
    Nothing,
    /// DDL, VACUUM and the like; reads and writes go on.
    SchemaChanges,
    /// INSERT, UPDATE, DELETE.
    Writes,
    /// Everything.
    ReadsAndWrites,
}

impl LockMode {
    /// Every mode, weakest first.
    pub const ALL: [Self; 8] = [
        Self::AccessShare,
        Self::RowShare,
        Self::RowExclusive,
        Self::ShareUpdateExclusive,
        Self::Share,
        Self::ShareRowExclusive,
        Self::Exclusive,
        Self::AccessExclusive,
    ];

    /// The mode of a `LOCKMODE` number; `None` for NoLock and numbers out of range.
    pub fn from_number(number: i32) -> Option<Self> {
        usize::try_from(number - 1)
            .ok()
            .and_then(|index| Self::ALL.get(index).copied())
    }

    /// The mode of a name as pg_locks shows it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }

    /// The name that pg_locks shows: `AccessExclusiveLock`.
    pub fn name(self) -> &'static str {
        match self {
            Self::AccessShare => "AccessShareLock",
            Self::RowShare => "RowShareLock",
            Self::RowExclusive => "RowExclusiveLock",
            Self::ShareUpdateExclusive => "ShareUpdateExclusiveLock",
            Self::Share => "ShareLock",
            Self::ShareRowExclusive => "ShareRowExclusiveLock",
            Self::Exclusive => "ExclusiveLock",
            Self::AccessExclusive => "AccessExclusiveLock",
        }
    }

    /// The modes that wait while this one is held: `LockConflicts` of `storage/lmgr/lock.c`.
    fn conflicts(self) -> &'static [Self] {
        use LockMode::*;
        match self {
            AccessShare => &[AccessExclusive],
            RowShare => &[Exclusive, AccessExclusive],
            RowExclusive => &[Share, ShareRowExclusive, Exclusive, AccessExclusive],
            ShareUpdateExclusive => &[
                ShareUpdateExclusive,
                Share,
                ShareRowExclusive,
                Exclusive,
                AccessExclusive,
            ],
            Share => &[
                RowExclusive,
                ShareUpdateExclusive,
                ShareRowExclusive,
                Exclusive,
                AccessExclusive,
            ],
            ShareRowExclusive => &[
                RowExclusive,
                ShareUpdateExclusive,
                Share,
                ShareRowExclusive,
                Exclusive,
                AccessExclusive,
            ],
            Exclusive => &[
                RowShare,
                RowExclusive,
                ShareUpdateExclusive,
                Share,
                ShareRowExclusive,
                Exclusive,
                AccessExclusive,
            ],
            AccessExclusive => &Self::ALL,
        }
    }

    /// Whether a session that wants `other` waits while this mode is held.
    pub fn conflicts_with(self, other: Self) -> bool {
        self.conflicts().contains(&other)
    }

    /// What other sessions cannot do while this mode is held.
    pub fn blocks(self) -> Blocks {
        if self.conflicts_with(Self::AccessShare) {
            Blocks::ReadsAndWrites
        } else if self.conflicts_with(Self::RowExclusive) {
            Blocks::Writes
        } else if self.conflicts_with(Self::ShareUpdateExclusive) {
            Blocks::SchemaChanges
        } else {
            Blocks::Nothing
        }
    }
}

impl fmt::Display for LockMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Blocks {
    /// As `interlock.explain_lock_profile` shows it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::SchemaChanges => "schema changes",
            Self::Writes => "writes",
            Self::ReadsAndWrites => "reads and writes",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conflicts_are_symmetric() {
        for a in LockMode::ALL {
            for b in LockMode::ALL {
                assert_eq!(a.conflicts_with(b), b.conflicts_with(a), "{a} and {b}");
            }
        }
    }

    #[test]
    fn blocks_follow_the_documented_table() {
        let blocks: Vec<_> = LockMode::ALL.iter().map(|mode| mode.blocks().name()).collect();
        assert_eq!(
            blocks,
            [
                "nothing",
                "nothing",
                "nothing",
                "schema changes",
                "writes",
                "writes",
                "writes",
                "reads and writes"
            ]
        );
    }

    #[test]
    fn numbers_are_those_of_lockdefs() {
        for mode in LockMode::ALL {
            assert_eq!(LockMode::from_number(mode as i32), Some(mode));
        }
        assert_eq!(LockMode::from_number(0), None);
        assert_eq!(LockMode::from_number(9), None);
    }
}
