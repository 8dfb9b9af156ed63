//! The frame around ProcessUtility.
//!
//! The guard judges a statement before it runs and hears when it is done; in between, the previous hook runs as if
//! nobody had looked. The outer frame owns nothing that would have to be dropped and stands outside pgrx's guard, because
//! pgrx 0.18.1 re-reports an error that passes through the guard and loses its cursor position and its schema, table,
//! column and constraint fields. So an error of the user's statement jumps over this frame untouched.

use std::ffi::c_char;
use std::sync::OnceLock;

use pgrx::pg_sys::{self, panic::pgrx_extern_c_guard};
use pgrx::{PgLogLevel, PgSqlErrorCode};

use super::contain::{contained, raise_again};
use super::node::{self, Node};
use super::{engine, read, report, server_log, session, settings};
use crate::model::lock_mode::LockMode;
use crate::model::report::Report;
use crate::model::settings::Mode;

/// A utility statement about to run.
pub struct Utility {
    /// Its parse tree.
    pub statement: Node,
    /// Its own slice of the query string.
    pub text: String,
    /// A client sent it; it does not run inside another.
    pub top_level: bool,
    /// What follows in the query string of a client.
    pub rest: Option<*const c_char>,
}

/// What the guard has to say before a statement runs.
pub struct Verdict {
    /// Told to the client; an error means that the statement does not run.
    pub report: Option<Report>,
    /// Handed back when the statement has run without an error, unless 0.
    pub token: u64,
    /// The locks to take now, so that nobody changes what was judged. Where one had to be waited for, or something has
    /// changed, the statement is judged again.
    pub first_locks: Vec<(u32, LockMode)>,
}

impl Verdict {
    /// Nothing is said and nothing asked for.
    pub const SILENCE: Self = Self {
        report: None,
        token: 0,
        first_locks: vec![],
    };
}

/// What the guard does.
pub struct Guard {
    /// Judges a statement.
    pub before: fn(&Utility) -> Verdict,
    /// Judges it again, under its first locks; the token is that of the first verdict.
    pub under_lock: fn(&Utility, u64) -> Verdict,
    /// Hears that a statement is done.
    pub after: fn(u64),
}

static GUARD: OnceLock<Guard> = OnceLock::new();

/// The hook that was there before ours. Written once, while the library is loaded.
static mut PREVIOUS: pg_sys::ProcessUtility_hook_type = None;

// SAFETY: declared as in the server's headers. Not taken from pgrx, whose declarations wrap every call in a guard.
unsafe extern "C-unwind" {
    fn standard_ProcessUtility(
        statement: *mut pg_sys::PlannedStmt,
        query: *const c_char,
        read_only: bool,
        context: pg_sys::ProcessUtilityContext::Type,
        parameters: pg_sys::ParamListInfo,
        environment: *mut pg_sys::QueryEnvironment,
        destination: *mut pg_sys::DestReceiver,
        completion: *mut pg_sys::QueryCompletion,
    );
    pub fn ThrowErrorData(data: *mut pg_sys::ErrorData);
    fn ConditionalLockRelationOid(relation: pg_sys::Oid, mode: pg_sys::LOCKMODE) -> bool;
    fn LockRelationOid(relation: pg_sys::Oid, mode: pg_sys::LOCKMODE);
}

/// Puts the frame in place. To be called once, from `_PG_init`.
pub fn init(guard: Guard) {
    if GUARD.set(guard).is_err() {
        return;
    }
    // SAFETY: the server loads a library in one thread; the hook is called only after this.
    unsafe {
        PREVIOUS = pg_sys::ProcessUtility_hook;
        pg_sys::ProcessUtility_hook = Some(process_utility);
    }
}

/// What crosses from the guarded half to the outer frame: nothing that would have to be dropped.
#[derive(Clone, Copy)]
struct Passed {
    report: *mut pg_sys::ErrorData,
    token: u64,
    first_locks: Locks,
}

