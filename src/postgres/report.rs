//! Errors and warnings with all their fields.
//!
//! pgrx's own reports know neither a private SQLSTATE nor the schema, table and column fields, so the server's
//! `ErrorData` is filled in here and thrown by `ThrowErrorData` of `utils/error/elog.c`.

use std::ffi::{CString, c_char};

use pgrx::{PgLogLevel, PgSqlErrorCode, pg_sys};

use super::contain::contained;
use crate::model::report::{Report, Severity};

/// An `ErrorData` in the current memory context, to be thrown by the caller outside any guard.
pub fn error_data(report: &Report) -> *mut pg_sys::ErrorData {
    // SAFETY: zeroed memory is what the server's own code starts an ErrorData from; all strings are copied into the
    // same context.
    unsafe {
        let data: *mut pg_sys::ErrorData = pg_sys::palloc0(size_of::<pg_sys::ErrorData>()).cast();
        (*data).elevel = match report.severity {
            Severity::Error => PgLogLevel::ERROR as i32,
            Severity::Warning => PgLogLevel::WARNING as i32,
        };
        (*data).sqlerrcode = sqlstate_number(report.sqlstate);
        (*data).message = palloc_string(&report.message);
        (*data).detail = palloc_optional(Some(report.detail.as_str()).filter(|detail| !detail.is_empty()));
        (*data).hint = palloc_optional(report.hint.as_deref());
        (*data).schema_name = palloc_optional(report.schema.as_deref());
        (*data).table_name = palloc_optional(report.table.as_deref());
        (*data).column_name = palloc_optional(report.column.as_deref());
        (*data).constraint_name = palloc_optional(report.constraint.as_deref());
        (*data).filename = c"pg_interlock".as_ptr();
        (*data).funcname = c"pg_interlock".as_ptr();
        (*data).assoc_context = pg_sys::CurrentMemoryContext;
        data
    }
}

/// An error that a function of ours returns, for pgrx to raise.
pub type Fault = pg_sys::panic::ErrorReport;

/// A value that a parameter of a function does not take.
pub fn invalid_parameter(message: String, hint: &str) -> Fault {
    Fault::new(PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE, message, "pg_interlock").set_hint(hint)
}

/// Tells the server log and, if `client` says so, the client of a warning.
pub fn tell(report: &Report, client: bool) {
    let mut report = report.clone();
    report.severity = Severity::Warning;
    let data = error_data(&report);
    // SAFETY: a complete ErrorData below ERROR, which returns.
    unsafe {
        if !client {
            (*data).elevel = PgLogLevel::LOG_SERVER_ONLY as i32;
        }
        pg_sys::ThrowErrorData(data);
    }
}

/// `MAKE_SQLSTATE` of `utils/elog.h`.
fn sqlstate_number(sqlstate: &str) -> i32 {
    sqlstate
        .bytes()
        .take(5)
        .enumerate()
        .map(|(place, letter)| i32::from((letter - b'0') & 0x3F) << (6 * place))
        .sum()
}

/// `unpack_sql_state` of `utils/error/elog.c`.
pub fn sqlstate_text(number: i32) -> String {
    (0..5)
        .map(|place| char::from(((number >> (6 * place)) & 0x3F) as u8 + b'0'))
        .collect()
}

fn palloc_optional(text: Option<&str>) -> *mut c_char {
    text.map_or(std::ptr::null_mut(), palloc_string)
}

/// A string of the server's, in the current memory context.
pub fn palloc_string(text: &str) -> *mut c_char {
    let text = CString::new(text.replace('\0', " ")).unwrap_or_default();
    // SAFETY: a NUL-terminated string, copied, and converted to the encoding of the database where that differs. What it
    // cannot spell raises an error, holding nothing.
    let converted = contained(|| unsafe {
        let copy = pg_sys::pstrdup(text.as_ptr());
        if text.as_bytes().is_ascii() {
            return copy;
        }
        pg_sys::pg_any_to_server(copy, text.as_bytes().len() as i32, pg_sys::pg_enc::PG_UTF8 as i32)
    });
    converted.unwrap_or_else(|_| {
        let plain: String = text
            .to_string_lossy()
            .chars()
            .map(|c| if c.is_ascii() { c } else { '?' })
            .collect();
        palloc_string(&plain)
    })
}
