//! How attempts to obtain locks follow each other.

use core::time::Duration;

/// The longest rest, in attempts: others hold the way for as long as they like, and one attempt in six is enough to see it
/// free.
const LONGEST: u32 = 5;

/// The rest after so many attempts of this length, the first of which is number 0. `random` is any number: rests of two
/// sessions that want the same locks must not keep step.
pub fn rest(attempts: u32, attempt: Duration, random: u64) -> Duration {
    let times = 2_u32.saturating_pow(attempts).min(LONGEST);
    let jitter = 0.5 + (random % 1000) as f64 / 1000.0;
    attempt.mul_f64(f64::from(times) * jitter)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ATTEMPT: Duration = Duration::from_millis(200);

    #[test]
    fn rests_grow_to_a_limit() {
        let rests: Vec<u128> = (0..5)
            .map(|attempts| rest(attempts, ATTEMPT, 500).as_millis())
            .collect();
        assert_eq!(rests, [200, 400, 800, 1000, 1000]);
        assert_eq!(rest(u32::MAX, ATTEMPT, 500), rest(4, ATTEMPT, 500));
    }

    #[test]
    fn rests_differ_by_chance_and_not_by_much() {
        for random in 0..3000 {
            let rest = rest(0, ATTEMPT, random);
            assert!(rest >= ATTEMPT / 2 && rest <= ATTEMPT * 3 / 2, "{rest:?}");
        }
        assert_ne!(rest(0, ATTEMPT, 1), rest(0, ATTEMPT, 999));
    }
}
