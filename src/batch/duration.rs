//! Durations as a person reads them: the two largest units, no more.

/// "0.4 s", "45 s", "3 min 20 s", "2 h 5 min", "4 d 2 h".
pub fn text(seconds: f64) -> String {
    if !seconds.is_finite() {
        return "a very long time".to_owned();
    }
    let seconds = seconds.max(0.0);
    if seconds < 9.95 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{whole} s"),
        60..3_600 => two(whole, 60, "min", 1, "s"),
        3_600..86_400 => two(whole, 3_600, "h", 60, "min"),
        _ => two(whole, 86_400, "d", 3_600, "h"),
    }
}

fn two(seconds: u64, large: u64, large_unit: &str, small: u64, small_unit: &str) -> String {
    let rest = seconds % large / small;
    if rest == 0 {
        format!("{} {large_unit}", seconds / large)
    } else {
        format!("{} {large_unit} {rest} {small_unit}", seconds / large)
    }
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn shows_the_two_largest_units() {
        for (seconds, expected) in [
            (-1.0, "0.0 s"),
            (0.04, "0.0 s"),
            (0.44, "0.4 s"),
            (9.94, "9.9 s"),
            (9.96, "10 s"),
            (59.4, "59 s"),
            (59.6, "1 min"),
            (200.0, "3 min 20 s"),
            (3_599.9, "1 h"),
            (7_500.0, "2 h 5 min"),
            (352_800.0, "4 d 2 h"),
            (f64::INFINITY, "a very long time"),
            (f64::NAN, "a very long time"),
        ] {
            assert_eq!(text(seconds), expected, "{seconds}");
        }
    }
}
