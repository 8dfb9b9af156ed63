//! Names for what a hint creates: as the server would choose them, and not taken.

use std::collections::BTreeSet;

use crate::model::relation::{Relation, quote_identifier};

/// The longest name, in bytes: NAMEDATALEN of `pg_config_manual.h` less its NUL.
const LONGEST: usize = 63;

/// What hints ask of the catalog, so that their steps can be run as they are.
pub trait Catalog {
    /// Whether a relation has a constraint of this name, or its schema a relation.
    fn is_taken(&self, relation: &Relation, name: &str) -> bool;
    /// Whether a relation has a column of this name.
    fn has_column(&self, relation: &Relation, name: &str) -> bool;
    /// A constraint that is NOT VALID and says that a column is NOT NULL.
    fn not_null_to_validate(&self, relation: &Relation, column: &str) -> Option<ToValidate>;
}

/// A constraint that has not been held against the rows that were there before it.
pub struct ToValidate {
    /// Its name.
    pub name: String,
    /// It is a CHECK.
    pub is_check: bool,
}

/// The names of one hint.
pub struct Names<'a> {
    /// Knows those that are taken.
    pub catalog: &'a dyn Catalog,
    given: BTreeSet<String>,
}

impl<'a> Names<'a> {
    /// Besides those that the statement gives itself.
    pub fn new(catalog: &'a dyn Catalog, given: impl Iterator<Item = String>) -> Self {
        Self {
            catalog,
            given: given.collect(),
        }
    }

    /// A name for something of a relation, quoted: the parts and the label joined by `_`, counted up while it is taken.
    /// `ChooseConstraintName` of `catalog/pg_constraint.c`.
    pub fn choose(&mut self, relation: &Relation, parts: &[&str], label: &str) -> String {
        let catalog = self.catalog;
        let name = self.first_free(parts, label, |name| catalog.is_taken(relation, name));
        self.given.insert(name.clone());
        quote_identifier(&name)
    }

    /// Whether a name is one that `choose` may have given for these.
    pub fn is_chosen(&self, name: &str, parts: &[&str], label: &str) -> bool {
        name.trim_end_matches(|letter: char| letter.is_ascii_digit()) == joined(parts, label, "")
    }

    /// The same for a column.
    pub fn choose_column(&self, relation: &Relation, column: &str, label: &str) -> String {
        quote_identifier(&self.first_free(&[column], label, |name| self.catalog.has_column(relation, name)))
    }

    fn first_free(&self, parts: &[&str], label: &str, is_taken: impl Fn(&str) -> bool) -> String {
        let mut counts = std::iter::once(String::new()).chain((1..).map(|count: u32| count.to_string()));
        let free = counts.find_map(|count| {
            let name = joined(parts, label, &count);
            (!self.given.contains(&name) && !is_taken(&name)).then_some(name)
        });
        free.unwrap_or_default() // there is always one more
    }
}

/// One name, of which the longest parts are cut where it would be too long. `makeObjectName` of `commands/indexcmds.c`.
fn joined(parts: &[&str], label: &str, count: &str) -> String {
    let mut parts: Vec<&str> = parts.to_vec();
    let whole = |parts: &[&str]| {
        let last = (!label.is_empty()).then_some(label);
        parts.iter().copied().chain(last).collect::<Vec<_>>().join("_") + count
    };
    while whole(&parts).len() > LONGEST {
        let longest = parts.iter_mut().max_by_key(|part| part.len());
        let Some((longest, (end, _))) = longest.and_then(|part| part.char_indices().next_back().map(|end| (part, end)))
        else {
            break;
        };
        *longest = &longest[..end];
    }
    whole(&parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_as_the_server_cuts_them() {
        let long = "ä".repeat(31);
        assert_eq!(joined(&["orders", "total"], "check", ""), "orders_total_check");
        assert_eq!(joined(&["orders", "total"], "check", "12"), "orders_total_check12");
        assert_eq!(joined(&["p1", "i"], "", ""), "p1_i");
        let cut = joined(&[&long, "total"], "check", "7");
        assert_eq!(cut, format!("{}_total_check7", "ä".repeat(25)));
        assert_eq!(cut.len(), 63);
        assert_eq!(joined(&[&long, &long], "fkey", "").len(), 62);
        let of_partitions = ["p1", "p2"].map(|partition| joined(&[partition, &"i".repeat(63)], "", ""));
        assert_eq!(of_partitions[0].len(), 63);
        assert_ne!(of_partitions[0], of_partitions[1]);
    }
}
