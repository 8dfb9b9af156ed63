//! pg_interlock: refuses schema changes that would stop an application.
//!
//! This file is wiring only. The floors, from the ground up: [`model`] (words), [`profile`] (facts → lock profile),
//! [`policy`], [`advice`] and [`batch`] (pure judgement, words and arithmetic), [`postgres`] (the only room that touches
//! the server's C interface), [`guard`], [`audit`] and [`backfill`] (the stories), [`api`] (the SQL surface).
//! A room imports only from floors below; see ARCHITECTURE.md.

// The list of SQL files in `api::sql` is longer than the default.
#![recursion_limit = "256"]
#![deny(unsafe_op_in_unsafe_fn)]

mod advice;
mod api;
mod audit;
mod backfill;
mod batch;
mod guard;
mod model;
mod policy;
mod postgres;
mod profile;

pgrx::pg_module_magic!(name, version);

/// Called by the server when it loads the library, in the postmaster (shared_preload_libraries) or in one session.
#[pgrx::pg_guard]
pub extern "C-unwind" fn _PG_init() {
    postgres::settings::init();
    audit::init();
    backfill::init();
    guard::init(guard::Recorder {
        rejected: audit::rejected,
        begin: audit::begin,
        retract: audit::retract,
        finish: audit::finish,
        unpredicted: audit::unpredicted,
    });
}
