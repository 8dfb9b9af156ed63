//! The frame around ExecutorStart: rows that a statement is about to change, or to add.
//!
//! Prepared statements, functions, DO blocks, COPY (…) TO, EXPLAIN ANALYZE and cursors all come by here with the plan that
//! will run, generic or made for its values. It is judged when the start has succeeded: by then PostgreSQL has checked the
//! rights and whether the transaction may write, so its errors come first; and no row has been touched.
//!
//! Where `pg_interlock.dml_row_threshold` is off, which is the default, the frame is not in the chain of hooks at all: the
//! setting's assign hook puts it in and takes it out again. It is in there also for the rest of a transaction whose DDL keeps
//! others from a table, because all of them wait for the rows it changes or adds. Only if another library has put its own
//! hook on top of ours meanwhile, ours has to stay, and then costs one branch. As in `hook`, the frame owns nothing and
//! stands outside pgrx's guard, so that errors jump over it untouched.

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::sync::OnceLock;

use pgrx::PgSqlErrorCode;
use pgrx::pg_sys::{self, panic::pgrx_extern_c_guard};

use super::contain::{contained, raise_again};
use super::hook::{self, ThrowErrorData};
use super::plan::{Condition, Modification, Plan};
use super::read::{self, Source};
use super::subtransaction::reading;
use super::{engine, node, report, server_log, settings};
use crate::model::report::Report;

/// A statement that is about to change rows, or to add some.
pub struct Running {
    /// Its plan.
    pub plan: Plan,
    /// Its own slice of the query string.
    pub text: String,
    /// `UPDATE`
    pub command_tag: String,
    /// Where it stands.
    pub source: Source,
}

type Judge = fn(&Running) -> Option<Report>;

static JUDGE: OnceLock<Judge> = OnceLock::new();

/// The hook that was there before ours.
static mut PREVIOUS: pg_sys::ExecutorStart_hook_type = None;
/// Whether ours is in the chain.
static mut HOOKED: bool = false;

thread_local! {
    /// The setting wants it there.
    static BY_SETTING: Cell<bool> = const { Cell::new(false) };
    /// The transaction wants it there.
    static BY_TRANSACTION: Cell<bool> = const { Cell::new(false) };
}

// SAFETY: declared as in the server's headers. Not taken from pgrx, whose declarations wrap every call in a guard.
unsafe extern "C-unwind" {
    fn standard_ExecutorStart(query: *mut pg_sys::QueryDesc, flags: c_int);
}

/// Says who judges. To be called once, from `_PG_init`.
pub fn init(judge: Judge) {
    // A second loading of the library would set the same function.
    let _ = JUDGE.set(judge);
    settings::when_dml_is_judged(hook_dml);
}

/// Whether the setting wants changes of rows to be judged.
fn hook_dml(wanted: bool) {
    BY_SETTING.set(wanted);
    take_place();
}

/// Whether changes of rows are judged until the transaction ends, whatever the setting.
pub fn is_transaction_judged() -> bool {
    BY_TRANSACTION.get()
}

/// DDL of the transaction keeps others from a table: whatever it changes until it ends is to be judged.
pub fn judge_transaction() {
    if is_transaction_judged() {
        return;
    }
    // SAFETY: the server reads the callback when it frees the context it is in, at the end of the transaction at the latest;
    // the callback raises nothing. An error in the allocation leaves everything as it was.
    let registered = contained(|| unsafe {
        let context = pg_sys::TopTransactionContext;
        let callback = pg_sys::MemoryContextAllocZero(context, size_of::<pg_sys::MemoryContextCallback>());
        let callback = callback.cast::<pg_sys::MemoryContextCallback>();
        (*callback).func = Some(transaction_ended);
        pg_sys::MemoryContextRegisterResetCallback(context, callback);
    });
    match registered {
        Ok(()) => {
            BY_TRANSACTION.set(true);
            take_place();
        }
        Err(failure) => server_log::write(&format!("pg_interlock cannot judge changes: {}", failure.message)),
    }
}

// SAFETY: called by the server only. Sets variables, and cannot panic.
unsafe extern "C-unwind" fn transaction_ended(_argument: *mut c_void) {
    BY_TRANSACTION.set(false);
    take_place();
}

/// Puts the frame into the chain of hooks, or takes it out.
fn take_place() {
    let wanted = BY_SETTING.get() || BY_TRANSACTION.get();
    // SAFETY: variables of this process, which has one thread; the server reads the hook anew for each statement. A library
    // that came after us keeps our address, so only the last one may leave, and none may come twice.
    unsafe {
        if wanted && !HOOKED {
            PREVIOUS = pg_sys::ExecutorStart_hook;
            pg_sys::ExecutorStart_hook = Some(executor_start);
            HOOKED = true;
        } else if !wanted && HOOKED && is_last() {
            pg_sys::ExecutorStart_hook = PREVIOUS;
            HOOKED = false;
        }
    }
}

fn is_last() -> bool {
    // SAFETY: a plain variable.
    let last = unsafe { pg_sys::ExecutorStart_hook };
    last.map(|last| last as usize) == Some(executor_start as *const () as usize)
}

/// Whether the frame is in the chain of hooks.
pub fn is_dml_hooked() -> bool {
    // SAFETY: a plain variable.
    unsafe { HOOKED }
}

