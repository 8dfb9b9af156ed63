//! The statements that are running now, with what was foreseen of each: a function called by one may run another.
//!
//! An error leaves a statement without a word to us. So each entry knows in which transaction and subtransaction it began,
//! and counts only while both last.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use super::Judged;
use super::held::KeptFrom;
use super::surroundings::Surroundings;
use super::verify::Before;
use crate::model::decision::Ticket;
use crate::model::lock_profile::WorkKind;
use crate::model::relation::Oid;
use crate::postgres::hook::Utility;
use crate::postgres::session::{self, Moment};

/// A statement that was let run.
#[derive(Clone, Debug)]
pub struct Running {
    token: u64,
    began: Moment,
    commits_internally: bool,
    /// Its place in the decision log.
    pub ticket: Ticket,
    /// `ALTER TABLE`
    pub command_tag: String,
    /// Its text.
    pub text: String,
    /// How things stood before, if its profile is to be verified.
    pub before: Option<Before>,
    /// What it stands among, as it was before it took its own locks.
    pub surroundings: Surroundings,
    /// The tables that it keeps others from.
    pub kept_from: KeptFrom,
    rewritten: BTreeSet<Oid>,
    indexed: BTreeSet<Oid>,
}

thread_local! {
    static RUNNING: RefCell<Vec<Running>> = const { RefCell::new(Vec::new()) };
    static LAST_TOKEN: Cell<u64> = const { Cell::new(0) };
}

impl Running {
    /// Whether a rewrite of this table, or an index build on it, was foreseen.
    pub fn foresaw(&self, kind: WorkKind, table: Oid) -> bool {
        match kind {
            WorkKind::Rewrite => self.rewritten.contains(&table),
            _ => self.indexed.contains(&table),
        }
    }

    fn lasts(&self) -> bool {
        // A statement that commits by itself outlives the transaction it began in, but not the client's next one.
        if self.commits_internally {
            self.began.same_message()
        } else {
            self.began.lasts()
        }
    }
}

/// A statement begins; the answer is for `finish`.
pub fn begin(judged: &Judged, utility: &Utility, ticket: Ticket, before: Option<Before>, among: &Surroundings) -> u64 {
    let profile = &judged.profile;
    let token = LAST_TOKEN.get() + 1;
    LAST_TOKEN.set(token);
    let with = |kind: WorkKind| -> BTreeSet<Oid> {
        let does = profile
            .effects
            .iter()
            .filter(|effect| effect.work.iter().any(|work| work.kind == kind));
        does.map(|effect| effect.relation.oid).collect()
    };
    // What is made empty gets new storage, as what is written anew does.
    let emptied = profile.effects.iter().filter(|effect| effect.emptied);
    let emptied = emptied.map(|effect| effect.relation.oid);
    let running = Running {
        token,
        began: session::moment(),
        // Inside another statement it cannot: ANALYZE does not then, and the others fail.
        commits_internally: judged.commits_internally && utility.top_level,
        ticket,
        command_tag: profile.command_tag.clone(),
        text: utility.text.clone(),
        before,
        surroundings: among.clone(),
        kept_from: KeptFrom::of(profile, utility.statement),
        rewritten: with(WorkKind::Rewrite).into_iter().chain(emptied).collect(),
        indexed: with(WorkKind::BuildIndex),
    };
    RUNNING.with_borrow_mut(|all| {
        forget_ended(all);
        all.push(running);
    });
    token
}

/// A statement has returned: it, and what failed inside it, are no more.
pub fn finish(token: u64) -> Option<Running> {
    RUNNING.with_borrow_mut(|all| {
        let at = all.iter().rposition(|running| running.token == token)?;
        all.drain(at..).next()
    })
}

/// A client sends a statement: what ran before has ended, one way or another.
pub fn forget_all() {
    RUNNING.with_borrow_mut(Vec::clear);
}

/// The innermost statement that is running.
pub fn innermost() -> Option<Running> {
    ask_innermost(Running::clone)
}

/// Asks the innermost statement that is running.
pub fn ask_innermost<T>(ask: impl FnOnce(&Running) -> T) -> Option<T> {
    RUNNING.with_borrow_mut(|all| {
        forget_ended(all);
        all.last().map(ask)
    })
}

fn forget_ended(all: &mut Vec<Running>) {
    while all.last().is_some_and(|running| !running.lasts()) {
        all.pop();
    }
}
