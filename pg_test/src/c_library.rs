//! Libraries in C, for what SQL alone cannot make a server do.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Server, workspace};

/// Compiles a source file of this crate for the server under test, which can load the library that is returned.
///
/// # Panics
/// If there is no C compiler, or it finds an error.
pub fn c_library(source: &str) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(source);
    let library = workspace::new_directory().join("library.so");
    let output = Command::new("cc")
        .args(["-shared", "-fPIC", "-Wall", "-Werror", "-isystem"])
        .arg(&Server::under_test().headers)
        .arg(&source)
        .arg("-o")
        .arg(&library)
        .output()
        .unwrap_or_else(|error| panic!("cc: {error}"));
    assert!(
        output.status.success(),
        "{}: {}",
        source.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    library
}
