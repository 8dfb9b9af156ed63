//! Killing, restarting and breaking things while decisions are recorded and backfills run: what a client was told stays told,
//! and what a batch changed stays changed once.

mod backfill;
mod backfill_surroundings;
mod databases;
mod fallback;
mod refusals;
mod server;
mod writer;
