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

sql_file!(
    "../../sql/functions/blockers.sql",
    "blockers",
    [lock_modes_conflict, lock_mode_number]
);
sql_file!(
    "../../sql/functions/lock_tree.sql",
    "lock_tree",
    [lock_mode_number, duration]
);

sql_file!("../../sql/tables/backfill_job.sql", "backfill_job", []);
sql_file!(
    "../../sql/tables/backfill_checkpoint.sql",
    "backfill_checkpoint",
    ["backfill_job"]
);
sql_file!(
    "../../sql/functions/_relation_text.sql",
    "backfill_function_relation_text",
    []
);
sql_file!(
    "../../sql/views/backfill_progress.sql",
    "backfill_progress",
    [
        "backfill_checkpoint",
        "backfill_function_relation_text",
        percentage,
        time_left,
        lease_class
    ]
);
sql_file!("../../sql/functions/_keys.sql", "backfill_function_keys", []);
sql_file!(
    "../../sql/functions/_require_key.sql",
    "backfill_function_require_key",
    ["backfill_function_keys"]
);
sql_file!("../../sql/functions/_key_order.sql", "backfill_function_key_order", []);
sql_file!("../../sql/functions/_key_range.sql", "backfill_function_key_range", []);
sql_file!("../../sql/functions/_read_key.sql", "backfill_function_read_key", []);
sql_file!(
    "../../sql/functions/_update_text.sql",
    "backfill_function_update_text",
    []
);
sql_file!(
    "../../sql/functions/_check_clauses.sql",
    "backfill_function_check_clauses",
    []
);
sql_file!(
    "../../sql/functions/_check_backfill.sql",
    "backfill_function_check_backfill",
    []
);
sql_file!(
    "../../sql/functions/_job.sql",
    "backfill_function_job",
    ["backfill_job"]
);
sql_file!(
    "../../sql/functions/_require_relation.sql",
    "backfill_function_require_relation",
    []
);
sql_file!(
    "../../sql/functions/_write_pass.sql",
    "backfill_function_write_pass",
    ["backfill_checkpoint"]
);
sql_file!(
    "../../sql/functions/_begin_pass.sql",
    "backfill_function_begin_pass",
    ["backfill_checkpoint"]
);
sql_file!(
    "../../sql/functions/_write_checkpoint.sql",
    "backfill_function_write_checkpoint",
    ["backfill_checkpoint"]
);
sql_file!(
    "../../sql/functions/_run_batch.sql",
    "backfill_function_run_batch",
    ["backfill_checkpoint"]
);
sql_file!(
    "../../sql/functions/_pass_is_done.sql",
    "backfill_function_pass_is_done",
    ["backfill_checkpoint"]
);
sql_file!(
    "../../sql/functions/_needs_pass.sql",
    "backfill_function_needs_pass",
    ["backfill_checkpoint"]
);
sql_file!(
    "../../sql/functions/_measured_rate.sql",
    "backfill_function_measured_rate",
    ["backfill_checkpoint", smoothed_rate]
);
sql_file!(
    "../../sql/functions/_note_error.sql",
    "backfill_function_note_error",
    ["backfill_job"]
);
sql_file!(
    "../../sql/functions/_finish_backfill.sql",
    "backfill_function_finish_backfill",
    ["backfill_checkpoint"]
);
sql_file!(
    "../../sql/functions/_progress_text.sql",
    "backfill_function_progress_text",
    ["backfill_progress", duration]
);
sql_file!(
    "../../sql/functions/_lease_holder.sql",
    "backfill_function_lease_holder",
    ["backfill_progress"]
);
sql_file!(
    "../../sql/functions/_find_job.sql",
    "backfill_function_find_job",
    ["backfill_job"]
);
sql_file!(
    "../../sql/functions/_create_job.sql",
    "backfill_function_create_job",
    ["backfill_checkpoint", first_batch_size]
);
sql_file!(
    "../../sql/functions/_resume_job.sql",
    "backfill_function_resume_job",
    ["backfill_checkpoint"]
);
sql_file!(
    "../../sql/functions/_open_backfill.sql",
    "backfill_function_open_backfill",
    ["backfill_checkpoint"]
);
sql_file!(
    "../../sql/procedures/safe_backfill.sql",
    "safe_backfill",
    ["backfill_checkpoint"]
);
sql_file!(
    "../../sql/grants/backfill.sql",
    "backfill_grants",
    ["backfill_checkpoint", "backfill_progress"]
);
sql_file!(
    "../../sql/functions/backfill_comments.sql",
    "backfill_comments",
    [
        assigned_columns,
        commit_obstacle,
        duration,
        first_batch_size,
        is_condition,
        lease_class,
        next_batch_size,
        percentage,
        release_lease,
        retry_delay,
        retry_size,
        smoothed_rate,
        take_lease,
        time_left
    ]
);
