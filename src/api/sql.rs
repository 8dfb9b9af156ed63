//! The SQL objects of the extension, one per file under `sql/`, in the order they are created.
//!
//! Each file is named twice: `extension_sql_file!` puts it into the install script, `include_str!` makes cargo rebuild
//! when it changes.
