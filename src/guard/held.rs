//! What is done about a transaction that keeps others from a table, until it ends.

use super::session_settings;
use crate::model::lock_mode::Blocks;
use crate::model::lock_profile::{Effect, LockProfile};
use crate::model::relation::Oid;
use crate::model::settings::Mode;
use crate::model::transaction::holds_up;
use crate::policy;
use crate::postgres::{executor, idle_limit, locks};

/// The tables that a statement keeps others from.
#[derive(Clone, Debug)]
pub struct KeptFrom {
    /// One of them, of whatever size: all locks of a statement are given back together.
    any: Option<Oid>,
    /// The large ones, where the mode is enforce.
    large: Vec<Oid>,
}

impl KeptFrom {
    /// By what a statement is going to lock.
    pub fn of(profile: &LockProfile) -> Self {
        let session = session_settings();
        let is_large = |effect: &&Effect| {
            let relation = &effect.relation;
            // What is not measured is one of very many.
            !relation.measured || policy::is_large(relation.rows, relation.bytes, &session)
        };
        let held_up = || {
            let effects = profile.effects.iter();
            effects.filter(|effect| effect.relation.is_shared() && holds_up(effect.relation.kind, effect.lock_mode))
        };
        let oid = |effect: &Effect| effect.relation.oid;
        Self {
            any: held_up().next().map(oid),
            large: if session.mode == Mode::Enforce {
                held_up().filter(is_large).map(oid).collect()
            } else {
                vec![]
            },
        }
    }

    /// The statement is done. If the transaction goes on to hold its locks, it may not sit idle for long where a table is
    /// large, and what it changes is judged.
    pub fn limit(&self) {
        let holds = |oid: &Oid| locks::held_on(*oid).is_some_and(|mode| mode.blocks() >= Blocks::Writes);
        if self.large.iter().any(holds) {
            idle_limit::set();
        }
        if self.any.as_ref().is_some_and(holds) {
            executor::hook_dml_of_transaction();
        }
    }
}
