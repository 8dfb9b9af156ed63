//! The SQL objects of the extension, one per file under `sql/`, in the order they are created.
//!
//! Each file is named twice: `extension_sql_file!` puts it into the install script, `include_str!` makes cargo rebuild
//! when it changes.

use pgrx::extension_sql_file;

extension_sql_file!("../../sql/grants/schema.sql", name = "schema_grants");
const _: &str = include_str!("../../sql/grants/schema.sql");

extension_sql_file!("../../sql/tables/decision_log.sql", name = "decision_log");
const _: &str = include_str!("../../sql/tables/decision_log.sql");

extension_sql_file!(
    "../../sql/views/recent_decisions.sql",
    name = "recent_decisions",
    requires = ["decision_log"]
);
const _: &str = include_str!("../../sql/views/recent_decisions.sql");

extension_sql_file!(
    "../../sql/grants/audit.sql",
    name = "audit_grants",
    requires = ["decision_log", "recent_decisions"]
);
const _: &str = include_str!("../../sql/grants/audit.sql");
