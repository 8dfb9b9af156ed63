//! Whether a batch that failed is tried again, and after how long.

use super::fault::Fault;

const FIRST_SECONDS: f64 = 0.1;
/// Conflicts of a busy application come several in a row; a person who watches should still be told within seconds.
const CONFLICTS: i32 = 8;
const LONGEST_SECONDS: f64 = 2.0;
/// Whoever holds a lock may hold it for hours. Waiting takes nothing from anybody, so it has no end.
const LONGEST_FOR_LOCKS: f64 = 10.0;
/// A full disk takes a person: half an hour for him to come.
const RESOURCES: i32 = 40;
const LONGEST_FOR_RESOURCES: f64 = 60.0;

/// Seconds to wait before a batch whose attempt number `attempt` failed is tried again; `None` when it is given up.
pub fn delay(attempt: i32, fault: Fault) -> Option<f64> {
    let (attempts, longest) = match fault {
        Fault::Lock => (i32::MAX, LONGEST_FOR_LOCKS),
        Fault::Conflict | Fault::Timeout => (CONFLICTS, LONGEST_SECONDS),
        Fault::Resource => (RESOURCES, LONGEST_FOR_RESOURCES),
        Fault::Data | Fault::Lasting => return None,
    };
    let doubled = FIRST_SECONDS * f64::from(1 << (attempt - 1).clamp(0, 20));
    (1..attempts).contains(&attempt).then(|| doubled.min(longest))
}

/// Half of so many rows, at least one.
pub fn halved(size: i32) -> i32 {
    (size / 2).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_tried_again_after_longer_and_longer_waits() {
        for fault in [Fault::Conflict, Fault::Timeout] {
            let delays: Vec<f64> = (1..).map_while(|attempt| delay(attempt, fault)).collect();
            assert_eq!(delays, [0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0]);
        }
        let delays: Vec<f64> = (1..).map_while(|attempt| delay(attempt, Fault::Resource)).collect();
        assert!(delays.windows(2).all(|pair| pair[0] <= pair[1]));
        assert!((1500.0..2400.0).contains(&delays.iter().sum()));
    }

    #[test]
    fn locks_are_waited_for_without_end() {
        for attempt in [1, 2, 10, 1000, i32::MAX - 1] {
            assert!(
                delay(attempt, Fault::Lock).is_some_and(|delay| delay <= 10.0),
                "{attempt}"
            );
        }
    }

    #[test]
    fn what_cannot_pass_is_not_tried_again() {
        assert_eq!(delay(1, Fault::Data), None);
        assert_eq!(delay(1, Fault::Lasting), None);
        assert_eq!(delay(0, Fault::Conflict), None);
        assert_eq!(delay(i32::MAX, Fault::Conflict), None);
    }

    #[test]
    fn halves_end_at_one_row() {
        let sizes: Vec<i32> = std::iter::successors(Some(1000), |&size| (size > 1).then(|| halved(size))).collect();
        assert_eq!(sizes, [1000, 500, 250, 125, 62, 31, 15, 7, 3, 1]);
        assert_eq!(halved(i32::MIN), 1);
    }
}
