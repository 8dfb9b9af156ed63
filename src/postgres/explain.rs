//! `interlock.lock_profile(text)` as the server calls it.
//!
//! The command is parsed outside pgrx's guard, so that a syntax error reaches the client as PostgreSQL's own, with its
//! position in the command; the rest runs inside the guard.

use std::ffi::{c_char, c_int, c_void};
use std::sync::OnceLock;

use pgrx::pg_sys;
use pgrx::pg_sys::panic::pgrx_extern_c_guard;

use super::node::{self, Node};
use super::report;

/// A statement of the command.
pub struct Parsed {
    /// Its parse tree.
    pub statement: Node,
    /// Its own slice of the command.
    pub text: String,
}

type Explain = fn(&[Parsed]) -> serde_json::Value;

static EXPLAIN: OnceLock<Explain> = OnceLock::new();

/// Says who explains the statements. To be called once, from `_PG_init`.
pub fn init(explain: Explain) {
    // A second loading of the library would set the same function.
    let _ = EXPLAIN.set(explain);
}

// SAFETY: declared as in the server's headers. Not taken from pgrx, whose declarations wrap every call in a guard.
unsafe extern "C-unwind" {
    fn text_to_cstring(text: *const c_void) -> *mut c_char;
    fn pg_parse_query(query: *const c_char) -> *mut pg_sys::List;
    fn geterrposition() -> c_int;
    fn errposition(position: c_int) -> c_int;
    fn internalerrposition(position: c_int) -> c_int;
    fn internalerrquery(query: *const c_char) -> c_int;
}

/// Tells the server how the function is called: version 1.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn pg_finfo_pg_interlock_lock_profile() -> *const pg_sys::Pg_finfo_record {
    const RECORD: pg_sys::Pg_finfo_record = pg_sys::Pg_finfo_record { api_version: 1 };
    &RECORD
}

/// `interlock.lock_profile(command text) → jsonb`, strict.
///
/// # Safety
/// Called by the server with one text argument.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn pg_interlock_lock_profile(call: pg_sys::FunctionCallInfo) -> pg_sys::Datum {
    // SAFETY: the frame holds only pointers while a syntax error may jump over it; the server resets its own stack of
    // error callbacks then.
    unsafe {
        let argument = (*call).args.as_slice(1)[0].value;
        let command = text_to_cstring(argument.cast_mut_ptr());
        let mut callback = pg_sys::ErrorContextCallback {
            previous: pg_sys::error_context_stack,
            callback: Some(point_into_command),
            arg: command.cast(),
        };
        pg_sys::error_context_stack = &raw mut callback;
        let statements = pg_parse_query(command);
        pg_sys::error_context_stack = callback.previous;
        pgrx_extern_c_guard(|| explain(command, statements))
    }
}

/// Makes the position of a syntax error one in the command, as `_SPI_error_callback` of `executor/spi.c` does.
///
/// # Safety
/// Called by the server while it reports an error; `command` is the string set with the callback.
unsafe extern "C-unwind" fn point_into_command(command: *mut c_void) {
    // SAFETY: an error is being reported.
    unsafe {
        let position = geterrposition();
        if position > 0 {
            errposition(0);
            internalerrposition(position);
            internalerrquery(command.cast());
        }
    }
}

fn explain(command: *const c_char, statements: *mut pg_sys::List) -> pg_sys::Datum {
    let parsed: Vec<Parsed> = node::list(statements)
        .into_iter()
        .filter_map(|raw| node::cast::<pg_sys::RawStmt>(raw, pg_sys::NodeTag::T_RawStmt))
        .map(|raw| Parsed {
            statement: raw.stmt,
            text: node::statement_text(command, raw.stmt_location, raw.stmt_len),
        })
        .collect();
    let value = EXPLAIN
        .get()
        .map_or(serde_json::Value::Null, |explain| explain(&parsed));
    // By way of its text, which is converted to the encoding of the database.
    let text = report::palloc_string(&value.to_string());
    // SAFETY: jsonb_in reads the string and returns a new value.
    unsafe { pgrx::direct_function_call_as_datum(pg_sys::jsonb_in, &[Some(pg_sys::Datum::from(text))]) }
        .unwrap_or(pg_sys::Datum::null())
}
