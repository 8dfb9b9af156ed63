//! Several locks at once or none: what politeness is made of.
//!
//! An attempt runs in an internal subtransaction. If it gets all its locks they pass to the transaction; if not, the
//! rollback gives back what it had. The waiting is done in the server's own queue, so that its deadlock detector and its way
//! with autovacuum (which yields to whoever waits longer than `deadlock_timeout`) work as ever.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use pgrx::{PgSqlErrorCode, pg_sys};

use super::contain::{contained, raise_again};
use super::locks;
use super::patience::Limit;
use crate::model::lock_mode::LockMode;

/// A relation, and the lock wanted on it.
pub type Wanted = (u32, LockMode);

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// All locks are held.
    Got,
    /// None is held.
    Busy(Busy),
}

/// A lock that could not be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Busy {
    /// The lock.
    pub wanted: Wanted,
    /// The transactions that were in the way when it was asked for, see [`locks::in_the_way`]. Others who come by later are
    /// let in when the attempt ends, and would look as if they had been there all the time.
    pub in_the_way: Vec<String>,
}

/// Takes all locks, or none if one of them is not free.
pub fn at_once(plan: &[Wanted]) -> Attempt {
    attempt(plan, None, &RefCell::default(), is_free)
}

/// Takes all locks within the limit, waiting in the server's queue, or none.
pub fn within(plan: &[Wanted], limit: Duration) -> Attempt {
    let begun = Instant::now();
    let in_the_way = RefCell::default();
    attempt(plan, Some(limit), &in_the_way, |(relation, mode)| {
        if is_free((relation, mode)) {
            return true;
        }
        in_the_way.replace(locks::in_the_way(relation, mode));
        let left = limit.saturating_sub(begun.elapsed()).as_millis();
        let left = i32::try_from(left).unwrap_or(i32::MAX);
        // SAFETY: as in `is_free`. The limit is ours. An autovacuum in the way is sent off by the deadlock check, which
        // therefore has to come before the attempt is over. `attempt` puts both back.
        unsafe {
            pg_sys::LockTimeout = 0;
            pg_sys::DeadlockTimeout = pg_sys::DeadlockTimeout.min((left / 2).max(1));
            pg_sys::LockRelationOid(relation.into(), mode as i32);
        }
        true
    })
}

/// Takes a lock that nobody is in the way of.
fn is_free((relation, mode): Wanted) -> bool {
    // SAFETY: oids and modes of a profile; inside the attempt's subtransaction.
    unsafe { pg_sys::ConditionalLockRelationOid(relation.into(), mode as i32) }
}

/// An error that means no more than that a lock could not be had is an answer; others are raised again.
fn attempt(
    plan: &[Wanted],
    limit: Option<Duration>,
    in_the_way: &RefCell<Vec<String>>,
    take: impl Fn(Wanted) -> bool,
) -> Attempt {
    let current = Cell::new(None);
    // SAFETY: the callers are in a transaction that is not aborted; context and owner are put back below, as every user
    // of internal subtransactions does.
    let (context, owner) = unsafe {
        let before = (pg_sys::CurrentMemoryContext, pg_sys::CurrentResourceOwner);
        pg_sys::BeginInternalSubTransaction(c"pg_interlock".as_ptr());
        pg_sys::MemoryContextSwitchTo(before.0);
        before
    };
    // SAFETY: of this process.
    let timeouts = unsafe { (pg_sys::LockTimeout, pg_sys::DeadlockTimeout) };
    let limit = limit.map(Limit::start);
    let result = contained(|| {
        plan.iter().all(|wanted| {
            current.set(Some(*wanted));
            take(*wanted)
        })
    });
    let is_over = limit.is_some_and(Limit::stop);
    // SAFETY: ends the subtransaction begun above.
    unsafe {
        (pg_sys::LockTimeout, pg_sys::DeadlockTimeout) = timeouts;
        if matches!(result, Ok(true)) {
            pg_sys::ReleaseCurrentSubTransaction();
        } else {
            pg_sys::RollbackAndReleaseCurrentSubTransaction();
        }
        pg_sys::MemoryContextSwitchTo(context);
        pg_sys::CurrentResourceOwner = owner;
    }
    let busy = |wanted| {
        Attempt::Busy(Busy {
            wanted,
            in_the_way: in_the_way.take(),
        })
    };
    match (result, current.get()) {
        (Ok(false), Some(wanted)) => busy(wanted),
        (Err(failure), Some(wanted)) if is_about_the_lock(failure.code) => busy(wanted),
        (Err(failure), Some(wanted)) if is_over && failure.code == PgSqlErrorCode::ERRCODE_QUERY_CANCELED => {
            busy(wanted)
        }
        (Err(failure), _) => raise_again(failure),
        (Ok(_), _) => Attempt::Got,
    }
}

fn is_about_the_lock(code: PgSqlErrorCode) -> bool {
    matches!(
        code,
        PgSqlErrorCode::ERRCODE_LOCK_NOT_AVAILABLE | PgSqlErrorCode::ERRCODE_T_R_DEADLOCK_DETECTED
    )
}

/// Gives back what an attempt got.
pub fn give_back(plan: &[Wanted]) {
    // SAFETY: the locks passed to the transaction's own resource owner when the attempt's subtransaction ended.
    unsafe {
        let owner = pg_sys::CurrentResourceOwner;
        pg_sys::CurrentResourceOwner = pg_sys::CurTransactionResourceOwner;
        for (relation, mode) in plan {
            pg_sys::UnlockRelationOid((*relation).into(), *mode as i32);
        }
        pg_sys::CurrentResourceOwner = owner;
    }
}

/// Sleeps; raises the error of a cancel, a timeout or a termination.
pub fn pause(limit: Duration) {
    let begun = Instant::now();
    loop {
        let left = limit.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return;
        }
        let milliseconds = i64::try_from(left.as_millis()).unwrap_or(i64::MAX).max(1);
        // SAFETY: the latch of this process. The process exits by itself when the postmaster is gone.
        unsafe {
            let events = pg_sys::WL_LATCH_SET | pg_sys::WL_TIMEOUT | pg_sys::WL_EXIT_ON_PM_DEATH;
            pg_sys::WaitLatch(
                pg_sys::MyLatch,
                events as i32,
                milliseconds as _,
                pg_sys::PG_WAIT_EXTENSION,
            );
            pg_sys::ResetLatch(pg_sys::MyLatch);
        }
        pgrx::check_for_interrupts!();
    }
}