/// # Safety
/// Called by the server with its own arguments.
unsafe extern "C-unwind" fn executor_start(query: *mut pg_sys::QueryDesc, flags: c_int) {
    // SAFETY: the arguments are the server's and go on unchanged; this frame holds only pointers, so an error may jump over
    // it.
    unsafe {
        match PREVIOUS {
            Some(previous) => previous(query, flags),
            None => standard_ExecutorStart(query, flags),
        }
        let may_be_many = || {
            let small = |many: i64| Plan::started(query).is_small(many as f64);
            is_transaction_judged() || settings::dml_row_threshold().is_some_and(|many| !small(many))
        };
        if is_candidate(query, flags) && may_be_many() {
            let report = consult(query);
            if !report.is_null() {
                ThrowErrorData(report);
            }
        }
    }
}

/// Whether a statement runs, can change rows, and is a user's.
///
/// What foreign keys do, ON DELETE CASCADE say, is the server's own: it goes on with the rows of a statement that was let
/// pass, and its plans, made for any key, estimate little. Nobody else leaves triggers for later inside an operation that
/// passes over row security (`ri_PerformCheck` of `utils/adt/ri_triggers.c`).
///
/// # Safety
/// The arguments must be those of the hook.
unsafe fn is_candidate(query: *mut pg_sys::QueryDesc, flags: c_int) -> bool {
    let has = |flag: u32| flags & flag as c_int != 0;
    // SAFETY: as the caller promises; plain variables.
    unsafe {
        let changes = match (*query).operation {
            pg_sys::CmdType::CMD_UPDATE | pg_sys::CmdType::CMD_DELETE | pg_sys::CmdType::CMD_MERGE => true,
            // Rows that are added matter to those who wait, and to nobody else.
            pg_sys::CmdType::CMD_INSERT => is_transaction_judged(),
            pg_sys::CmdType::CMD_SELECT => is_transaction_judged() && Plan::started(query).fills(),
            _ => false,
        };
        (changes || (*(*query).plannedstmt).hasModifyingCTE)
            && !has(pg_sys::EXEC_FLAG_EXPLAIN_ONLY)
            && !(has(pg_sys::EXEC_FLAG_SKIP_TRIGGERS) && in_foreign_key_check())
    }
}

fn in_foreign_key_check() -> bool {
    // SAFETY: reads a variable of this process.
    unsafe { pg_sys::InNoForceRLSOperation() }
}

/// Asks the guard about statements that may change many rows, or all.
///
/// # Safety
/// The execution must have been started.
unsafe fn consult(query: *mut pg_sys::QueryDesc) -> *mut pg_sys::ErrorData {
    // SAFETY: the guard turns a panic of ours into an ERROR; the closure owns what it drops.
    unsafe {
        pgrx_extern_c_guard(|| {
            let nothing = std::ptr::null_mut();
            let Some(judge) = JUDGE.get() else { return nothing };
            // A failure of ours must not become one of the statement; a cancel is the user's.
            let judged = contained(|| {
                let plan = Plan::started(query);
                let acts = may_matter(plan) && hook::may_act() && !engine::is_at_work() && !is_replication();
                if !acts {
                    return None;
                }
                let planned = &*(*query).plannedstmt;
                judge(&Running {
                    plan,
                    text: node::statement_text((*query).sourceText, planned.stmt_location, planned.stmt_len),
                    command_tag: node::command_tag((*query).plannedstmt.cast()),
                    source: Source {
                        query: (*query).sourceText,
                        parameters: (*query).params.as_ref().is_some_and(|params| params.numParams > 0),
                    },
                })
            });
            match judged {
                Ok(report) => report.as_ref().map_or(nothing, report::error_data),
                Err(failure) if failure.code == PgSqlErrorCode::ERRCODE_QUERY_CANCELED => raise_again(failure),
                Err(failure) => {
                    server_log::write(&format!("pg_interlock could not judge a change: {}", failure.message));
                    nothing
                }
            }
        })
    }
}

/// Whether a rule may object: all that is looked at of the many statements that change a row or two.
fn may_matter(plan: Plan) -> bool {
    let modifications = plan.modifications();
    let rows: f64 = modifications.iter().map(|modification| modification.rows).sum();
    let additions = if is_transaction_judged() {
        plan.additions()
    } else {
        vec![]
    };
    let added: f64 = additions.iter().map(|addition| addition.rows).sum();
    let is_careless = |of: &Modification| of.condition < Condition::Some;
    let mass = |many: i64| rows >= many as f64 || modifications.iter().any(is_careless);
    // To read many is work too, while others wait.
    let reads = || {
        let rows = || reading(|| read::rows_read(plan)).ok();
        (!plan.scanned().is_empty()).then(rows).flatten().unwrap_or(0)
    };
    let work = |many: i64| rows.max(added) >= many as f64 || reads() >= many;
    let under_lock = || settings::row_threshold().filter(|_| is_transaction_judged() && hook::may_act());
    let writes = !modifications.is_empty() || !additions.is_empty();
    !modifications.is_empty() && settings::dml_row_threshold().is_some_and(mass)
        || writes && under_lock().is_some_and(work)
}

/// Whether this process applies what another server has changed. It does so row by row and does not come by here, but its
/// triggers do: a refusal would stop it for good.
fn is_replication() -> bool {
    // SAFETY: reads a variable of this process.
    unsafe { pg_sys::IsLogicalWorker() }
}
