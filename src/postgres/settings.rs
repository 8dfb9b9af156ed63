//! The settings `pg_interlock.*`: their definition, and one function that reads each.
//!
//! Nobody else touches the statics. All are `PGC_SUSET`: a superuser, or who was granted SET on the parameter, may change
//! them, and ALTER ROLE / ALTER DATABASE … SET works; there is no bypass for everybody.

use std::ffi::{CString, c_char, c_int, c_void};
use std::sync::OnceLock;
use std::time::Duration;

use pgrx::{GucContext, GucFlags, GucRegistry, GucSetting, PostgresGucEnum, pg_sys};

use super::{node, report};
use crate::model::settings;
use crate::policy::RuleActions;

#[derive(Clone, Copy, PostgresGucEnum)]
enum Mode {
    #[name = c"off"]
    Off,
    #[name = c"log"]
    Log,
    #[name = c"warn"]
    Warn,
    #[name = c"enforce"]
    Enforce,
}

#[derive(Clone, Copy, PostgresGucEnum)]
enum LogDecisions {
    #[name = c"none"]
    None,
    #[name = c"reject"]
    Reject,
    #[name = c"warn"]
    Warn,
    #[name = c"all"]
    All,
}

#[derive(Clone, Copy, PostgresGucEnum)]
enum VerifyProfiles {
    #[name = c"off"]
    Off,
    #[name = c"log"]
    Log,
    #[name = c"warn"]
    Warn,
}

#[derive(Clone, Copy, PostgresGucEnum)]
enum PoliteLocks {
    #[name = c"off"]
    Off,
    #[name = c"large"]
    Large,
    #[name = c"all"]
    All,
}

static MODE: GucSetting<Mode> = GucSetting::<Mode>::new(Mode::Enforce);
/// 100000 rows are rewritten or scanned in well under a second on current hardware; above that, readers notice.
static ROW_THRESHOLD: GucSetting<i32> = GucSetting::<i32>::new(100_000);
/// In kB. Wide rows and TOAST make few rows slow: 1 GB is where a scan leaves the cache.
static SIZE_THRESHOLD: GucSetting<i32> = GucSetting::<i32>::new(1024 * 1024);
static DML_ROW_THRESHOLD: GucSetting<i32> = GucSetting::<i32>::new(-1);
static RULE_ACTIONS: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(Some(c""));
static LOG_DECISIONS: GucSetting<LogDecisions> = GucSetting::<LogDecisions>::new(LogDecisions::All);
/// In ms. A commit takes a few; a session that was refused should not seem to hang when the disk does.
static AUDIT_TIMEOUT: GucSetting<i32> = GucSetting::<i32>::new(5000);

static VERIFY_PROFILES: GucSetting<VerifyProfiles> = GucSetting::<VerifyProfiles>::new(VerifyProfiles::Off);
static POLITE_LOCKS: GucSetting<PoliteLocks> = GucSetting::<PoliteLocks>::new(PoliteLocks::Large);
/// In ms. What a query may wait for DDL without its user noticing.
static LOCK_ATTEMPT_TIMEOUT: GucSetting<i32> = GucSetting::<i32>::new(200);
/// In ms. Long enough for the queries of an application to end, short enough for a deployment to fail early.
static LOCK_WAIT_TIMEOUT: GucSetting<i32> = GucSetting::<i32>::new(30_000);
/// In ms. Who needs longer to go on with a large table locked is gone for a coffee.
static IDLE_IN_TRANSACTION_TIMEOUT: GucSetting<i32> = GucSetting::<i32>::new(60_000);

