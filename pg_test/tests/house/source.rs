//! Reading sources: which files there are, and what in a Rust file is code.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, iter};

/// A Rust file, in two readings with the same lines and columns as its text.
pub struct Source {
    /// From the top of the repository.
    pub path: String,
    /// The text itself.
    pub text: String,
    /// Without what is in comments and between quotes.
    pub code: String,
    /// Without tests too.
    pub shipped: String,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Source {
        let code = blank_comments_and_literals(text);
        let in_tests = path.ends_with("/tests.rs") || path.contains("/tests/");
        let shipped = if in_tests { String::new() } else { blank_tests(&code) };
        Source {
            path: path.to_string(),
            text: text.to_string(),
            code,
            shipped,
        }
    }

    /// A finding at a byte of the text.
    pub fn at(&self, position: usize, message: &str) -> String {
        let line = self.text[..position].matches('\n').count() + 1;
        format!("{}:{line}: {message}", self.path)
    }
}

/// The positions of a pattern that is not a part of longer names.
pub fn words<'a>(code: &'a str, pattern: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(pattern)
        .map(|(start, _)| start)
        .filter(move |&start| {
            let (before, after) = (&code[..start], &code[start + pattern.len()..]);
            let joins_before = pattern.starts_with(is_name) && before.ends_with(is_name);
            let joins_after = pattern.ends_with(is_name) && after.starts_with(is_name);
            !joins_before && !joins_after
        })
}

/// The top of the repository.
pub fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .expect("the repository is there")
}

/// The text files that are in the repository or would be at the next commit, as path and text.
pub fn files() -> Vec<(String, String)> {
    let listing = Command::new("git")
        .args([
            "-c",
            "safe.directory=*",
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(top())
        .output()
        .expect("git can be run");
    assert!(
        listing.status.success(),
        "git ls-files: {}",
        String::from_utf8_lossy(&listing.stderr)
    );
    let paths = String::from_utf8_lossy(&listing.stdout).into_owned();
    let read = |path: &str| Some((path.to_string(), fs::read_to_string(top().join(path)).ok()?));
    let files: Vec<_> = paths.lines().filter_map(read).collect();
    assert!(
        files.iter().any(|(path, _)| path == "src/lib.rs"),
        "the listing lacks src/lib.rs"
    );
    files
}

/// The Rust files of the extension.
pub fn extension() -> Vec<Source> {
    let files = files();
    let rust = files
        .iter()
        .filter(|(path, _)| path.starts_with("src/") && path.ends_with(".rs"));
    rust.map(|(path, text)| Source::new(path, text)).collect()
}

fn blank_comments_and_literals(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if let Some(length) = literal(rest, &code) {
            // The quotes stay, so that `extern "C"` can still be told from `extern crate`.
            blank(&mut code, &rest[..length], |c| c == '"');
            rest = &rest[length..];
            continue;
        } else {
            code.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        blank(&mut code, &rest[..length], |_| false);
        rest = &rest[length..];
    }
    code
}

/// Appends blanks for a piece of text, byte for byte, save its line ends and the characters to keep.
fn blank(code: &mut String, piece: &str, keep: fn(char) -> bool) {
    for c in piece.chars() {
        match c {
            c if c == '\n' || keep(c) => code.push(c),
            c => code.extend(iter::repeat_n(' ', c.len_utf8())),
        }
    }
}

/// The length of the block comment at the start; they nest.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest.starts_with(b"*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

/// The length of the string or character literal at the start, if there is one.
fn literal(text: &str, before: &str) -> Option<usize> {
    if text.starts_with('"') {
        return Some(quoted(text, '"'));
    }
    if let Some(inside) = text.strip_prefix('\'') {
        let mut inside = inside.chars();
        let (first, second) = (inside.next()?, inside.next()?);
        // 'a' is a character, 'a a lifetime.
        return (first == '\\' || second == '\'').then(|| quoted(text, '\''));
    }
    let in_name = before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
    let raw = text
        .strip_prefix("br")
        .or(text.strip_prefix("cr"))
        .or(text.strip_prefix('r'))?;
    let hashes = &raw[..raw.len() - raw.trim_start_matches('#').len()];
    let body = raw[hashes.len()..].strip_prefix('"')?;
    let start = text.len() - body.len();
    let end = body
        .find(&format!("\"{hashes}"))
        .map_or(text.len(), |end| start + end + 1 + hashes.len());
    (!in_name).then_some(end)
}

fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = true; // the opening quote
    for (at, c) in text.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == quote {
            return at + 1;
        }
    }
    text.len()
}

/// Blanks each item under `#[cfg(test)]` or `#[cfg(any(test, …))]`.
fn blank_tests(code: &str) -> String {
    let mut shipped = code.to_string();
    for attribute in ["#[cfg(test)]", "#[cfg(any(test"] {
        while let Some(start) = shipped.find(attribute) {
            let end = start + item_length(&shipped[start..]);
            let mut blanks = String::new();
            blank(&mut blanks, &shipped[start..end], |_| false);
            shipped.replace_range(start..end, &blanks);
        }
    }
    shipped
}

/// Up to the `;` or the closing brace that ends the item at the start, its attributes included.
fn item_length(code: &str) -> usize {
    let mut depth = 0;
    for (at, c) in code.char_indices() {
        match c {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => depth -= 1,
            _ => {}
        }
        if depth == 0 && (c == '}' || c == ';') {
            return at + 1;
        }
    }
    code.len()
}

#[test]
fn code_is_told_from_words() {
    let text = "let a = \"unsafe \\\" unsafe\"; // unsafe\n/* unsafe /* */ unsafe */ let b = r#\"un\"safe\"#;\nlet c = '\"'; x::<'a>(); unsafe { }";
    let source = Source::new("src/a.rs", text);
    assert_eq!(source.code.len(), text.len());
    assert_eq!(
        words(&source.code, "unsafe")
            .map(|at| source.at(at, ""))
            .collect::<Vec<_>>(),
        ["src/a.rs:3: "]
    );
    assert!(source.code.contains("let b =") && source.code.contains("let c ="));
    assert_eq!(words("a unsafe_code b", "unsafe").count(), 0);
    assert_eq!(words("pg_sys::x my_pg_sys::y", "pg_sys::").count(), 1);
}

#[test]
fn tests_are_told_from_what_is_shipped() {
    let text = "fn a() {}\n#[cfg(test)]\n#[path = \"x.rs\"]\nmod t { fn b() { [1; 2]; } }\nfn c() {}\n#[cfg(any(test, feature = \"x\"))]\nmod u;\nfn d() {}";
    let shipped = Source::new("src/a.rs", text).shipped;
    let names: Vec<_> = ["a()", "b()", "c()", "mod u", "d()"]
        .into_iter()
        .filter(|name| shipped.contains(name))
        .collect();
    assert_eq!(names, ["a()", "c()", "d()"]);
    assert_eq!(Source::new("src/a/tests.rs", text).shipped, "");
}
