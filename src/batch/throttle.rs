//! How long a backfill rests because of the WAL that the server writes, and how far back in time a position in it lies.

use std::collections::VecDeque;

/// No more than so many seconds' worth is owed, however much others write.
const LONGEST_DEBT: f64 = 60.0;
/// So many moments are remembered, at least so many seconds apart: an hour, and longer where little is written.
const MOMENTS: usize = 4096;
const APART: f64 = 1.0;

/// A budget of bytes per second: what is written above it must be rested for.
#[derive(Debug, Default)]
pub struct Budget {
    last: Option<(f64, i64)>,
    debt: f64,
}

impl Budget {
    /// Seconds to rest when at the time `now` (in seconds) `position` bytes have been written in all and `rate` bytes may
    /// be written per second.
    pub fn rest(&mut self, now: f64, position: i64, rate: f64) -> f64 {
        if let Some((then, before)) = self.last.replace((now, position)) {
            let written = position.saturating_sub(before).max(0) as f64;
            let allowed = (now - then).max(0.0) * rate;
            self.debt = (self.debt + written - allowed).clamp(0.0, rate * LONGEST_DEBT);
        }
        if rate > 0.0 { self.debt / rate } else { 0.0 }
    }
}

/// When how much WAL had been written, as far as this process has seen.
#[derive(Debug, Default)]
pub struct History {
    moments: VecDeque<(f64, i64)>,
}

impl History {
    /// At the time `now`, `position` bytes had been written.
    pub fn note(&mut self, now: f64, position: i64) {
        if let Some(&(then, last)) = self.moments.back()
            && (position <= last || now < then + APART)
        {
            return;
        }
        if self.moments.len() >= MOMENTS {
            self.moments.pop_front();
        }
        self.moments.push_back((now, position));
    }

    /// For how many seconds, at least, there has been something behind `position`.
    pub fn age(&self, now: f64, position: i64) -> f64 {
        let behind = self.moments.iter().find(|&&(_, written)| written > position);
        behind.map_or(0.0, |&(then, _)| (now - then).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_the_budget_is_rested_for() {
        let mut budget = Budget::default();
        assert_eq!(budget.rest(0.0, 1_000_000, 100.0), 0.0);
        assert_eq!(budget.rest(1.0, 1_000_050, 100.0), 0.0);
        assert_eq!(budget.rest(2.0, 1_000_450, 100.0), 3.0);
        assert_eq!(budget.rest(4.0, 1_000_450, 100.0), 1.0);
        assert_eq!(budget.rest(5.5, 1_000_450, 100.0), 0.0);
        assert_eq!(budget.rest(6.0, 9_000_000, 100.0), LONGEST_DEBT);
        assert_eq!(budget.rest(7.0, 9_000_000, 0.0), 0.0);
    }

    #[test]
    fn over_any_time_the_budget_is_kept() {
        let (mut budget, mut now, mut written) = (Budget::default(), 0.0, 0);
        for batch in 0..1000 {
            now += 0.1 + budget.rest(now, written, 1000.0);
            written += 100 + batch % 7 * 90;
        }
        assert!(written as f64 <= 1000.0 * (now + 1.0), "{written} in {now} s");
    }

    #[test]
    fn a_position_is_as_old_as_what_follows_it() {
        let mut history = History::default();
        assert_eq!(history.age(9.0, 5), 0.0);
        for (now, position) in [(10.0, 100), (11.0, 200), (12.0, 200), (13.0, 300)] {
            history.note(now, position);
        }
        assert_eq!(history.age(14.0, 300), 0.0);
        assert_eq!(history.age(14.0, 250), 1.0);
        assert_eq!(history.age(14.0, 150), 3.0);
        assert_eq!(history.age(14.0, 0), 4.0);
    }

    #[test]
    fn the_history_is_bounded() {
        let mut history = History::default();
        for tenth in 0..100_000 {
            history.note(f64::from(tenth) / 10.0, i64::from(tenth) + 1);
        }
        assert_eq!(history.moments.len(), MOMENTS);
        let old = history.age(10_000.0, 0);
        assert!((3600.0..10_000.0).contains(&old), "{old}");
        let young = history.age(10_000.0, 99_800);
        assert!((18.0..21.0).contains(&young), "{young}");
    }
}
