//! How many rows the next batch takes.
//!
//! The size follows the speed that was measured, towards a target time for each batch. It is counted in rows scanned,
//! not in rows changed: where few rows match the condition, batches grow until reading takes the target time.

/// Rows of the first batch: milliseconds on any table, so that a bad surprise stays small.
pub const FIRST: i32 = 1_000;
/// Below this the commit costs more than the rows.
pub const SMALLEST: i32 = 100;
/// A row costs 5 µs or more to change: 100000 fill the default target time. More would only hold more row locks at once.
pub const LARGEST: i32 = 100_000;
/// While so few batches are done the size may double; later it grows gently, because then a sudden quick batch says
/// more about that stretch of the table than about the next one.
const EARLY_BATCHES: i64 = 10;
const EARLY_GROWTH: f64 = 2.0;
const LATER_GROWTH: f64 = 1.2;
const SHRINK: f64 = 0.5;

/// Weight of the newest batch in the moving average of the speed.
const NEWEST: f64 = 0.4;

/// The moving average of rows per second after a batch of `rows` in `elapsed_ms`.
/// A batch that says nothing about speed (no rows, no time) leaves it as it was.
pub fn smoothed_rate(previous: Option<f64>, rows: i64, elapsed_ms: f64) -> Option<f64> {
    if rows <= 0 || !elapsed_ms.is_finite() || elapsed_ms <= 0.0 {
        return previous;
    }
    let newest = rows as f64 * 1000.0 / elapsed_ms;
    Some(match previous {
        Some(previous) if previous.is_finite() && previous > 0.0 => NEWEST * newest + (1.0 - NEWEST) * previous,
        _ => newest,
    })
}

/// The size of the batch after one of `current` rows, when `batches` are done and rows pass at `rows_per_second`. Where
/// the user has `fixed` it, it only comes back to that after a failure has made it smaller.
pub fn next_batch_size(
    current: i32,
    fixed: Option<i32>,
    rows_per_second: Option<f64>,
    batches: i64,
    target_ms: f64,
) -> i32 {
    let doubled = current.max(1).saturating_mul(2);
    if let Some(fixed) = fixed {
        return doubled.min(fixed);
    }
    if current < SMALLEST {
        return doubled;
    }
    let current = f64::from(current.clamp(SMALLEST, LARGEST));
    let wanted = match rows_per_second {
        Some(rate) if rate.is_finite() && rate > 0.0 && target_ms > 0.0 => rate * target_ms / 1000.0,
        _ => return current as i32,
    };
    // Far below what is wanted it is after a failure, too.
    let growth = if batches <= EARLY_BATCHES || current * EARLY_GROWTH * EARLY_GROWTH < wanted {
        EARLY_GROWTH
    } else {
        LATER_GROWTH
    };
    bounded(wanted.clamp(current * SHRINK, current * growth))
}

fn bounded(size: f64) -> i32 {
    size.clamp(f64::from(SMALLEST), f64::from(LARGEST)).round() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET_MS: f64 = 500.0;

    /// Runs `batches` batches on a table that does `rows_per_second`, and returns their sizes.
    fn sizes(rows_per_second: f64, batches: i64) -> Vec<i32> {
        let (mut size, mut rate, mut all) = (FIRST, None, Vec::new());
        for batch in 1..=batches {
            all.push(size);
            let elapsed_ms = f64::from(size) * 1000.0 / rows_per_second;
            rate = smoothed_rate(rate, i64::from(size), elapsed_ms);
            size = next_batch_size(size, None, rate, batch, TARGET_MS);
        }
        all
    }

    #[test]
    fn reaches_the_target_time_within_a_few_batches() {
        for rows_per_second in [500.0, 20_000.0, 60_000.0, 190_000.0] {
            let last = f64::from(*sizes(rows_per_second, 12).last().unwrap());
            let ms = last * 1000.0 / rows_per_second;
            assert!(
                (ms - TARGET_MS).abs() < TARGET_MS * 0.1,
                "{rows_per_second} rows/s: {ms} ms"
            );
        }
    }

    #[test]
    fn never_leaves_its_bounds() {
        assert_eq!(*sizes(1e9, 60).last().unwrap(), LARGEST);
        assert_eq!(*sizes(1.0, 60).last().unwrap(), SMALLEST);
    }

    #[test]
    fn each_step_is_smooth_whatever_it_is_fed() {
        let sizes = [i32::MIN, -1, 0, 1, 99, 100, 1_000, 77_777, 100_000, i32::MAX];
        let rates = [f64::NAN, f64::INFINITY, -1.0, 0.0, 1e-300, 3.0, 1e5, 1e300];
        for current in sizes {
            for rate in rates {
                for batches in [0, 1, 10, 11, i64::MAX] {
                    let next = next_batch_size(current, None, Some(rate), batches, TARGET_MS);
                    let from = current.clamp(1, LARGEST);
                    assert!((1..=LARGEST).contains(&next));
                    assert!(f64::from(next) <= f64::from(from) * 2.0);
                    assert!(f64::from(next) >= (f64::from(from) * 0.5).floor());
                }
            }
        }
    }

    #[test]
    fn it_grows_gently_when_it_is_near_its_size() {
        assert_eq!(next_batch_size(10_000, None, Some(1e5), 100, TARGET_MS), 20_000);
        assert_eq!(next_batch_size(30_000, None, Some(1e5), 100, TARGET_MS), 36_000);
        assert_eq!(next_batch_size(49_000, None, Some(1e5), 100, TARGET_MS), 50_000);
    }

    #[test]
    fn a_fixed_size_is_come_back_to() {
        let sizes: Vec<i32> = std::iter::successors(Some(3), |&size| {
            Some(next_batch_size(size, Some(20), Some(1e5), 100, TARGET_MS))
        })
        .take(5)
        .collect();
        assert_eq!(sizes, [3, 6, 12, 20, 20]);
        assert_eq!(next_batch_size(500, Some(20), None, 1, TARGET_MS), 20);
    }

    #[test]
    fn the_average_lies_between_the_old_speed_and_the_new_one() {
        for (previous, rows, elapsed_ms) in [(100.0, 500, 500.0), (5_000.0, 10, 900.0), (1.0, 1, 1000.0)] {
            let newest = rows as f64 * 1000.0 / elapsed_ms;
            let rate = smoothed_rate(Some(previous), rows, elapsed_ms).unwrap();
            assert!(rate >= previous.min(newest) && rate <= previous.max(newest));
        }
    }

    #[test]
    fn a_batch_without_rows_or_time_says_nothing_about_speed() {
        assert_eq!(smoothed_rate(Some(7.0), 0, 10.0), Some(7.0));
        assert_eq!(smoothed_rate(None, 0, 10.0), None);
        assert_eq!(smoothed_rate(Some(7.0), 10, 0.0), Some(7.0));
        assert_eq!(smoothed_rate(Some(7.0), 10, f64::NAN), Some(7.0));
    }
}
