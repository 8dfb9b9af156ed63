//! The SQL objects of the extension, one per file under `sql/`, in the order they are created.
//!
//! Each file is named twice: `extension_sql_file!` puts it into the install script, `include_str!` makes cargo rebuild
//! when it changes.

use pgrx::extension_sql_file;

extension_sql_file!("../../sql/tables/backfill_job.sql", name = "table_backfill_job",);
const _: &str = include_str!("../../sql/tables/backfill_job.sql");

extension_sql_file!(
    "../../sql/tables/backfill_checkpoint.sql",
    name = "table_backfill_checkpoint",
    requires = ["table_backfill_job"],
);
const _: &str = include_str!("../../sql/tables/backfill_checkpoint.sql");

extension_sql_file!(
    "../../sql/functions/_relation_text.sql",
    name = "function_relation_text",
);
const _: &str = include_str!("../../sql/functions/_relation_text.sql");

extension_sql_file!(
    "../../sql/views/backfill_progress.sql",
    name = "view_backfill_progress",
    requires = [
        "table_backfill_checkpoint",
        "function_relation_text",
        percentage,
        time_left,
        lease_class
    ],
);
const _: &str = include_str!("../../sql/views/backfill_progress.sql");

extension_sql_file!("../../sql/functions/_keys.sql", name = "function_keys",);
const _: &str = include_str!("../../sql/functions/_keys.sql");

extension_sql_file!(
    "../../sql/functions/_require_key.sql",
    name = "function_require_key",
    requires = ["function_keys"],
);
const _: &str = include_str!("../../sql/functions/_require_key.sql");

extension_sql_file!("../../sql/functions/_key_order.sql", name = "function_key_order",);
const _: &str = include_str!("../../sql/functions/_key_order.sql");

extension_sql_file!("../../sql/functions/_key_range.sql", name = "function_key_range",);
const _: &str = include_str!("../../sql/functions/_key_range.sql");

extension_sql_file!("../../sql/functions/_read_key.sql", name = "function_read_key",);
const _: &str = include_str!("../../sql/functions/_read_key.sql");

extension_sql_file!("../../sql/functions/_update_text.sql", name = "function_update_text",);
const _: &str = include_str!("../../sql/functions/_update_text.sql");

extension_sql_file!(
    "../../sql/functions/_check_clauses.sql",
    name = "function_check_clauses"
);
const _: &str = include_str!("../../sql/functions/_check_clauses.sql");

extension_sql_file!(
    "../../sql/functions/_check_backfill.sql",
    name = "function_check_backfill",
);
const _: &str = include_str!("../../sql/functions/_check_backfill.sql");

extension_sql_file!(
    "../../sql/functions/_job.sql",
    name = "function_job",
    requires = ["table_backfill_job"],
);
const _: &str = include_str!("../../sql/functions/_job.sql");

extension_sql_file!(
    "../../sql/functions/_require_relation.sql",
    name = "function_require_relation",
);
const _: &str = include_str!("../../sql/functions/_require_relation.sql");

extension_sql_file!(
    "../../sql/functions/_write_pass.sql",
    name = "function_write_pass",
    requires = ["table_backfill_checkpoint"],
);
const _: &str = include_str!("../../sql/functions/_write_pass.sql");

extension_sql_file!(
    "../../sql/functions/_begin_pass.sql",
    name = "function_begin_pass",
    requires = ["table_backfill_checkpoint"],
);
const _: &str = include_str!("../../sql/functions/_begin_pass.sql");

extension_sql_file!(
    "../../sql/functions/_write_checkpoint.sql",
    name = "function_write_checkpoint",
    requires = ["table_backfill_checkpoint"],
);
const _: &str = include_str!("../../sql/functions/_write_checkpoint.sql");

extension_sql_file!(
    "../../sql/functions/_run_batch.sql",
    name = "function_run_batch",
    requires = ["table_backfill_checkpoint"],
);
const _: &str = include_str!("../../sql/functions/_run_batch.sql");

extension_sql_file!(
    "../../sql/functions/_pass_is_done.sql",
    name = "function_pass_is_done",
    requires = ["table_backfill_checkpoint"],
);
const _: &str = include_str!("../../sql/functions/_pass_is_done.sql");

extension_sql_file!(
    "../../sql/functions/_needs_pass.sql",
    name = "function_needs_pass",
    requires = ["table_backfill_checkpoint"],
);
const _: &str = include_str!("../../sql/functions/_needs_pass.sql");

extension_sql_file!(
    "../../sql/functions/_measured_rate.sql",
    name = "function_measured_rate",
    requires = ["table_backfill_checkpoint", smoothed_rate],
);
const _: &str = include_str!("../../sql/functions/_measured_rate.sql");

extension_sql_file!(
    "../../sql/functions/_note_error.sql",
    name = "function_note_error",
    requires = ["table_backfill_job"],
);
const _: &str = include_str!("../../sql/functions/_note_error.sql");

extension_sql_file!(
    "../../sql/functions/_finish_backfill.sql",
    name = "function_finish_backfill",
    requires = ["table_backfill_checkpoint"],
);
const _: &str = include_str!("../../sql/functions/_finish_backfill.sql");

extension_sql_file!(
    "../../sql/functions/_progress_text.sql",
    name = "function_progress_text",
    requires = ["view_backfill_progress", duration],
);
const _: &str = include_str!("../../sql/functions/_progress_text.sql");

extension_sql_file!(
    "../../sql/functions/_lease_holder.sql",
    name = "function_lease_holder",
    requires = ["view_backfill_progress"],
);
const _: &str = include_str!("../../sql/functions/_lease_holder.sql");

extension_sql_file!(
    "../../sql/functions/_find_job.sql",
    name = "function_find_job",
    requires = ["table_backfill_job"],
);
const _: &str = include_str!("../../sql/functions/_find_job.sql");

extension_sql_file!(
    "../../sql/functions/_create_job.sql",
    name = "function_create_job",
    requires = ["table_backfill_checkpoint", first_batch_size],
);
const _: &str = include_str!("../../sql/functions/_create_job.sql");

extension_sql_file!(
    "../../sql/functions/_resume_job.sql",
    name = "function_resume_job",
    requires = ["table_backfill_checkpoint"],
);
const _: &str = include_str!("../../sql/functions/_resume_job.sql");

extension_sql_file!(
    "../../sql/functions/_open_backfill.sql",
    name = "function_open_backfill",
    requires = ["table_backfill_checkpoint"],
);
const _: &str = include_str!("../../sql/functions/_open_backfill.sql");

extension_sql_file!(
    "../../sql/procedures/safe_backfill.sql",
    name = "procedure_safe_backfill",
    requires = ["table_backfill_checkpoint"],
);
const _: &str = include_str!("../../sql/procedures/safe_backfill.sql");

extension_sql_file!(
    "../../sql/grants/backfill.sql",
    name = "grants_backfill",
    requires = ["table_backfill_checkpoint", "view_backfill_progress"],
);
const _: &str = include_str!("../../sql/grants/backfill.sql");
