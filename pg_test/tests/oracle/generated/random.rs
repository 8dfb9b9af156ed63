//! Chance, reproducible from a seed on every machine.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

/// Where all choices come from.
pub struct Random(Xoshiro256PlusPlus);

impl Random {
    pub fn from_seed(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// One in so many times.
    pub fn one_in(&mut self, times: u32) -> bool {
        self.0.random_range(0..times) == 0
    }

    /// A number from `least` to `most`.
    pub fn number(&mut self, least: usize, most: usize) -> usize {
        self.0.random_range(least as u32..=most as u32) as usize
    }

    /// One of some things; `None` of none.
    pub fn choose<'a, T>(&mut self, things: &'a [T]) -> Option<&'a T> {
        (!things.is_empty()).then(|| &things[self.number(0, things.len() - 1)])
    }

    /// One of some words.
    pub fn word(&mut self, words: &[&'static str]) -> &'static str {
        self.choose(words).copied().unwrap_or_default()
    }

    /// A word, or mostly nothing.
    pub fn perhaps(&mut self, times: u32, word: &'static str) -> &'static str {
        if self.one_in(times) { word } else { "" }
    }

    /// Up to `most` different things, in no order.
    pub fn some<'a, T>(&mut self, things: &'a [T], most: usize) -> Vec<&'a T> {
        let mut left: Vec<&T> = things.iter().collect();
        let wanted = self.number(1, most.max(1)).min(left.len());
        (0..wanted)
            .map(|_| {
                let at = self.number(0, left.len() - 1);
                left.swap_remove(at)
            })
            .collect()
    }

    /// One of some things with weights.
    pub fn weighted<'a, T>(&mut self, things: &'a [(u32, T)]) -> Option<&'a T> {
        let total: u32 = things.iter().map(|(weight, _)| weight).sum();
        let mut at = self.0.random_range(0..total.max(1));
        for (weight, thing) in things {
            if at < *weight {
                return Some(thing);
            }
            at -= weight;
        }
        None
    }
}
