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
sql_file!("../../sql/views/invalid_indexes.sql", "invalid_indexes", []);
sql_file!(
    "../../sql/grants/schema.sql",
    "schema_grants",
    ["rules", "invalid_indexes"]
);

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

/// The SQL files of the backfill, each after the one before it: functions in SQL, views and tables need what they name.
macro_rules! backfill_files {
    ([$($requires:tt)*], $path:literal $name:literal $($more:tt)*) => {
        sql_file!($path, $name, [$($requires)*]);
        backfill_files!([$name], $($more)*);
    };
    ([$($requires:tt)*],) => {};
}

backfill_files!(
    [asker, assigned_columns, came_to, commit_obstacle, duration, fault, first_batch_size, halved, has_launcher, is_condition, is_look_due, launcher_runs, lease_class, next_batch_size, next_state, note_batch, note_look, option, options_fault, origin, percentage, release_lease, retry_delay, seat_class, server_major, smoothed_rate, summon_workers, take_lease, time_left, wal_age, wal_rest, window, window_is_open],
    "../../sql/tables/backfill_job.sql" "backfill_table_backfill_job"
    "../../sql/tables/backfill_checkpoint.sql" "backfill_table_backfill_checkpoint"
    "../../sql/tables/backfill_event.sql" "backfill_table_backfill_event"
    "../../sql/tables/backfill_error.sql" "backfill_table_backfill_error"
    "../../sql/views/_leases.sql" "backfill_view_leases"
    "../../sql/functions/_tree.sql" "backfill_function_tree"
    "../../sql/functions/_changed_columns.sql" "backfill_function_changed_columns"
    "../../sql/functions/_moves_rows.sql" "backfill_function_moves_rows"
    "../../sql/functions/_is_part.sql" "backfill_function_is_part"
    "../../sql/functions/_by_place.sql" "backfill_function_by_place"
    "../../sql/functions/_block.sql" "backfill_function_block"
    "../../sql/functions/_last_place.sql" "backfill_function_last_place"
    "../../sql/functions/_place_key.sql" "backfill_function_place_key"
    "../../sql/functions/_middle_place.sql" "backfill_function_middle_place"
    "../../sql/functions/_place_bound.sql" "backfill_function_place_bound"
    "../../sql/functions/_histogram.sql" "backfill_function_histogram"
    "../../sql/functions/_adopt_job.sql" "backfill_function_adopt_job"
    "../../sql/functions/_after_bad_row.sql" "backfill_function_after_bad_row"
    "../../sql/functions/_after_failure.sql" "backfill_function_after_failure"
    "../../sql/functions/_after_timeout.sql" "backfill_function_after_timeout"
    "../../sql/functions/_begin_part.sql" "backfill_function_begin_part"
    "../../sql/functions/_begin_pass.sql" "backfill_function_begin_pass"
    "../../sql/functions/_can_work_as.sql" "backfill_function_can_work_as"
    "../../sql/functions/_captured_settings.sql" "backfill_function_captured_settings"
    "../../sql/functions/_check_backfill.sql" "backfill_function_check_backfill"
    "../../sql/functions/_check_background.sql" "backfill_function_check_background"
    "../../sql/functions/_check_statement.sql" "backfill_function_check_statement"
    "../../sql/functions/_check_still.sql" "backfill_function_check_still"
    "../../sql/functions/_check_clauses.sql" "backfill_function_check_clauses"
    "../../sql/functions/_check_job.sql" "backfill_function_check_job"
    "../../sql/functions/_check_key.sql" "backfill_function_check_key"
    "../../sql/functions/_check_hold_query.sql" "backfill_function_check_hold_query"
    "../../sql/functions/_check_may_commit.sql" "backfill_function_check_may_commit"
    "../../sql/functions/_check_options.sql" "backfill_function_check_options"
    "../../sql/functions/_control.sql" "backfill_function_control"
    "../../sql/functions/_create_job.sql" "backfill_function_create_job"
    "../../sql/functions/_cuts.sql" "backfill_function_cuts"
    "../../sql/functions/_end_pass.sql" "backfill_function_end_pass"
    "../../sql/functions/_enter_range.sql" "backfill_function_enter_range"
    "../../sql/functions/_note_event.sql" "backfill_function_note_event"
    "../../sql/functions/_fail_backfill.sql" "backfill_function_fail_backfill"
    "../../sql/functions/_farewell.sql" "backfill_function_farewell"
    "../../sql/functions/_find_job.sql" "backfill_function_find_job"
    "../../sql/functions/_finish_backfill.sql" "backfill_function_finish_backfill"
    "../../sql/functions/_free_ranges.sql" "backfill_function_free_ranges"
    "../../sql/functions/_has_work.sql" "backfill_function_has_work"
    "../../sql/functions/_known_rows.sql" "backfill_function_known_rows"
    "../../sql/functions/_is_ahead.sql" "backfill_function_is_ahead"
    "../../sql/functions/_largest_range.sql" "backfill_function_largest_range"
    "../../sql/functions/_lock_range.sql" "backfill_function_lock_range"
    "../../sql/functions/_middle.sql" "backfill_function_middle"
    "../../sql/functions/_leave_part.sql" "backfill_function_leave_part"
    "../../sql/functions/_limit.sql" "backfill_function_limit"
    "../../sql/functions/_active_sessions.sql" "backfill_function_active_sessions"
    "../../sql/functions/_archive_backlog.sql" "backfill_function_archive_backlog"
    "../../sql/functions/_closed_window.sql" "backfill_function_closed_window"
    "../../sql/functions/_dead_rows.sql" "backfill_function_dead_rows"
    "../../sql/functions/_lagging_standby.sql" "backfill_function_lagging_standby"
    "../../sql/functions/_large_slot.sql" "backfill_function_large_slot"
    "../../sql/functions/_lock_waiters.sql" "backfill_function_lock_waiters"
    "../../sql/functions/_wraparound_vacuum.sql" "backfill_function_wraparound_vacuum"
    "../../sql/functions/_guard_hold_query.sql" "backfill_function_guard_hold_query"
    "../../sql/functions/_hold_reason.sql" "backfill_function_hold_reason"
    "../../sql/functions/_hold.sql" "backfill_function_hold"
    "../../sql/functions/_note_hold.sql" "backfill_function_note_hold"
    "../../sql/functions/_job.sql" "backfill_function_job"
    "../../sql/functions/_job_to_run.sql" "backfill_function_job_to_run"
    "../../sql/functions/_key_order.sql" "backfill_function_key_order"
    "../../sql/functions/_type_text.sql" "backfill_function_type_text"
    "../../sql/functions/_key_range.sql" "backfill_function_key_range"
    "../../sql/functions/_key_text.sql" "backfill_function_key_text"
    "../../sql/functions/_keys.sql" "backfill_function_keys"
    "../../sql/functions/_relation_text.sql" "backfill_function_relation_text"
    "../../sql/views/backfill_progress.sql" "backfill_view_backfill_progress"
    "../../sql/functions/_local_settings.sql" "backfill_function_local_settings"
    "../../sql/functions/_needs_pass.sql" "backfill_function_needs_pass"
    "../../sql/functions/_next_batch.sql" "backfill_function_next_batch"
    "../../sql/functions/_next_pass.sql" "backfill_function_next_pass"
    "../../sql/functions/_next_try.sql" "backfill_function_next_try"
    "../../sql/functions/_note_bad_row.sql" "backfill_function_note_bad_row"
    "../../sql/functions/_note_changed_table.sql" "backfill_function_note_changed_table"
    "../../sql/functions/_note_start.sql" "backfill_function_note_start"
    "../../sql/functions/_note_unstarted.sql" "backfill_function_note_unstarted"
    "../../sql/functions/_open_backfill.sql" "backfill_function_open_backfill"
    "../../sql/functions/_parts.sql" "backfill_function_parts"
    "../../sql/functions/_pause_running.sql" "backfill_function_pause_running"
    "../../sql/functions/_pieces.sql" "backfill_function_pieces"
    "../../sql/functions/_progress_text.sql" "backfill_function_progress_text"
    "../../sql/functions/_raise_hidden_job.sql" "backfill_function_raise_hidden_job"
    "../../sql/functions/_raise_unfinished_job.sql" "backfill_function_raise_unfinished_job"
    "../../sql/functions/_read_key.sql" "backfill_function_read_key"
    "../../sql/functions/_require_key.sql" "backfill_function_require_key"
    "../../sql/functions/_require_relation.sql" "backfill_function_require_relation"
    "../../sql/functions/_rest.sql" "backfill_function_rest"
    "../../sql/functions/_resume_job.sql" "backfill_function_resume_job"
    "../../sql/functions/_retry_errors.sql" "backfill_function_retry_errors"
    "../../sql/functions/_run_again.sql" "backfill_function_run_again"
    "../../sql/functions/_run_batch.sql" "backfill_function_run_batch"
    "../../sql/functions/_run_in_background.sql" "backfill_function_run_in_background"
    "../../sql/functions/_runner.sql" "backfill_function_runner"
    "../../sql/functions/_split_range.sql" "backfill_function_split_range"
    "../../sql/functions/_set_aside.sql" "backfill_function_set_aside"
    "../../sql/functions/_steal_range.sql" "backfill_function_steal_range"
    "../../sql/functions/_step.sql" "backfill_function_step"
    "../../sql/functions/_take_range.sql" "backfill_function_take_range"
    "../../sql/functions/_target.sql" "backfill_function_target"
    "../../sql/functions/_unfail_backfill.sql" "backfill_function_unfail_backfill"
    "../../sql/functions/_update_text.sql" "backfill_function_update_text"
    "../../sql/functions/_wanted_workers.sql" "backfill_function_wanted_workers"
    "../../sql/functions/_without_range.sql" "backfill_function_without_range"
    "../../sql/functions/_write_attempt.sql" "backfill_function_write_attempt"
    "../../sql/functions/_write_checkpoint.sql" "backfill_function_write_checkpoint"
    "../../sql/functions/_write_ranges.sql" "backfill_function_write_ranges"
    "../../sql/functions/cancel_backfill.sql" "backfill_function_cancel_backfill"
    "../../sql/functions/pause_backfill.sql" "backfill_function_pause_backfill"
    "../../sql/functions/purge_backfills.sql" "backfill_function_purge_backfills"
    "../../sql/functions/resume_backfill.sql" "backfill_function_resume_backfill"
    "../../sql/functions/retry_backfill.sql" "backfill_function_retry_backfill"
    "../../sql/functions/set_backfill_options.sql" "backfill_function_set_backfill_options"
    "../../sql/functions/start_backfill.sql" "backfill_function_start_backfill"
    "../../sql/procedures/safe_backfill.sql" "backfill_procedure_safe_backfill"
    "../../sql/procedures/wait_for_backfill.sql" "backfill_procedure_wait_for_backfill"
    "../../sql/grants/backfill.sql" "backfill_grants"
    "../../sql/functions/backfill_comments.sql" "backfill_comments"
);
