//! Texts between the encoding of the database and ours, which is UTF-8.

use std::ffi::{CStr, CString};

use pgrx::pg_sys;

use super::contain::contained;

/// Whether texts in UTF-8 can be handed to the database as they are.
pub fn database_speaks_utf8() -> bool {
    // SAFETY: reads a variable.
    let encoding = unsafe { pg_sys::GetDatabaseEncoding() };
    encoding == pg_sys::pg_enc::PG_UTF8 as i32 || encoding == pg_sys::pg_enc::PG_SQL_ASCII as i32
}

/// Bytes in the encoding of the database as a string. What has no counterpart in UTF-8 is lost, the rest stays readable.
pub fn decode(bytes: &[u8]) -> String {
    let lossy = || String::from_utf8_lossy(bytes).into_owned();
    if bytes.is_ascii() || database_speaks_utf8() {
        return lossy();
    }
    // SAFETY: reads `bytes` and returns a palloc'd string, or its argument where there was nothing to convert. It raises
    // an error for a letter that UTF-8 does not have, holding nothing.
    let converted = contained(|| unsafe {
        let utf8 = pg_sys::pg_enc::PG_UTF8 as i32;
        let converted = pg_sys::pg_server_to_any(bytes.as_ptr().cast(), bytes.len() as i32, utf8);
        (converted.cast_const().cast() != bytes.as_ptr())
            .then(|| CStr::from_ptr(converted).to_string_lossy().into_owned())
    });
    converted.ok().flatten().unwrap_or_else(lossy)
}

/// A name, read from the database, as it is kept there; `None` if something may have got lost on the way.
pub fn as_stored(name: &str) -> Option<CString> {
    let whole = name.is_ascii() || database_speaks_utf8() && !name.contains(char::REPLACEMENT_CHARACTER);
    whole.then(|| CString::new(name).ok()).flatten()
}