/// Defines the settings and reserves their prefix. To be called once, from `_PG_init`.
pub fn init() {
    GucRegistry::define_enum_guc(
        c"pg_interlock.mode",
        c"Sets what happens to a statement that would stop an application.",
        c"\"enforce\" rejects it, \"warn\" lets it run with a warning, \"log\" only records it, \"off\" does nothing at all.",
        &MODE,
        GucContext::Suset,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"pg_interlock.row_threshold",
        c"Sets the number of rows from which work under a blocking lock is rejected.",
        c"0 rejects such work on every table, -1 turns this threshold off. Either threshold suffices.",
        &ROW_THRESHOLD,
        -1,
        i32::MAX,
        GucContext::Suset,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"pg_interlock.size_threshold",
        c"Sets the total relation size from which work under a blocking lock is rejected.",
        c"Indexes and TOAST count. 0 rejects such work on every table, -1 turns this threshold off. Either threshold suffices.",
        &SIZE_THRESHOLD,
        -1,
        i32::MAX,
        GucContext::Suset,
        GucFlags::UNIT_KB,
    );
    // SAFETY: the hook raises nothing and has the signature of an assign hook.
    unsafe {
        GucRegistry::define_int_guc_with_hooks(
            c"pg_interlock.dml_row_threshold",
            c"Sets the number of rows from which one UPDATE, DELETE or MERGE is rejected.",
            c"What the plan expects counts. -1 turns this off, the rule about a missing WHERE too; then such statements are looked at only in a transaction whose DDL keeps others from a table.",
            &DML_ROW_THRESHOLD,
            -1,
            i32::MAX,
            GucContext::Suset,
            GucFlags::default(),
            None,
            Some(assign_dml_row_threshold),
            None,
        );
    }
    // SAFETY: the hook is guarded and has the signature of a check hook.
    unsafe {
        GucRegistry::define_string_guc_with_hooks(
            c"pg_interlock.rule_actions",
            c"Overrides the actions of rules.",
            c"A comma-separated list of rule=action, where action is off, log, warn or reject. The view interlock.rules lists the rules.",
            &RULE_ACTIONS,
            GucContext::Suset,
            GucFlags::default(),
            Some(check_rule_actions),
            None,
            None,
        );
    }
    GucRegistry::define_enum_guc(
        c"pg_interlock.log_decisions",
        c"Sets which decisions are written to interlock.decision_log.",
        c"\"all\" records every statement that locks an existing, non-temporary relation.",
        &LOG_DECISIONS,
        GucContext::Suset,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"pg_interlock.audit_timeout",
        c"Sets how long a rejected statement waits for its row in interlock.decision_log.",
        c"When the time is over the client gets its error, and the row comes later. 0 does not wait.",
        &AUDIT_TIMEOUT,
        0,
        i32::MAX,
        GucContext::Suset,
        GucFlags::UNIT_MS,
    );
    GucRegistry::define_enum_guc(
        c"pg_interlock.verify_profiles",
        c"Sets whether each statement's lock profile is compared with what the statement did.",
        c"\"log\" records a difference in the server log and the decision log, \"warn\" also tells the client.",
        &VERIFY_PROFILES,
        GucContext::Suset,
        GucFlags::default(),
    );
    GucRegistry::define_enum_guc(
        c"pg_interlock.polite_locks",
        c"Sets which relations' locks are obtained by short attempts, so that nobody waits long behind them.",
        c"\"large\" means relations over a threshold and busy ones, \"all\" every relation others can use.",
        &POLITE_LOCKS,
        GucContext::Suset,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"pg_interlock.lock_attempt_timeout",
        c"Sets how long others may have to wait behind one attempt to obtain locks politely.",
        c"",
        &LOCK_ATTEMPT_TIMEOUT,
        1,
        i32::MAX,
        GucContext::Suset,
        GucFlags::UNIT_MS,
    );
    GucRegistry::define_int_guc(
        c"pg_interlock.lock_wait_timeout",
        c"Sets how long a statement tries to obtain its locks politely before it fails.",
        c"0 makes one attempt only.",
        &LOCK_WAIT_TIMEOUT,
        0,
        i32::MAX,
        GucContext::Suset,
        GucFlags::UNIT_MS,
    );
    GucRegistry::define_int_guc(
        c"pg_interlock.idle_in_transaction_timeout",
        c"Sets how long a session may sit idle in a transaction that keeps others from a large table.",
        c"A statement that takes such a lock sets idle_in_transaction_session_timeout for the rest of its transaction. 0 sets nothing.",
        &IDLE_IN_TRANSACTION_TIMEOUT,
        0,
        i32::MAX,
        GucContext::Suset,
        GucFlags::UNIT_MS,
    );
    super::backfill::settings::define();
    // SAFETY: called while the library is loaded, after every setting of the prefix is defined.
    unsafe { pg_sys::MarkGUCPrefixReserved(c"pg_interlock".as_ptr()) };
}

/// Refuses what `RuleActions::parse` cannot read; its words become the DETAIL of the server's own error.
///
/// # Safety
/// Called by the server with the value to be set.
#[pgrx::pg_guard]
unsafe extern "C-unwind" fn check_rule_actions(
    value: *mut *mut c_char,
    _extra: *mut *mut c_void,
    _source: pg_sys::GucSource::Type,
) -> bool {
    // SAFETY: the server passes a pointer to its string.
    let value = node::text(unsafe { *value });
    match RuleActions::parse(&value) {
        Ok(_) => true,
        Err(detail) => {
            // SAFETY: where GUC_check_errdetail puts its words; the server takes the string over, and frees it with the
            // memory context of the error.
            unsafe { pg_sys::GUC_check_errdetail_string = report::palloc_string(&detail) };
            false
        }
    }
}

