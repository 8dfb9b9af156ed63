//! Whether the backfill engine is at work in this process: the one that changes many rows in a way that hurts nobody.
//!
//! Known by what the server itself runs, not by names or settings that a session could take on: a worker's entry in the
//! postmaster's list, or a CALL of the extension's own procedure that has not returned. Triggers that its batches fire are
//! not the engine: they run what users wrote.

use std::cell::Cell;

use pgrx::{direct_function_call, pg_sys};

use super::node::{self, Node};

/// A CALL that is running.
#[derive(Clone, Copy)]
pub struct Call {
    procedure: pg_sys::Oid,
    /// When the client sent what runs: after an error it sends something else.
    message: i64,
}

thread_local! {
    static CALL: Cell<Option<Call>> = const { Cell::new(None) };
}

/// A utility statement begins; what is returned goes to [`leave`] when it has returned.
///
/// A CALL inside a subtransaction is not remembered: an error of it could be caught, and nobody would tell us that it is
/// over. `safe_backfill` fails there anyhow, because it cannot commit.
pub fn enter(statement: Node) -> Option<Call> {
    let outer = CALL.get();
    if let Some(call) = node::cast::<pg_sys::CallStmt>(statement, pg_sys::NodeTag::T_CallStmt) {
        // SAFETY: an analyzed CALL has its function; variables of this process.
        unsafe {
            if pg_sys::GetCurrentTransactionNestLevel() == 1 && !call.funcexpr.is_null() {
                CALL.set(Some(Call {
                    procedure: (*call.funcexpr).funcid,
                    message: pg_sys::GetCurrentStatementStartTimestamp(),
                }));
            }
        }
    }
    outer
}

/// The statement has returned.
pub fn leave(outer: Option<Call>) {
    CALL.set(outer);
}

/// Whether a statement that runs now is the engine's.
pub fn is_at_work() -> bool {
    (is_worker() || is_called()) && !in_trigger()
}

fn is_worker() -> bool {
    // SAFETY: null, or this process's own entry, whose names are NUL-terminated.
    unsafe {
        pg_sys::MyBgworkerEntry.as_ref().is_some_and(|worker| {
            node::text(worker.bgw_library_name.as_ptr()) == "pg_interlock"
                && node::text(worker.bgw_function_name.as_ptr()) == "pg_interlock_backfill_worker"
        })
    }
}

fn is_called() -> bool {
    // SAFETY: look-ups of the catalog inside a transaction; the name is a copy.
    CALL.get().is_some_and(|call| unsafe {
        call.message == pg_sys::GetCurrentStatementStartTimestamp()
            && node::text(pg_sys::get_func_name(call.procedure)) == "safe_backfill"
            && pg_sys::getExtensionOfObject(pg_sys::ProcedureRelationId, call.procedure)
                == pg_sys::get_extension_oid(c"pg_interlock".as_ptr(), true)
    })
}

fn in_trigger() -> bool {
    // SAFETY: a function without arguments that reads a variable.
    unsafe { direct_function_call::<i32>(pg_sys::pg_trigger_depth, &[]) }.is_some_and(|depth| depth > 0)
}
