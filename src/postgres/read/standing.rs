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
    if let Some(found) = known.get(name).and_then(|found| found.first()) {
        return Some(Standing::Added(found.clone()));
    }
    // Where a name was taken, a number is behind it.
    let base = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let numbered = known.get(base).and_then(|found| {
        let number = name.strip_prefix(base)?.parse::<usize>().ok()?;
        let taken = (0..number.min(found.len() + 1)).filter(|number| {
            let before = if *number == 0 {
                base.to_owned()
            } else {
                format!("{base}{number}")
            };
            context.constraint_that_stays(context.target, &before).is_some()
        });
        found.get(number - taken.count())
    });
    // A name that nothing else has is that of one which has none, however the server came by it: else there would be an error.
    let unnamed = || known.values().flatten().find(|added| added.part.conname.is_null());
    numbered.or_else(unnamed).cloned().map(Standing::Added)
}
