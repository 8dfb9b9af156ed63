//! Parse trees: tags, lists, names and text slices.
//!
//! A parse tree is the server's: it is read, never written to. What a function of the server would change is copied
//! first (`copyObject`).

use std::ffi::{CStr, c_char};

use pgrx::{PgList, pg_sys};

use super::encoding::decode;

/// A pointer into a parse tree that lives as long as the statement being judged.
pub type Node = *mut pg_sys::Node;

/// The tag of a node; `T_Invalid` for a null pointer.
pub fn tag(node: Node) -> pg_sys::NodeTag {
    if node.is_null() {
        return pg_sys::NodeTag::T_Invalid;
    }
    // SAFETY: every node begins with its tag.
    unsafe { (*node).type_ }
}

/// The node as `T`, if its tag is `tag`.
pub fn cast<'a, T>(node: Node, expected: pg_sys::NodeTag) -> Option<&'a T> {
    // SAFETY: the tag says that the node is a T; the tree outlives the judgement, which copies what it keeps.
    (tag(node) == expected).then(|| unsafe { &*node.cast::<T>() })
}

/// The elements of a list of nodes; none for NIL.
pub fn list(list: *mut pg_sys::List) -> Vec<Node> {
    // SAFETY: a List of the parse tree, holding node pointers.
    unsafe { PgList::<pg_sys::Node>::from_pg(list) }.iter_ptr().collect()
}

/// The elements of a list of String nodes (a qualified name, say).
pub fn strings(names: *mut pg_sys::List) -> Vec<String> {
    list(names)
        .into_iter()
        .filter_map(|node| cast::<pg_sys::String>(node, pg_sys::NodeTag::T_String))
        .map(|string| text(string.sval))
        .collect()
}

/// A C string of the tree; empty for null.
pub fn text(string: *const c_char) -> String {
    optional_text(string).unwrap_or_default()
}

/// A C string of the server, `None` for null.
pub fn optional_text(string: *const c_char) -> Option<String> {
    // SAFETY: a NUL-terminated string of the server.
    (!string.is_null()).then(|| decode(unsafe { CStr::from_ptr(string) }.to_bytes()))
}

/// A deep copy in the current memory context.
pub fn copy(node: Node) -> Node {
    // SAFETY: copyObject takes any node.
    unsafe { pg_sys::copyObjectImpl(node.cast()).cast() }
}

/// The command tag of a utility statement: `ALTER TABLE`.
pub fn command_tag(statement: Node) -> String {
    // SAFETY: a utility statement; the name is a constant of the server.
    unsafe { text(pg_sys::GetCommandTagName(pg_sys::CreateCommandTag(statement))) }
}

/// Whether a statement is DDL, as `log_statement` understands it; save that REINDEX is, as CREATE INDEX is, and that REFRESH,
/// which changes what a relation contains, is not.
pub fn is_ddl(statement: Node) -> bool {
    use pg_sys::NodeTag::*;
    match tag(statement) {
        T_ReindexStmt => true,
        T_RefreshMatViewStmt => false,
        // SAFETY: a statement.
        _ => unsafe { pg_sys::GetCommandLogLevel(statement) == pg_sys::LogStmtLevel::LOGSTMT_DDL },
    }
}

/// A statement's own slice of the query string.
pub fn statement_text(query: *const c_char, location: i32, length: i32) -> String {
    decode(statement_bytes(query, location, length))
        .trim_matches(|c: char| c.is_whitespace() || c == ';')
        .to_owned()
}

/// The same as the server has it, in bytes from the parser: `CleanQuerytext` of `nodes/queryjumble.c`.
pub fn statement_bytes<'a>(query: *const c_char, location: i32, length: i32) -> &'a [u8] {
    if query.is_null() {
        return &[];
    }
    // SAFETY: the query string of the statement.
    let query = unsafe { CStr::from_ptr(query) }.to_bytes();
    let start = usize::try_from(location).unwrap_or(0).min(query.len());
    let length = usize::try_from(length).ok().filter(|length| *length > 0);
    let end = length.map_or(query.len(), |length| (start + length).min(query.len()));
    &query[start..end]
}

/// What follows a statement in its query string, from the semicolon on; `None` if it is the last.
pub fn rest(query: *const c_char, location: i32, length: i32) -> Option<*const c_char> {
    let length = usize::try_from(length).ok().filter(|length| *length > 0)?;
    let end = usize::try_from(location).unwrap_or(0) + length;
    // SAFETY: the query string of the statement, within its length.
    (!query.is_null() && end <= unsafe { CStr::from_ptr(query) }.count_bytes()).then(|| unsafe { query.add(end) })
}

/// The bytes of a text of the server.
pub fn length(text: *const c_char) -> usize {
    // SAFETY: a NUL-terminated string of the server.
    unsafe { CStr::from_ptr(text) }.count_bytes()
}

/// Whether a word of lower-case letters stands anywhere in a text of the server, in letters of either case.
pub fn mentions(text: *const c_char, word: &str) -> bool {
    // SAFETY: a NUL-terminated string of the server.
    let text = unsafe { CStr::from_ptr(text) }.to_bytes();
    text.windows(word.len())
        .any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}

/// Whether a DefElem option of this name is on: absent is `false`, present without a value is `true`.
pub fn option_on(options: *mut pg_sys::List, name: &str) -> bool {
    option(options, name).unwrap_or(false)
}

/// The same; `None` if it is absent.
pub fn option(options: *mut pg_sys::List, name: &str) -> Option<bool> {
    list(options)
        .into_iter()
        .filter_map(|node| cast::<pg_sys::DefElem>(node, pg_sys::NodeTag::T_DefElem))
        .filter(|option| text(option.defname) == name)
        // SAFETY: defGetBoolean reads a DefElem.
        .map(|option| unsafe { pg_sys::defGetBoolean(std::ptr::from_ref(option).cast_mut()) })
        .last()
}
