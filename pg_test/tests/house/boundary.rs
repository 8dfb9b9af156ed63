//! Invariants 2 and 3: the server's C interface is touched in one room, where each unsafe says why it is sound; nothing
//! that is shipped panics.

use crate::none;
use crate::source::{Source, extension, words};

const PANICS: [&str; 5] = [".unwrap()", ".expect(", "panic!", "todo!", "unimplemented!"];

fn in_postgres(source: &Source) -> bool {
    source.path.starts_with("src/postgres/")
}

fn outside_the_boundary(source: &Source) -> Vec<String> {
    if in_postgres(source) {
        return Vec::new();
    }
    let is_entry_point = |at: usize| {
        let line = source.code[at..].lines().next().unwrap_or_default();
        source.path == "src/lib.rs" && line.contains("fn _PG_init()")
    };
    let found = |word: &&str| {
        words(&source.code, word)
            .map(|at| (at, word.to_string()))
            .collect::<Vec<_>>()
    };
    ["unsafe", "pg_sys", "static mut", "extern \""]
        .iter()
        .flat_map(found)
        .filter(|(at, _)| !is_entry_point(*at))
        .map(|(at, word)| source.at(at, &word))
        .collect()
}

fn unexplained(source: &Source) -> Vec<String> {
    let unsafes = words(&source.code, "unsafe").filter(|&at| {
        let after = source.code[at + "unsafe".len()..].trim_start();
        let is_attribute = after.starts_with('('); // #[unsafe(no_mangle)]
        !is_attribute && !is_function_type(after) && !is_explained(source, at)
    });
    unsafes
        .map(|at| source.at(at, "unsafe without a SAFETY: comment or a # Safety section above"))
        .collect()
}

/// `unsafe extern "C-unwind" fn(…)` names a type; there is nothing to explain before one is called.
fn is_function_type(after: &str) -> bool {
    let declaration = &after[..after.find(['{', ';', '(']).unwrap_or(after.len())];
    declaration.trim_end().ends_with("fn")
}

/// Whether the comments right above the statement, or on the same line, explain it. The statement may have begun on a
/// line above, and attributes may stand between.
fn is_explained(source: &Source, at: usize) -> bool {
    let line = source.text[..at].matches('\n').count();
    let texts: Vec<&str> = source.text.lines().collect();
    let codes: Vec<&str> = source.code.lines().collect();
    let explains = |line: usize| {
        let comment = texts[line].find("//").map_or("", |start| &texts[line][start..]);
        comment.contains("SAFETY:") || comment.contains("# Safety")
    };
    if explains(line) {
        return true;
    }
    for above in (0..line).rev() {
        let (text, code) = (texts[above].trim(), codes[above].trim_end());
        if text.starts_with("//") {
            if explains(above) {
                return true;
            }
        } else if text.is_empty() || (!text.starts_with("#[") && code.ends_with([';', '{', '}', ','])) {
            return false; // another statement
        }
    }
    false
}

fn panics(source: &Source) -> Vec<String> {
    let found = |word: &&str| {
        words(&source.shipped, word)
            .map(|at| source.at(at, word))
            .collect::<Vec<_>>()
    };
    PANICS.iter().flat_map(found).collect()
}

#[test]
fn only_the_postgres_room_touches_the_c_interface() {
    none(
        extension().iter().flat_map(outside_the_boundary).collect(),
        "unsafe code and pg_sys belong under src/postgres",
    );
}

#[test]
fn every_unsafe_says_why_it_is_sound() {
    none(
        extension().iter().flat_map(unexplained).collect(),
        "unsafe code says why it is sound",
    );
}

#[test]
fn nothing_shipped_panics() {
    none(
        extension().iter().flat_map(panics).collect(),
        "errors are returned or reported",
    );
}

#[test]
fn planted_violations_are_found() {
    let findings = |check: fn(&Source) -> Vec<String>, path: &str, text: &str| check(&Source::new(path, text)).len();
    let outside = |path, text| findings(outside_the_boundary, path, text);
    assert_eq!(
        outside(
            "src/guard/a.rs",
            "unsafe { pg_sys::x() }\nstatic mut A: i32 = 0;\nextern \"C\" fn b() {}"
        ),
        4
    );
    assert_eq!(
        outside(
            "src/lib.rs",
            "pub extern \"C-unwind\" fn _PG_init() {\n}\nextern \"C\" fn b() {}"
        ),
        1
    );
    assert_eq!(
        outside("src/guard/a.rs", "#![forbid(unsafe_code)] // unsafe\nextern crate std;"),
        0
    );
    assert_eq!(outside("src/postgres/a.rs", "unsafe { pg_sys::x() }"), 0);

    let unexplained = |text| findings(unexplained, "src/postgres/a.rs", text);
    assert_eq!(unexplained("// SAFETY: so\nlet a =\n    unsafe { b() };"), 0);
    assert_eq!(unexplained("// SAFETY: so\n#[allow(x)]\nunsafe impl A for B {}"), 0);
    assert_eq!(
        unexplained("/// # Safety\n/// so\n#[pg_guard]\npub unsafe extern \"C-unwind\" fn a() {}"),
        0
    );
    assert_eq!(
        unexplained("type Hook = Option<unsafe extern \"C-unwind\" fn(i32)>;\n#[unsafe(no_mangle)]"),
        0
    );
    assert_eq!(
        unexplained("// SAFETY: so\nlet a = unsafe { b() };\nlet c = unsafe { d() };"),
        1
    );
    assert_eq!(unexplained("/// Words.\npub unsafe fn a() {}"), 1);
    assert_eq!(unexplained("// SAFETY: so\n\nunsafe impl A for B {}"), 1);
    assert_eq!(unexplained("unsafe { b(\"SAFETY: no\") };"), 1);

    let panics = |text| findings(panics, "src/guard/a.rs", text);
    assert_eq!(
        panics("a.unwrap(); b.expect(\"c\"); panic!(); todo!(); unimplemented!()"),
        5
    );
    assert_eq!(panics("a.unwrap_or(b); c.unwrap_or_default(); d.expect_end()"), 0);
    assert_eq!(panics("#[cfg(test)]\nmod tests { fn a() { b.unwrap() } }"), 0);
}
