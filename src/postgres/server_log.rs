//! One line to the server log and to nobody else.

use std::ffi::{CString, c_char, c_int};

use pgrx::pg_sys;

// SAFETY: declared as in the server's headers; not bound by pgrx.
unsafe extern "C-unwind" {
    fn errstart(elevel: c_int, domain: *const c_char) -> bool;
    fn errfinish(filename: *const c_char, lineno: c_int, funcname: *const c_char);
    fn errmsg_internal(format: *const c_char, ...) -> c_int;
    fn errhidestmt(hide: bool) -> c_int;
    fn errhidecontext(hide: bool) -> c_int;
}

/// Writes a line at LOG. The statement that is running is not added: it may hold what the line leaves out.
pub fn write(line: &str) {
    let line = CString::new(line.replace('\0', "")).unwrap_or_default();
    // SAFETY: the calls of ereport(), in its order, below ERROR, so that errfinish returns; the strings outlive them. An
    // error inside (out of memory) unwinds through this frame, which owns one string that is then freed or leaked.
    unsafe {
        pg_sys::ffi::pg_guard_ffi_boundary(|| {
            if errstart(pg_sys::LOG_SERVER_ONLY as c_int, std::ptr::null()) {
                errmsg_internal(c"%s".as_ptr(), line.as_ptr());
                errhidestmt(true);
                errhidecontext(true);
                errfinish(c"server_log.rs".as_ptr(), line!() as c_int, c"write".as_ptr());
            }
        });
    }
}
