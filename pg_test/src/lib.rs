//! End-to-end tests of pg_interlock.
