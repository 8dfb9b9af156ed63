//! What pg_interlock does, seen by a user over a connection.

mod harness;
mod installation;
