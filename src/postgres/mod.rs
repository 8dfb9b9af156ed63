//! Floor 3: the only room that touches the server's C interface.

pub mod lease;
pub mod settings;
pub mod transaction;
pub mod update_clauses;
