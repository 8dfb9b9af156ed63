//! Killing, restarting and breaking things while decisions are recorded: what a client was told stays told.

mod databases;
mod fallback;
mod refusals;
mod server;
mod writer;
