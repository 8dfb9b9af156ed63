//! What pg_interlock does, seen by a user over a connection.

mod audit;
mod backfill_arguments;
mod backfill_jobs;
mod backfill_keys;
mod backfill_neighbours;
mod backfill_resume;
mod backstop;
mod harness;
mod installation;
