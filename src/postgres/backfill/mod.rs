//! Backfills, as far as the server's C interface is concerned: processes, their transactions, settings, and what they tell
//! each other through shared memory.

pub mod order;
pub mod process;
pub mod settings;
pub mod summons;
pub mod transaction;
