//! What is done about a transaction that keeps others from a table, until it ends.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::session_settings;
use crate::model::lock_mode::{Blocks, LockMode};
use crate::model::lock_profile::{Effect, LockProfile};
use crate::model::relation::Oid;
use crate::model::settings::Mode;
use crate::model::transaction::holds_up;
use crate::policy;
use crate::postgres::node::{self, Node};
use crate::postgres::{executor, idle_limit, locks};

thread_local! {
    /// The tables that DDL of the transaction has locked.
    static BY_DDL: RefCell<BTreeSet<Oid>> = const { RefCell::new(BTreeSet::new()) };
}

/// The tables that a statement keeps others from.
#[derive(Clone, Debug)]
pub struct KeptFrom {
    /// All of them, if it is DDL.
    by_ddl: Vec<Oid>,
    /// The large ones, where the mode is enforce.
    large: Vec<Oid>,
}

impl KeptFrom {
    /// By what a statement is going to lock.
    pub fn of(profile: &LockProfile, statement: Node) -> Self {
        let session = session_settings();
        let is_large = |effect: &&Effect| {
            let relation = &effect.relation;
            // What is not measured is one of very many.
            let large = !relation.measured || policy::is_large(relation.rows, relation.bytes, &session);
            large && relation.is_shared() && holds_up(relation.kind, effect.lock_mode)
        };
        let large = || {
            profile
                .effects
                .iter()
                .filter(is_large)
                .map(|effect| effect.relation.oid)
        };
        Self {
            by_ddl: locked_by_ddl(profile, statement).into_keys().collect(),
            large: Vec::from_iter((session.mode == Mode::Enforce).then(large).into_iter().flatten()),
        }
    }

    /// The statement is done. If the transaction goes on to hold its locks, it may not sit idle for long where a table is
    /// large, and what it changes is judged.
    pub fn limit(&self) {
        let holds = |oid: &Oid| locks::held_on(*oid).is_some_and(|mode| mode.blocks() >= Blocks::Writes);
        if self.large.iter().any(holds) {
            idle_limit::set();
        }
        if self.by_ddl.iter().any(holds) {
            if !executor::is_transaction_judged() {
                BY_DDL.take();
                executor::judge_transaction();
            }
            BY_DDL.with_borrow_mut(|tables| tables.extend(&self.by_ddl));
        }
    }
}

/// The locks of a statement, if it is DDL, that keep others from tables. Whoever locks or empties a table by LOCK or TRUNCATE
/// wants others to wait for what follows, and REFRESH is routine.
pub fn locked_by_ddl(profile: &LockProfile, statement: Node) -> BTreeMap<Oid, LockMode> {
    if !node::is_ddl(statement) {
        return BTreeMap::new();
    }
    let keeps_others_from = |effect: &&Effect| {
        let relation = &effect.relation;
        relation.is_shared() && holds_up(relation.kind, effect.lock_mode)
    };
    let effects = profile.effects.iter().filter(keeps_others_from);
    effects.map(|effect| (effect.relation.oid, effect.lock_mode)).collect()
}

/// What the transaction does not hold any more, because it has rolled back to a savepoint, may be locked again by whatever.
pub fn forget_released(released: impl Iterator<Item = Oid>) {
    BY_DDL.with_borrow_mut(|tables| released.for_each(|table| _ = tables.remove(&table)));
}

/// Such locks of the transaction that it still holds.
pub fn held_by_ddl() -> BTreeMap<Oid, LockMode> {
    if !executor::is_transaction_judged() {
        return BTreeMap::new();
    }
    let held = |table: &Oid| Some((*table, locks::blocking_on(*table)?));
    BY_DDL.with_borrow(|tables| tables.iter().filter_map(held).collect())
}
