//! The oracle: each lock profile held against what the server really does.
//!
//! Nobody writes the right answer down. A case is a set-up and a statement; the profile is asked for first, then the
//! statement runs, and locks, rewrites, scans and index builds must agree in both directions. Where they do not, the
//! server is right.

mod add_column;
mod case;
mod column_type;
mod column_type_dependents;
mod compare;
mod constraint;
mod create;
mod drop;
mod foreign_key;
mod generated;
mod index;
mod maintenance;
mod manipulation;
mod not_null;
mod server;
mod several;
mod storage;
mod type_pairs;
mod validate;
mod watched;
