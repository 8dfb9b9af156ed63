//! Names for what a hint creates: as the server would choose them, and not taken.

use std::collections::BTreeSet;

use crate::model::relation::{Relation, quote_identifier};

/// The longest name, in bytes: NAMEDATALEN of `pg_config_manual.h` less its NUL.
const LONGEST: usize = 63;

/// Whether a relation has a constraint of this name, or its schema a relation.
pub type IsTaken<'a> = &'a dyn Fn(&Relation, &str) -> bool;

/// The names of one hint.
pub struct Names<'a> {
    is_taken: IsTaken<'a>,
    given: BTreeSet<String>,
}

impl<'a> Names<'a> {
    /// Besides those that the statement gives itself.
    pub fn new(is_taken: IsTaken<'a>, given: impl Iterator<Item = String>) -> Self {
        Self {
            is_taken,
            given: given.collect(),
        }
    }

    /// A name for something of a relation, quoted: the parts joined by `_`, counted up while it is taken.
    /// `ChooseConstraintName` of `catalog/pg_constraint.c`.
    pub fn choose(&mut self, relation: &Relation, parts: &[&str]) -> String {
        let mut counts = std::iter::once(String::new()).chain((1..).map(|count: u32| count.to_string()));
        let name = counts.find_map(|count| {
            let name = joined(parts, &count);
            let free = !self.given.contains(&name) && !(self.is_taken)(relation, &name);
            free.then_some(name)
        });
        let name = name.unwrap_or_default(); // there is always one more
        self.given.insert(name.clone());
        quote_identifier(&name)
    }
}

/// The parts as one name; the longest ones are cut where it would be too long, but not the last. `makeObjectName` of
/// `commands/indexcmds.c`.
fn joined(parts: &[&str], count: &str) -> String {
    let mut parts: Vec<&str> = parts.to_vec();
    while parts.iter().map(|part| part.len() + 1).sum::<usize>() - 1 + count.len() > LONGEST {
        let names = parts.len().saturating_sub(1);
        let Some(longest) = parts[..names].iter_mut().max_by_key(|part| part.len()) else {
            break;
        };
        let Some((last, _)) = longest.char_indices().next_back() else {
            break;
        };
        *longest = &longest[..last];
    }
    parts.join("_") + count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_as_the_server_cuts_them() {
        let long = "ä".repeat(31);
        assert_eq!(joined(&["orders", "total", "check"], ""), "orders_total_check");
        assert_eq!(joined(&["orders", "total", "check"], "12"), "orders_total_check12");
        let cut = joined(&[&long, "total", "check"], "7");
        assert_eq!(cut, format!("{}_total_check7", "ä".repeat(25)));
        assert_eq!(cut.len(), 63);
        assert_eq!(joined(&[&long, &long, "fkey"], "").len(), 62);
        assert_eq!(joined(&[&"x".repeat(70)], "").len(), 70);
    }
}
