//! Floor 5: the SQL surface: functions of a few lines, and the list of the files under `sql/`.

mod backfill;
mod locks;
mod rules;
mod sql;
mod status;
