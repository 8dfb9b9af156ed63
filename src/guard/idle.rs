//! A transaction that keeps others from a large table may not sit idle for long.

use super::session_settings;
use crate::model::facts::Oid;
use crate::model::lock_mode::Blocks;
use crate::model::lock_profile::{Effect, LockProfile};
use crate::model::settings::Mode;
use crate::model::transaction::holds_up;
use crate::policy;
use crate::postgres::{idle_limit, locks};

/// The large tables that a statement keeps others from.
pub fn large(profile: &LockProfile) -> Vec<Oid> {
    let session = session_settings();
    let is_large = |effect: &&Effect| {
        let relation = &effect.relation;
        // What is not measured is one of very many.
        let large = !relation.measured || policy::is_large(relation.rows, relation.bytes, &session);
        large && relation.is_shared() && holds_up(relation.kind, effect.lock_mode)
    };
    if session.mode != Mode::Enforce {
        return vec![];
    }
    let effects = profile.effects.iter();
    effects.filter(is_large).map(|effect| effect.relation.oid).collect()
}

/// The statement is done: limits the transaction if it still holds one of them.
pub fn limit(large: &[Oid]) {
    let holds = |oid: &Oid| locks::held_on(*oid).is_some_and(|mode| mode.blocks() >= Blocks::Writes);
    if large.iter().any(holds) {
        idle_limit::set();
    }
}
