//! What the transaction of a statement adds to what the statement itself does.

use super::lock_mode::{Blocks, LockMode};
use super::relation::{Relation, RelationKind};

/// A table for which others wait since before the statement, until the transaction ends. A tree of partitions or heirs is
/// one.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldTable {
    /// The table, of a tree the root; its rows and bytes are those of what is locked.
    pub relation: Relation,
    /// The strongest lock that the transaction holds on it.
    pub mode: LockMode,
    /// It has been read or changed so often that an application lives on it.
    pub busy: bool,
}

/// A statement with CONCURRENTLY fails because it is in a transaction block: PreventInTransactionBlock of
/// `access/transam/xact.c`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doomed {
    /// This one.
    Itself,
    /// A later one of the same query string, which is its text; what this one does is lost with it.
    ByLater(String),
}

/// Whether others wait for a table on which a lock is held: who reads or writes it. Nobody but REFRESH writes to a
/// materialized view.
pub fn holds_up(kind: RelationKind, mode: LockMode) -> bool {
    match kind {
        RelationKind::Table | RelationKind::PartitionedTable => mode.blocks() >= Blocks::Writes,
        RelationKind::MaterializedView => mode.blocks() == Blocks::ReadsAndWrites,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_wait_for_what_they_read_or_write() {
        use LockMode::*;
        let modes = |kind| {
            let modes = LockMode::ALL.into_iter();
            modes.filter(|mode| holds_up(kind, *mode)).collect::<Vec<_>>()
        };
        assert_eq!(
            modes(RelationKind::Table),
            [Share, ShareRowExclusive, Exclusive, AccessExclusive]
        );
        assert_eq!(modes(RelationKind::MaterializedView), [AccessExclusive]);
        assert_eq!(modes(RelationKind::Index), []);
    }
}