/// Relations and modes, in memory of the server.
#[derive(Clone, Copy)]
struct Locks {
    first: *const (pg_sys::Oid, pg_sys::LOCKMODE),
    count: usize,
}

const NOTHING: Passed = Passed {
    report: std::ptr::null_mut(),
    token: 0,
    first_locks: Locks {
        first: std::ptr::null(),
        count: 0,
    },
};

impl Locks {
    /// A copy that lives as long as the statement.
    fn of(locks: &[(u32, LockMode)]) -> Self {
        if locks.is_empty() {
            return NOTHING.first_locks;
        }
        // SAFETY: palloc raises an error rather than return null, and gives memory aligned for anything.
        unsafe {
            let size = size_of::<(pg_sys::Oid, pg_sys::LOCKMODE)>() * locks.len();
            let first = pg_sys::palloc(size).cast::<(pg_sys::Oid, pg_sys::LOCKMODE)>();
            for (place, (relation, mode)) in locks.iter().enumerate() {
                first.add(place).write(((*relation).into(), *mode as i32));
            }
            Self {
                first,
                count: locks.len(),
            }
        }
    }

    fn as_slice<'a>(self) -> &'a [(pg_sys::Oid, pg_sys::LOCKMODE)] {
        if self.count == 0 {
            return &[];
        }
        // SAFETY: made by `of`, and used only while the statement runs.
        unsafe { std::slice::from_raw_parts(self.first, self.count) }
    }
}

/// # Safety
/// Called by the server with its own arguments.
unsafe extern "C-unwind" fn process_utility(
    statement: *mut pg_sys::PlannedStmt,
    query: *const c_char,
    read_only: bool,
    context: pg_sys::ProcessUtilityContext::Type,
    parameters: pg_sys::ParamListInfo,
    environment: *mut pg_sys::QueryEnvironment,
    destination: *mut pg_sys::DestReceiver,
    completion: *mut pg_sys::QueryCompletion,
) {
    // SAFETY: the arguments are the server's and go on unchanged; this frame holds only Copy values, so an error may
    // jump over it.
    unsafe {
        let token = if is_candidate(statement, context) {
            judged(statement, query, context)
        } else {
            0
        };
        let outer = engine::enter((*statement).utilityStmt);
        match PREVIOUS {
            Some(previous) => previous(
                statement,
                query,
                read_only,
                context,
                parameters,
                environment,
                destination,
                completion,
            ),
            None => standard_ProcessUtility(
                statement,
                query,
                read_only,
                context,
                parameters,
                environment,
                destination,
                completion,
            ),
        }
        engine::leave(outer);
        // The statement may be gone by now (a ROLLBACK frees it): only the token is used.
        if token != 0 {
            after(token);
        }
    }
}

/// Has the statement judged, and then takes its first locks, as the server would do next: what counts is what is judged
/// under them. The loop is that of `RangeVarGetRelidExtended` of `catalog/namespace.c`: a name may come to mean
/// another relation while its lock is waited for. An error of the wait jumps over this frame, which owns nothing.
///
/// # Safety
/// The arguments must be those of the hook.
unsafe fn judged(
    statement: *mut pg_sys::PlannedStmt,
    query: *const c_char,
    context: pg_sys::ProcessUtilityContext::Type,
) -> u64 {
    // SAFETY: as the caller promises; the relation's oid and the mode come from the profile.
    unsafe {
        let mut seen = pg_sys::SharedInvalidMessageCounter;
        let mut passed = refused_or(consult(statement, query, context, 0));
        while passed.first_locks.count > 0 {
            let locks = passed.first_locks.as_slice();
            let mut at_once = true;
            for (relation, mode) in locks {
                if !ConditionalLockRelationOid(*relation, *mode) {
                    at_once = false;
                    LockRelationOid(*relation, *mode);
                }
            }
            if at_once && pg_sys::SharedInvalidMessageCounter == seen {
                break;
            }
            passed = refused_or(consult(statement, query, context, passed.token));
            if passed.first_locks.as_slice() == locks {
                break;
            }
            for (relation, mode) in locks {
                pg_sys::UnlockRelationOid(*relation, *mode);
            }
            seen = pg_sys::SharedInvalidMessageCounter;
        }
        if !passed.report.is_null() {
            ThrowErrorData(passed.report);
        }
        passed.token
    }
}

