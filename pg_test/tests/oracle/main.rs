//! The oracle: each lock profile held against what the server really does.
//!
//! Nobody writes the right answer down. A case is a set-up and a statement; the profile is asked for first, then the
//! statement runs, and locks, rewrites, scans and index builds must agree in both directions. Where they do not, the
//! server is right.

mod add_column;
mod alter_constraint;
mod attach;
mod attach_keys;
mod case;
mod column_type;
mod column_type_dependents;
mod compare;
mod composite_type;
mod constraint;
mod create;
mod create_partition;
mod create_table;
mod detach;
mod domain;
mod drop;
mod drop_objects;
mod entangled;
mod entangled_columns;
mod entangled_constraints;
mod entangled_indexes;
mod foreign_key;
mod generated;
mod identity;
mod index;
mod inherit;
mod maintenance;
mod manipulation;
mod not_null;
mod objects;
mod owned;
mod permission;
mod queries;
mod rename;
mod scale;
mod server;
mod several;
mod storage;
mod type_pairs;
mod validate;
mod watched;
