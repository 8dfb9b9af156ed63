//! How far a job has come and how long is left, from what is counted and what the planner estimated.

/// Percent of `estimated` rows that are done. An estimate that proved too low never shows 100 before the end.
pub fn percentage(done: i64, estimated: i64, finished: bool) -> f64 {
    if finished {
        return 100.0;
    }
    if estimated <= 0 || done <= 0 {
        return 0.0;
    }
    (done as f64 * 100.0 / estimated as f64).min(99.9)
}

/// Seconds until `remaining` rows are done at `rows_per_second` with a pause after each batch; `None` while unknown.
pub fn time_left(remaining: i64, rows_per_second: f64, batch_size: i32, pause_seconds: f64) -> Option<f64> {
    if !rows_per_second.is_finite() || rows_per_second <= 0.0 {
        return None;
    }
    let remaining = remaining.max(0) as f64;
    let batches = (remaining / f64::from(batch_size.max(1))).ceil();
    Some(remaining / rows_per_second + batches * pause_seconds.max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_too_low_never_shows_100_before_the_end() {
        assert_eq!(percentage(50, 200, false), 25.0);
        assert_eq!(percentage(5_000, 200, false), 99.9);
        assert_eq!(percentage(0, 0, false), 0.0);
        assert_eq!(percentage(i64::MAX, 1, false), 99.9);
        assert_eq!(percentage(3, 200, true), 100.0);
    }

    #[test]
    fn percentage_never_falls_while_rows_are_done() {
        let all: Vec<f64> = (0..400).map(|done| percentage(done, 250, false)).collect();
        assert!(all.windows(2).all(|pair| pair[0] <= pair[1]));
    }

    #[test]
    fn time_left_counts_the_pauses() {
        assert_eq!(time_left(1_000, 100.0, 500, 0.0), Some(10.0));
        assert_eq!(time_left(1_000, 100.0, 500, 3.0), Some(16.0));
        assert_eq!(time_left(-5, 100.0, 500, 3.0), Some(0.0));
        assert_eq!(time_left(1_000, 0.0, 500, 0.0), None);
        assert_eq!(time_left(1_000, f64::NAN, 500, 0.0), None);
    }
}
