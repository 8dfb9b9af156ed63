//! Invariant 1: imports point down, and the lower floors are pure.

use crate::none;
use crate::source::{Source, extension, words};

/// The rooms of `src/`, from the ground up.
const FLOORS: [&[&str]; 6] = [
    &["model"],
    &["profile"],
    &["policy", "advice", "batch"],
    &["postgres"],
    &["guard", "audit", "backfill"],
    &["api"],
];
/// The floors that know nothing of the server and of the time.
const PURE: usize = 3;
/// What would tie a pure floor to the server, or make it act instead of return.
const IMPURE: [&str; 9] = [
    "pgrx",
    "std::time",
    "Instant",
    "SystemTime",
    "println!",
    "eprintln!",
    "print!",
    "eprint!",
    "std::env",
];

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

/// The room of a file: `src/model/lock.rs` is in model.
fn room(source: &Source) -> Option<&str> {
    source.path.strip_prefix("src/")?.split_once('/').map(|(room, _)| room)
}

fn may_import(from: &str, to: &str) -> bool {
    from == to || (from, to) == ("advice", "policy") || floor(to) < floor(from)
}

fn strangers(source: &Source) -> Vec<String> {
    match room(source) {
        Some(name) if floor(name).is_none() => vec![source.at(0, "this room is on no floor, see FLOORS in this test")],
        None if source.path != "src/lib.rs" => vec![source.at(0, "a file outside of all rooms")],
        _ => Vec::new(),
    }
}

fn imports_not_down(source: &Source) -> Vec<String> {
    let Some(own) = room(source) else { return Vec::new() };
    let mut findings = Vec::new();
    for (at, path) in words(&source.shipped, "crate::").map(|at| (at, &source.shipped[at + "crate::".len()..])) {
        for target in first_names(path) {
            if floor(target).is_none() || !may_import(own, target) {
                findings.push(source.at(at, &format!("{own} imports from {target}")));
            }
        }
    }
    // As many `super::` as the file is deep lead to the crate and from there into any room, unseen by the above.
    let depth = source.path.trim_end_matches("/mod.rs").matches('/').count();
    let climb = "super::".repeat(depth);
    findings.extend(words(&source.shipped, &climb).map(|at| source.at(at, "leaves its room by super::")));
    findings
}

/// The first name of a path, or the first names in a group: `{model::Rule, policy::{self, Action}}` has two.
fn first_names(path: &str) -> Vec<&str> {
    let name = |text| {
        let text: &str = str::trim_start(text);
        &text[..text
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(text.len())]
    };
    let Some(group) = path.strip_prefix('{') else {
        return vec![name(path)];
    };
    let (mut names, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                names.push(name(&group[start..at]));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty()); // after a trailing comma
    names
}

fn impurities(source: &Source) -> Vec<String> {
    if room(source).and_then(floor).is_none_or(|floor| floor >= PURE) {
        return Vec::new();
    }
    let found = |word: &&str| {
        words(&source.shipped, word)
            .map(|at| source.at(at, word))
            .collect::<Vec<_>>()
    };
    IMPURE.iter().flat_map(found).collect()
}

/// The head of a pure room must forbid unsafe code, so that the compiler holds it for the whole room.
fn unforbidden(source: &Source) -> Vec<String> {
    let is_head = source.path.ends_with("/mod.rs") && source.path.matches('/').count() == 2;
    let is_pure = room(source).and_then(floor).is_some_and(|floor| floor < PURE);
    if is_head && is_pure && !source.code.contains("#![forbid(unsafe_code)]") {
        return vec![source.at(0, "lacks #![forbid(unsafe_code)]")];
    }
    Vec::new()
}

#[test]
fn every_room_is_on_a_floor() {
    none(
        extension().iter().flat_map(strangers).collect(),
        "the rooms are those of ARCHITECTURE.md",
    );
}

#[test]
fn imports_point_down() {
    none(
        extension().iter().flat_map(imports_not_down).collect(),
        "a room imports only from floors below",
    );
}

#[test]
fn pure_floors_are_pure() {
    none(
        extension().iter().flat_map(impurities).collect(),
        "floors 0 to 2 return values and know no server and no clock",
    );
}

#[test]
fn pure_floors_forbid_unsafe_code() {
    none(
        extension().iter().flat_map(unforbidden).collect(),
        "floors 0 to 2 forbid unsafe code",
    );
}

#[test]
fn planted_violations_are_found() {
    let findings = |check: fn(&Source) -> Vec<String>, path: &str, text: &str| check(&Source::new(path, text)).len();
    let imports = |path, text| findings(imports_not_down, path, text);
    assert_eq!(imports("src/model/a.rs", "use crate::profile::x;"), 1);
    assert_eq!(
        imports("src/policy/a.rs", "use crate::{model::{A, B},\n advice::C, batch, };"),
        2
    );
    assert_eq!(
        imports("src/policy/a.rs", "use crate::model::A; fn f() { crate::policy::b() }"),
        0
    );
    assert_eq!(imports("src/advice/a.rs", "use crate::policy::A;"), 0);
    assert_eq!(imports("src/guard/a.rs", "fn f() { crate::audit::b() }"), 1);
    assert_eq!(imports("src/model/a.rs", "use super::super::postgres;"), 1);
    assert_eq!(imports("src/model/mod.rs", "use super::postgres;"), 1);
    assert_eq!(imports("src/model/a.rs", "use super::b; // crate::api"), 0);
    assert_eq!(findings(strangers, "src/utilities/a.rs", ""), 1);
    assert_eq!(findings(strangers, "src/utilities.rs", ""), 1);
    assert_eq!(findings(impurities, "src/batch/a.rs", "use std::time::Instant;"), 2);
    assert_eq!(
        findings(
            impurities,
            "src/batch/a.rs",
            "#[cfg(test)] mod t { use std::time::Instant; }"
        ),
        0
    );
    assert_eq!(findings(impurities, "src/guard/a.rs", "use pgrx::prelude::*;"), 0);
    assert_eq!(findings(unforbidden, "src/model/mod.rs", "pub mod a;"), 1);
}
