//! Polite locks: a statement that was judged harmless and needs a lock that blocks reads or writes gets all its locks by
//! short attempts, so that nobody waits long behind it, or fails and says who was in the way.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant};

use super::{Judged, session_settings};
use crate::advice::lock_wait::End;
use crate::model::lock_mode::Blocks;
use crate::model::lock_profile::Effect;
use crate::model::relation::FIRST_NORMAL_OBJECT_ID;
use crate::model::rule::{Action, Rule};
use crate::model::settings::{Mode, PoliteLocks};
use crate::policy::{self, patience};
use crate::postgres::polite::{self, Attempt, Busy, Wanted};
use crate::postgres::{locks, observe, read, settings, subtransaction};

/// The locks a statement needs.
pub struct Plan {
    wanted: Vec<Wanted>,
    large: bool,
}

/// What came of a plan.
pub enum Obtained {
    /// Nobody was in the way.
    AtOnce,
    /// Somebody was; meanwhile things may have changed.
    AfterWaiting,
    /// Nothing is held: the relations are neither large nor busy, and the statement may wait as ever.
    Nothing,
    /// Nothing is held, and somebody is in the way of this lock.
    GaveUp { busy: Busy, tried: Duration, because: End },
}

/// The locks to obtain politely; `None` where the statement goes its own way.
pub fn plan(judged: &Judged) -> Option<Plan> {
    let session = session_settings();
    let asked_for = session.mode == Mode::Enforce
        && settings::polite_locks() != PoliteLocks::Off
        && session.rule_actions.action(Rule::LockWait) == Action::Reject;
    // LOCK says itself how it wants to wait.
    let goes_its_own_way =
        judged.commits_internally || judged.profile.unknown.is_some() || judged.profile.command_tag == "LOCK TABLE";
    let shared: Vec<&Effect> = judged
        .profile
        .effects
        .iter()
        .filter(|effect| effect.relation.is_shared() && effect.relation.oid >= FIRST_NORMAL_OBJECT_ID)
        .collect();
    let blocking = |effect: &&&Effect| effect.lock_mode.blocks() >= Blocks::Writes;
    if !asked_for || goes_its_own_way || !shared.iter().any(|effect| blocking(&effect)) {
        return None;
    }
    let is_large = |effect: &&Effect| {
        let relation = &effect.relation;
        // What is not measured is one of very many.
        !relation.measured || policy::is_large(relation.rows, relation.bytes, &session)
    };
    Some(Plan {
        large: shared.iter().filter(blocking).any(is_large),
        wanted: shared
            .iter()
            .map(|effect| (effect.relation.oid, effect.lock_mode))
            .collect(),
    })
}

impl Plan {
    /// Obtains the locks.
    pub fn obtain(&self) -> Obtained {
        if polite::at_once(&self.wanted) == Attempt::Got {
            return Obtained::AtOnce;
        }
        if settings::polite_locks() == PoliteLocks::Large && !self.large && !self.is_busy() {
            return Obtained::Nothing;
        }
        let (begun, own) = (Instant::now(), settings::lock_timeout());
        let total = settings::lock_wait_timeout().min(own.unwrap_or(Duration::MAX));
        let attempt = settings::lock_attempt_timeout().min(own.unwrap_or(Duration::MAX));
        let mut holds_others_up = None;
        for attempts in 0.. {
            let Attempt::Busy(busy) = polite::within(&self.wanted, attempt) else {
                return Obtained::AfterWaiting;
            };
            let tried = begun.elapsed();
            let because = if *holds_others_up.get_or_insert_with(transaction_holds_others_up) {
                Some(End::HoldsOthersUp)
            } else if locks::is_waited_for() {
                Some(End::IsWaitedFor)
            } else if tried < total {
                None
            } else if own.is_some_and(|own| own <= tried) {
                Some(End::LockTimeout)
            } else {
                Some(End::TimeIsUp)
            };
            if let Some(because) = because {
                return Obtained::GaveUp { busy, tried, because };
            }
            polite::pause(patience::rest(attempts, attempt, random()).min(total.saturating_sub(tried)));
        }
        Obtained::Nothing
    }

    /// Gives the locks back: the statement means other relations by now.
    pub fn give_back(&self) {
        polite::give_back(&self.wanted);
    }

    /// Whether these locks are enough for another plan.
    pub fn covers(&self, other: &Self) -> bool {
        let held: HashSet<&Wanted> = self.wanted.iter().collect();
        other.wanted.iter().all(|wanted| held.contains(wanted))
    }

    fn is_busy(&self) -> bool {
        self.wanted.iter().any(|(relation, _)| observe::is_busy(*relation))
    }
}

/// Whether the transaction has locks from before that block reads or writes of others: they wait as long as it does.
fn transaction_holds_others_up() -> bool {
    let shared = |oid: &u32| read::relation(*oid).is_some_and(|relation| relation.is_shared());
    subtransaction::reading(|| locks::blocking().keys().any(shared)).unwrap_or(true)
}

fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}
