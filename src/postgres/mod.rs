//! Floor 3: the only room that touches the server's C interface.

pub mod catalog;
pub mod explain;
pub mod hook;
pub mod node;
pub mod read;
pub mod report;
pub mod settings;
pub mod subtransaction;
pub mod version;
