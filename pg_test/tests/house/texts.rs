//! What holds for files of every kind.

use crate::none;
use crate::source::{files, top, words};

/// A file stays readable in one sitting.
const MOST_LINES: usize = 450;

/// Homes and work directories of somebody's machine. Cut in two, so that this file may be in the repository.
const MACHINE_PATHS: [&str; 4] = [
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/wo", "rk/"),
    concat!("/Us", "ers/"),
];
/// Package registries; which one is used is the machine's configuration.
const REGISTRIES: [&str; 6] = [
    concat!("crates", ".io"),
    concat!("pypi", ".org"),
    concat!("pythonhosted", ".org"),
    concat!("npmjs", ".org"),
    concat!("deb.debian", ".org"),
    concat!("apt.postgresql", ".org"),
];

fn too_long(path: &str, text: &str) -> Vec<String> {
    let lines = text.lines().count();
    let is_source = path.ends_with(".rs") || path.ends_with(".sql");
    if is_source && lines > MOST_LINES {
        vec![format!("{path}:{lines}: has {lines} lines")]
    } else {
        Vec::new()
    }
}

fn places(path: &str, text: &str) -> Vec<String> {
    if path == "Cargo.lock" {
        return Vec::new(); // cargo writes its registry into it, whatever the machine is configured to
    }
    let here = top().display().to_string();
    let mut findings = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let starts_a_path = |at: usize| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "./_-}$".contains(c));
        let paths = MACHINE_PATHS
            .into_iter()
            .filter(|path| line.match_indices(path).any(|(at, _)| starts_a_path(at)));
        let own = words(line, &here).any(starts_a_path).then_some(here.as_str());
        let hosts = REGISTRIES.into_iter().filter(|host| line.contains(host));
        findings.extend(
            paths
                .chain(own)
                .chain(hosts)
                .map(|found| format!("{path}:{}: {found}", number + 1)),
        );
    }
    findings
}

/// The files under sql/ that become part of the install script: all but the upgrade scripts, which lie flat.
fn unlisted(paths: &[&str], list: &str) -> Vec<String> {
    let objects = paths
        .iter()
        .filter(|path| path.starts_with("sql/") && path.matches('/').count() > 1);
    objects
        .filter(|path| !list.contains(&format!("/{path}\"")))
        .map(|path| format!("{path}:1: is not listed"))
        .collect()
}

#[test]
fn files_are_short() {
    let findings = files().iter().flat_map(|(path, text)| too_long(path, text)).collect();
    none(findings, "a file has at most 450 lines");
}

#[test]
fn no_file_names_a_machine_or_a_registry() {
    let findings = files().iter().flat_map(|(path, text)| places(path, text)).collect();
    none(findings, "the repository works on any machine");
}

#[test]
fn every_sql_file_is_listed() {
    let files = files();
    let list = &files
        .iter()
        .find(|(path, _)| path == "src/api/sql.rs")
        .expect("src/api/sql.rs exists")
        .1;
    let paths: Vec<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
    none(unlisted(&paths, list), "every file under sql/ is in src/api/sql.rs");
}

#[test]
fn planted_violations_are_found() {
    assert_eq!(too_long("sql/a.sql", &"\n".repeat(451)).len(), 1);
    assert_eq!(too_long("README.md", &"\n".repeat(451)).len(), 0);
    assert_eq!(
        places("a", &format!("one\n{}me/two", "/ho")),
        [format!("a:2: {}me/", "/ho")]
    );
    assert_eq!(
        places("a", &top().display().to_string()).last(),
        Some(&format!("a:1: {}", top().display()))
    );
    assert_eq!(places("a", &format!("https://{}.org/x", "pypi")).len(), 1);
    assert_eq!(
        places("a", "src/home/a target/home/b /usr/lib/postgresql/15/bin").len(),
        0
    );
    let list = "sql_file!(\"../../sql/views/b.sql\")";
    assert_eq!(
        unlisted(&["sql/tables/a.sql", "sql/views/b.sql", "sql/x--1--2.sql"], list),
        ["sql/tables/a.sql:1: is not listed"]
    );
}
