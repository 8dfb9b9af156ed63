//! The harness of the end-to-end tests: throw-away clusters of the server under test, and real connections to them.
//!
//! The tests themselves are under `tests/`, one room (test binary) per kind of question. A test usually takes a
//! [`TestDatabase`], a fresh database of a cluster that all tests of its room share; one that stops, kills or configures
//! servers starts a [`Cluster`] of its own.
//!
//! `make test` chooses the server, see [`server`].

mod c_library;
mod client;
mod cluster;
mod database;
mod process;
pub mod server;
mod wait;
mod workspace;

pub use c_library::c_library;
pub use client::{Client, Running};
pub use cluster::{Cluster, Stop};
pub use database::TestDatabase;
pub use postgres;
pub use postgres::error::DbError;
pub use server::Server;
pub use wait::{DEADLINE, blocked, poll, until};
