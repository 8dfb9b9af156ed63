//! A limit for how long a transaction may sit idle, for this one only.

use pgrx::{PgLogLevel, pg_sys};

use super::contain::contained;
use super::{server_log, session, settings};

/// Sets `idle_in_transaction_session_timeout` as SET LOCAL does, so that it goes with the transaction, or with the
/// savepoint that is rolled back. A stricter one of the session's own stays.
///
/// A transaction that ends with its statement cannot sit idle.
pub fn set() {
    let limit = settings::idle_in_transaction_timeout();
    // SAFETY: a plain variable.
    let own = unsafe { pg_sys::IdleInTransactionSessionTimeout };
    let stricter = own > 0 && own <= limit;
    if limit == 0 || stricter || !session::in_transaction_block() {
        return;
    }
    let Ok(value) = std::ffi::CString::new(limit.to_string()) else {
        return;
    };
    // SAFETY: the strings end with NUL and are copied. An error of ours must not become one of the statement, which is done.
    let set = contained(|| unsafe {
        pg_sys::set_config_option(
            c"idle_in_transaction_session_timeout".as_ptr(),
            value.as_ptr(),
            pg_sys::GucContext::PGC_USERSET,
            pg_sys::GucSource::PGC_S_SESSION,
            pg_sys::GucAction::GUC_ACTION_LOCAL,
            true,
            PgLogLevel::LOG as i32,
            false,
        )
    });
    if let Err(failure) = set {
        server_log::write(&format!("pg_interlock could not limit idleness: {}", failure.message));
    }
}
