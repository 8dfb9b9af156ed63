//! What pg_interlock does, seen by a user over a connection.

mod allowed;
mod audit;
mod backfill_arguments;
mod backfill_background;
mod backfill_jobs;
mod backfill_keys;
mod backfill_neighbours;
mod backfill_resume;
mod backfill_throttle;
mod backfill_work;
mod backstop;
mod contexts;
mod errors_unchanged;
mod every_statement;
mod explain;
mod harness;
mod installation;
mod invalid_indexes;
mod modes;
mod neighbours;
mod polite;
mod refusals;
mod statement_table;
mod support;
mod under_lock;
mod whole_database;
