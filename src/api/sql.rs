//! The SQL objects of the extension, one per file under `sql/`, in the order they are created.
//!
//! Each file is named twice: `extension_sql_file!` puts it into the install script, `include_str!` makes cargo rebuild
//! when it changes.

use pgrx::extension_sql_file;

/// One SQL file, and what has to be there before it.
macro_rules! sql_file {
    ($path:literal, $name:literal, [$($requires:tt)*]) => {
        extension_sql_file!($path, name = $name, requires = [$($requires)*]);
        const _: &str = include_str!($path);
    };
}

sql_file!("../../sql/functions/lock_profile.sql", "lock_profile", []);
sql_file!(
    "../../sql/functions/explain_lock_profile.sql",
    "explain_lock_profile",
    ["lock_profile"]
);
sql_file!("../../sql/views/rules.sql", "rules", [_rules]);
sql_file!("../../sql/grants/schema.sql", "schema_grants", ["rules"]);

sql_file!("../../sql/tables/decision_log.sql", "decision_log", []);
sql_file!(
    "../../sql/views/recent_decisions.sql",
    "recent_decisions",
    ["decision_log"]
);
sql_file!(
    "../../sql/grants/audit.sql",
    "audit_grants",
    ["decision_log", "recent_decisions", status]
);
