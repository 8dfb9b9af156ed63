//! Floor 3: the only room that touches the server's C interface.

pub mod audit_queue;
pub mod audit_writer;
pub mod contain;
pub mod server_log;
pub mod session;
pub mod settings;
pub mod transactions;