static HOOK_DML: OnceLock<fn(bool)> = OnceLock::new();

/// Says who has DML hooked only while the setting wants it: called now, and whenever it is assigned.
pub fn when_dml_is_judged(hook_dml: fn(bool)) {
    // A second loading of the library would set the same function.
    let _ = HOOK_DML.set(hook_dml);
    hook_dml(dml_row_threshold().is_some());
}

/// # Safety
/// Called by the server with the value to be set; it may not raise an error.
unsafe extern "C-unwind" fn assign_dml_row_threshold(value: c_int, _extra: *mut c_void) {
    if let Some(hook_dml) = HOOK_DML.get() {
        hook_dml(value >= 0);
    }
}

/// `pg_interlock.mode`
pub fn mode() -> settings::Mode {
    match MODE.get() {
        Mode::Off => settings::Mode::Off,
        Mode::Log => settings::Mode::Log,
        Mode::Warn => settings::Mode::Warn,
        Mode::Enforce => settings::Mode::Enforce,
    }
}

/// `pg_interlock.row_threshold`, in rows; `None` when turned off.
pub fn row_threshold() -> Option<i64> {
    (ROW_THRESHOLD.get() >= 0).then(|| i64::from(ROW_THRESHOLD.get()))
}

/// `pg_interlock.size_threshold`, in bytes; `None` when turned off.
pub fn size_threshold() -> Option<i64> {
    (SIZE_THRESHOLD.get() >= 0).then(|| i64::from(SIZE_THRESHOLD.get()) * 1024)
}

/// `pg_interlock.dml_row_threshold`, in rows; `None` when turned off.
pub fn dml_row_threshold() -> Option<i64> {
    (DML_ROW_THRESHOLD.get() >= 0).then(|| i64::from(DML_ROW_THRESHOLD.get()))
}

/// `pg_interlock.rule_actions`, as written.
pub fn rule_actions() -> String {
    RULE_ACTIONS
        .get()
        .map(|s| s.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// `pg_interlock.verify_profiles`
pub fn verify_profiles() -> settings::VerifyProfiles {
    match VERIFY_PROFILES.get() {
        VerifyProfiles::Off => settings::VerifyProfiles::Off,
        VerifyProfiles::Log => settings::VerifyProfiles::Log,
        VerifyProfiles::Warn => settings::VerifyProfiles::Warn,
    }
}

/// `pg_interlock.log_decisions`
pub fn log_decisions() -> settings::LogDecisions {
    match LOG_DECISIONS.get() {
        LogDecisions::None => settings::LogDecisions::None,
        LogDecisions::Reject => settings::LogDecisions::Reject,
        LogDecisions::Warn => settings::LogDecisions::Warn,
        LogDecisions::All => settings::LogDecisions::All,
    }
}

/// `pg_interlock.audit_timeout`
pub fn audit_timeout() -> Duration {
    Duration::from_millis(u64::try_from(AUDIT_TIMEOUT.get()).unwrap_or_default())
}

/// `pg_interlock.polite_locks`
pub fn polite_locks() -> settings::PoliteLocks {
    match POLITE_LOCKS.get() {
        PoliteLocks::Off => settings::PoliteLocks::Off,
        PoliteLocks::Large => settings::PoliteLocks::Large,
        PoliteLocks::All => settings::PoliteLocks::All,
    }
}

/// `pg_interlock.lock_attempt_timeout`
pub fn lock_attempt_timeout() -> Duration {
    Duration::from_millis(u64::try_from(LOCK_ATTEMPT_TIMEOUT.get()).unwrap_or_default())
}

/// `pg_interlock.lock_wait_timeout`
pub fn lock_wait_timeout() -> Duration {
    Duration::from_millis(u64::try_from(LOCK_WAIT_TIMEOUT.get()).unwrap_or_default())
}

/// `pg_interlock.idle_in_transaction_timeout`, in milliseconds; 0 when off.
pub fn idle_in_transaction_timeout() -> i32 {
    IDLE_IN_TRANSACTION_TIMEOUT.get()
}

/// The session's `lock_timeout`; `None` when off.
pub fn lock_timeout() -> Option<Duration> {
    // SAFETY: a plain variable.
    let milliseconds = u64::try_from(unsafe { pg_sys::LockTimeout }).unwrap_or_default();
    (milliseconds > 0).then(|| Duration::from_millis(milliseconds))
}
