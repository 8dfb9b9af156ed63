//! What a statement stands among: the locks of its transaction, and the statements that come before and after it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::c_char;
use std::ops::Range;

use super::held::held_by_ddl;
use crate::model::lock_mode::LockMode;
use crate::model::lock_profile::{Effect, LockProfile};
use crate::model::relation::Oid;
use crate::model::transaction::{Doomed, holds_up};
use crate::policy::{self, Settings};
use crate::postgres::hook::Utility;
use crate::postgres::node::{self, Node};
use crate::postgres::session::Moment;
use crate::postgres::subtransaction::reading;
use crate::postgres::{locks, read, session};

/// The locks that block reads or writes and are there before a statement takes its own. A transaction may hold very many,
/// so what a session holds is looked up when it is asked for, and then remembered.
#[derive(Clone, Debug)]
pub enum Locks {
    /// Of this session.
    Held {
        /// There are some.
        any: bool,
        /// What was asked for: all that the statement itself may have locked since.
        known: RefCell<BTreeMap<Oid, Option<LockMode>>>,
    },
    /// Of a command that is explained.
    Foreseen(BTreeMap<Oid, LockMode>),
}

impl Locks {
    /// The one on a relation.
    pub fn on(&self, relation: Oid) -> Option<LockMode> {
        match self {
            Self::Held { any: false, .. } => None,
            Self::Held { known, .. } => *known
                .borrow_mut()
                .entry(relation)
                .or_insert_with(|| locks::blocking_on(relation)),
            Self::Foreseen(locks) => locks.get(&relation).copied(),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Held { any, .. } => !any,
            Self::Foreseen(locks) => locks.is_empty(),
        }
    }

    fn all(&self) -> BTreeMap<Oid, LockMode> {
        match self {
            Self::Held { known, .. } => {
                let known = known.borrow();
                let as_before = |(oid, now)| Some((oid, known.get(&oid).copied().unwrap_or(Some(now))?));
                locks::blocking().into_iter().filter_map(as_before).collect()
            }
            Self::Foreseen(locks) => locks.clone(),
        }
    }
}

/// What was found in a query string; the same is found from every place of it that comes before the end.
struct Ahead {
    moment: Moment,
    places: Range<*const c_char>,
    doomed_by: Option<String>,
}

thread_local! {
    static AHEAD: RefCell<Option<Ahead>> = const { RefCell::new(None) };
}

/// The statement with CONCURRENTLY that what follows of a query string ends in, inside the transaction. There may be
/// thousands of statements before it, so it is looked for once.
fn doomed_by(rest: *const c_char) -> Option<String> {
    let known = AHEAD.with_borrow(|ahead| {
        let ahead = ahead.as_ref();
        let ahead = ahead.filter(|ahead| ahead.moment.same_message() && ahead.places.contains(&rest));
        ahead.map(|ahead| ahead.doomed_by.clone())
    });
    known.unwrap_or_else(|| {
        let (doomed_by, length) = reading(|| read::doomed_by(rest)).unwrap_or_else(|_| (None, node::length(rest)));
        AHEAD.set(Some(Ahead {
            moment: session::moment(),
            places: rest..rest.wrapping_add(length),
            doomed_by: doomed_by.clone(),
        }));
        doomed_by
    })
}

/// Where a statement stands.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// Statements before it that have not run: the earlier part of a command that is explained.
    pub statements: Vec<Node>,
    /// The locks that are there before it takes its own.
    pub locks: Locks,
    /// Those of them that DDL keeps others from tables with.
    pub by_ddl: BTreeMap<Oid, LockMode>,
    /// It is in a transaction block, a function, or a query string of several statements.
    pub in_block: bool,
    /// The statement that follows and takes it along when it fails.
    pub doomed_by: Option<String>,
}

impl Surroundings {
    /// Those of a statement that is about to run.
    pub fn of(utility: &Utility) -> Self {
        let in_transaction_block = session::in_transaction_block();
        Self {
            statements: vec![],
            locks: Locks::Held {
                any: locks::is_any_blocking(),
                known: RefCell::default(),
            },
            by_ddl: BTreeMap::new(),
            in_block: in_transaction_block || !utility.top_level,
            doomed_by: utility.rest.filter(|_| in_transaction_block).and_then(doomed_by),
        }
    }

    /// Those of the first statement of a command that is explained.
    pub fn of_explanation() -> Self {
        Self {
            statements: vec![],
            locks: Locks::Foreseen(locks::blocking()),
            by_ddl: held_by_ddl(),
            in_block: false,
            doomed_by: None,
        }
    }

    /// Tells the profile of a statement what happens to it here.
    pub fn tell(&self, statement: Node, profile: &mut LockProfile) {
        profile.keep_locks(|relation| self.locks.on(relation));
        profile.doomed = if self.in_block && read::commits_for_concurrency(statement) {
            Some(Doomed::Itself)
        } else {
            self.doomed_by.clone().map(Doomed::ByLater)
        };
    }

    /// Whether the locks of the transaction may make a difference to what happens to a relation.
    pub fn matter(&self, effect: &Effect) -> bool {
        let locks = || effect.relation.is_shared() && holds_up(effect.relation.kind, effect.lock_mode);
        let is_new = || self.locks.on(effect.relation.oid).is_none();
        !self.locks.is_empty() && (!effect.work.is_empty() || locks() && is_new())
    }

    /// Tells a profile, whose relations have been measured, which tables the transaction keeps others from. There may be very
    /// many, so they are looked at only where they can make a difference.
    pub fn tell_of_tables(&self, statement: Node, profile: &mut LockProfile, settings: &Settings) {
        let (rows, bytes) = profile
            .effects
            .iter()
            .filter(|effect| self.matter(effect))
            .fold((0, 0), |(rows, bytes), effect| {
                (rows + effect.relation.rows, bytes + effect.relation.bytes)
            });
        if self.locks.is_empty() || !policy::is_large(rows, bytes, settings) {
            return;
        }
        profile.held = read::held_tables(&self.locks.all());
        let oids = profile.effects.iter().map(|effect| effect.relation.oid);
        profile.roots = read::roots(statement, oids);
    }
}
