//! Constraints as the subcommands of one ALTER TABLE leave them: what VALIDATE and ALTER CONSTRAINT find, which come last
//! (`AT_PASS_MISC`).

use super::added::Added;
use super::constraints::Constraint;
use super::context::Context;

/// A constraint that is found under a name.
pub enum Standing {
    /// It was there before.
    There(Constraint),
    /// The statement itself adds it.
    Added(Added),
}

/// The constraint of the target that has this name when everything else of the statement is done.
pub fn find(name: &str, context: &mut Context) -> Option<Standing> {
    if let Some(there) = context.constraint_that_stays(context.target, name) {
        return Some(Standing::There(there));
    }
    let known = context.added();
    let base = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
    // Where a name was taken, a number is behind it, from the second on.
    let number = name.strip_prefix(base).and_then(|digits| digits.parse::<usize>().ok());
    let found = known.get(name).and_then(|found| found.first()).or_else(|| {
        let found = known.get(base)?;
        found.get(number.unwrap_or(0)).or(found.first())
    });
    found.cloned().map(Standing::Added)
}
