//! Floor 3: the only room that touches the server's C interface.

pub mod audit_queue;
pub mod audit_writer;
pub mod backfill;
pub mod blockers;
pub mod catalog;
pub mod commit_obstacle;
pub mod contain;
pub mod encoding;
pub mod explain;
pub mod hook;
pub mod idle_limit;
pub mod lease;
pub mod locks;
pub mod node;
pub mod object_access;
pub mod observe;
pub mod polite;
pub mod read;
pub mod report;
pub mod server_log;
pub mod session;
pub mod settings;
pub mod subtransaction;
pub mod transaction_end;
pub mod update_clauses;
pub mod version;
