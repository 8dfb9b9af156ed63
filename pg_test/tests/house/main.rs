//! The invariants of the house, held by reading its sources. Each test names the places that break one; each check is
//! itself checked on planted text, lest it be satisfied by finding nothing.

mod boundary;
mod floors;
mod source;
mod texts;

/// Fails with the list of places.
fn none(findings: Vec<String>, rule: &str) {
    assert!(findings.is_empty(), "{rule}:\n  {}", findings.join("\n  "));
}
