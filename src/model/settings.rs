//! The settings a decision depends on, as plain values.

/// What the guard does with a statement that a rule objects to (`pg_interlock.mode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// Nothing is read, judged or recorded.
    Off,
    /// Decisions are recorded; nobody is told.
    Log,
    /// Decisions are recorded, and the client gets a WARNING.
    Warn,
    /// What a rule rejects is rejected.
    Enforce,
}

/// What is done where a profile turns out to be wrong (`pg_interlock.verify_profiles`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum VerifyProfiles {
    /// Nobody looks.
    Off,
    /// The difference goes to the server log and the decision log.
    Log,
    /// The client gets a WARNING as well.
    Warn,
}

/// Whose locks are waited for politely (`pg_interlock.polite_locks`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoliteLocks {
    /// Nobody's.
    Off,
    /// Those of relations over a threshold, and of busy ones.
    Large,
    /// Everybody's.
    All,
}

/// Which decisions reach the decision log (`pg_interlock.log_decisions`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogDecisions {
    /// None.
    None,
    /// Rejections.
    Reject,
    /// Rejections and warnings.
    Warn,
    /// Every statement that locks an existing, non-temporary relation.
    All,
}