/// Refuses the statement if that is what the guard says. A warning waits until it is final.
///
/// # Safety
/// `passed` must come from `consult`.
unsafe fn refused_or(passed: Passed) -> Passed {
    // SAFETY: null, or made by `report::error_data`.
    unsafe {
        if passed
            .report
            .as_ref()
            .is_some_and(|report| report.elevel >= PgLogLevel::ERROR as i32)
        {
            ThrowErrorData(passed.report);
        }
    }
    passed
}

/// The one branch that a statement which is not ours costs.
///
/// A subcommand is a part of a statement that has been judged as a whole.
///
/// # Safety
/// `statement` must be valid.
unsafe fn is_candidate(statement: *mut pg_sys::PlannedStmt, context: pg_sys::ProcessUtilityContext::Type) -> bool {
    // SAFETY: as the caller promises.
    context != pg_sys::ProcessUtilityContext::PROCESS_UTILITY_SUBCOMMAND
        && read::is_ours(unsafe { (*statement).utilityStmt })
}

/// Asks the guard, for the first time (token 0) or again.
///
/// # Safety
/// The arguments must be those of the hook.
unsafe fn consult(
    statement: *mut pg_sys::PlannedStmt,
    query: *const c_char,
    context: pg_sys::ProcessUtilityContext::Type,
    token: u64,
) -> Passed {
    // SAFETY: the guard turns a panic of ours into an ERROR; the closure owns what it drops.
    unsafe {
        pgrx_extern_c_guard(|| {
            let Some(guard) = GUARD.get() else { return NOTHING };
            if !may_act() {
                return NOTHING;
            }
            let (location, length) = ((*statement).stmt_location, (*statement).stmt_len);
            let top_level = context == pg_sys::ProcessUtilityContext::PROCESS_UTILITY_TOPLEVEL;
            let utility = Utility {
                statement: (*statement).utilityStmt,
                text: node::statement_text(query, location, length),
                top_level,
                rest: node::rest(query, location, length).filter(|_| top_level),
            };
            // A failure of ours must not become one of the statement; a cancel is the user's.
            let judge = || match token {
                0 => (guard.before)(&utility),
                token => (guard.under_lock)(&utility, token),
            };
            let verdict = match contained(judge) {
                Ok(verdict) => verdict,
                Err(failure) if failure.code == PgSqlErrorCode::ERRCODE_QUERY_CANCELED => raise_again(failure),
                Err(failure) => {
                    server_log::write(&format!(
                        "pg_interlock could not judge a statement: {}",
                        failure.message
                    ));
                    return NOTHING;
                }
            };
            Passed {
                report: verdict.report.as_ref().map_or(std::ptr::null_mut(), report::error_data),
                token: verdict.token,
                first_locks: Locks::of(&verdict.first_locks),
            }
        })
    }
}

fn after(token: u64) {
    // SAFETY: as in `consult`.
    unsafe {
        pgrx_extern_c_guard(|| {
            if let Some(guard) = GUARD.get() {
                (guard.after)(token);
            }
        });
    }
}

/// Whether the guard acts in this session, database and transaction.
pub fn may_act() -> bool {
    // SAFETY: state of the transaction.
    let in_transaction = unsafe { pg_sys::IsTransactionState() && !pg_sys::IsAbortedTransactionBlockState() };
    in_transaction && !session::is_exempt() && settings::mode() != Mode::Off && session::extension_guards()
}
