//! Whether a batch that failed is tried again, and after how long.

/// Five retries wait about three seconds in all: long enough for a short transaction in the way, short enough that a
/// person who watches is told soon.
const RETRIES: i32 = 5;
const FIRST_DELAY_SECONDS: f64 = 0.1;

const SERIALIZATION_FAILURE: &str = "40001";
const DEADLOCK_DETECTED: &str = "40P01";
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// Seconds to wait before a batch whose attempt number `attempt` failed with `sqlstate` is tried again; `None` when
/// trying again would not help.
pub fn delay(attempt: i32, sqlstate: &str) -> Option<f64> {
    let may_pass = [SERIALIZATION_FAILURE, DEADLOCK_DETECTED, LOCK_NOT_AVAILABLE].contains(&sqlstate);
    (may_pass && (1..=RETRIES).contains(&attempt)).then(|| FIRST_DELAY_SECONDS * f64::from(1 << (attempt - 1)))
}

/// The rows to take after a batch of `size` failed with `sqlstate`: half of them after a lock that was not released in
/// time, because fewer rows meet fewer locks.
pub fn size(size: i32, sqlstate: &str) -> i32 {
    if sqlstate == LOCK_NOT_AVAILABLE {
        (size / 2).max(1)
    } else {
        size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_tried_again_after_longer_and_longer_waits() {
        for sqlstate in [SERIALIZATION_FAILURE, DEADLOCK_DETECTED, LOCK_NOT_AVAILABLE] {
            let delays: Vec<f64> = (1..).map_while(|attempt| delay(attempt, sqlstate)).collect();
            assert_eq!(delays, [0.1, 0.2, 0.4, 0.8, 1.6]);
        }
    }

    #[test]
    fn what_cannot_pass_is_not_tried_again() {
        assert_eq!(delay(1, "23514"), None);
        assert_eq!(delay(1, "IL010"), None);
        assert_eq!(delay(0, DEADLOCK_DETECTED), None);
        assert_eq!(delay(i32::MAX, DEADLOCK_DETECTED), None);
    }

    #[test]
    fn a_lock_timeout_halves_the_batch_down_to_one_row() {
        assert_eq!(size(1_000, LOCK_NOT_AVAILABLE), 500);
        assert_eq!(size(1, LOCK_NOT_AVAILABLE), 1);
        assert_eq!(size(i32::MIN, LOCK_NOT_AVAILABLE), 1);
        assert_eq!(size(1_000, DEADLOCK_DETECTED), 1_000);
    }
}
