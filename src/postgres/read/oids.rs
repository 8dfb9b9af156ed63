//! Oids in the order in which they were met, each once.

use std::collections::BTreeSet;

use crate::model::relation::Oid;

/// A list and a set in one: a partition tree has thousands of members, and each is asked for.
#[derive(Clone, Default)]
pub struct Oids {
    list: Vec<Oid>,
    known: BTreeSet<Oid>,
}

impl Oids {
    /// Whether it is among them.
    pub fn contains(&self, oid: Oid) -> bool {
        self.known.contains(&oid)
    }

    /// Adds one, unless it is there.
    pub fn push(&mut self, oid: Oid) {
        if self.known.insert(oid) {
            self.list.push(oid);
        }
    }

    /// The one at this place.
    pub fn at(&self, place: usize) -> Option<Oid> {
        self.list.get(place).copied()
    }

    /// All of them.
    pub fn into_vec(self) -> Vec<Oid> {
        self.list
    }
}

impl Extend<Oid> for Oids {
    fn extend<T: IntoIterator<Item = Oid>>(&mut self, oids: T) {
        for oid in oids {
            self.push(oid);
        }
    }
}

impl FromIterator<Oid> for Oids {
    fn from_iter<T: IntoIterator<Item = Oid>>(oids: T) -> Self {
        let mut all = Self::default();
        all.extend(oids);
        all
    }
}
