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

/// What looks like an operator in SQL and PL/pgSQL and is none.
const NO_OPERATORS: [&str; 16] = [
    ":=",
    "=>",
    "(*)",
    "%s",
    "ERRCODE =",
    "MESSAGE =",
    "DETAIL =",
    "HINT =",
    "= ROW_COUNT",
    "= RETURNED_SQLSTATE",
    "= MESSAGE_TEXT",
    "= PG_EXCEPTION",
    "= SCHEMA_NAME",
    "= TABLE_NAME",
    "= COLUMN_NAME",
    "= CONSTRAINT_NAME",
];

/// Operators that the search_path of whoever calls a function decides about.
fn unqualified(path: &str, text: &str) -> Vec<String> {
    let is_routine = path.starts_with("sql/functions/") || path.starts_with("sql/procedures/");
    if !is_routine || text.contains("SET search_path") {
        return Vec::new();
    }
    let lines = without_literals(text);
    let operators = |line: &str| -> Vec<String> {
        let mut rest = line.split("--").next().unwrap_or_default().to_string();
        while let Some(start) = rest.find("OPERATOR(pg_catalog.") {
            let end = rest[start..].find(')').map_or(rest.len(), |end| start + end + 1);
            rest.replace_range(start..end, "");
        }
        let is_operator = |c: char| "+-*/<>=~!@#%^&|`?".contains(c);
        let words = NO_OPERATORS.iter().fold(rest, |rest, what| rest.replace(what, " "));
        words
            .split(|c: char| !is_operator(c) && c != '.')
            .filter(|word| word.contains(is_operator) && *word != ".*")
            .map(ToOwned::to_owned)
            .collect()
    };
    let numbered = lines.lines().enumerate();
    numbered
        .filter(|(_, line)| !line.starts_with("SET "))
        .flat_map(|(number, line)| operators(line).into_iter().map(move |operator| (number, operator)))
        .map(|(number, operator)| format!("{path}:{}: {operator}", number + 1))
        .collect()
}

/// The text with nothing between its quotes.
fn without_literals(text: &str) -> String {
    let mut quoted = false;
    let mut comment = false;
    let mut kept = String::new();
    for (at, c) in text.char_indices() {
        comment = !quoted && c != '\n' && (comment || text[at..].starts_with("--"));
        if c == '\'' && !comment {
            quoted = !quoted;
        } else if !quoted || c == '\n' {
            kept.push(c);
        }
    }
    kept
}

#[test]
fn functions_without_a_search_path_of_their_own_qualify_operators() {
    let findings = files()
        .iter()
        .flat_map(|(path, text)| unqualified(path, text))
        .collect();
    none(findings, "OPERATOR(pg_catalog.…) where the caller's search_path holds");
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
    let body = "CREATE FUNCTION f(a int DEFAULT -1)\n$$ -- it's > that\n SELECT 'x > y', count(*), t.*, a OPERATOR(pg_catalog.=) b,\n c -> d";
    assert_eq!(
        unqualified("sql/functions/f.sql", body),
        ["sql/functions/f.sql:1: -", "sql/functions/f.sql:4: ->"]
    );
    assert_eq!(
        unqualified("sql/functions/f.sql", &format!("{body} SET search_path = x")),
        [""; 0]
    );
    let list = "sql_file!(\"../../sql/views/b.sql\")";
    assert_eq!(
        unlisted(&["sql/tables/a.sql", "sql/views/b.sql", "sql/x--1--2.sql"], list),
        ["sql/tables/a.sql:1: is not listed"]
    );
}
