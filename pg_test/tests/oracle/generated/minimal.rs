//! The least that a difference needs: of the set-up of a random schema, most has nothing to do with it.

use pg_test::Client;

use crate::case::{Case, NO_ROWS, clean, compared};

/// A smaller set-up under which the statement still differs, and how; `None` if it does not any more.
pub fn minimal(setup: &[String], settings: &str, case: &Case, client: &mut Client) -> Option<String> {
    let mut left = setup.to_vec();
    let mut report = differs(&left, settings, case, client)?;
    let mut size = left.len().div_ceil(2);
    loop {
        let mut at = 0;
        while at < left.len() {
            let end = (at + size).min(left.len());
            let fewer = [&left[..at], &left[end..]].concat();
            match differs(&fewer, settings, case, client) {
                Some(smaller) => {
                    left = fewer;
                    report = smaller;
                }
                None => at = end,
            }
        }
        if size == 1 {
            break;
        }
        size = size.div_ceil(2);
    }
    Some(format!("{settings};\n{};\n{report}", left.join(";\n")))
}

fn differs(setup: &[String], settings: &str, case: &Case, client: &mut Client) -> Option<String> {
    clean(client);
    client.batch(settings);
    for statement in setup {
        // What is left out may be missed here; an INSERT that fails leaves a table that is not empty and has no rows.
        let done = client.try_batch(statement).is_ok();
        if !done && statement.starts_with("INSERT") {
            return None;
        }
    }
    let report = compared(client, case).ok()?;
    (!report.is_empty() && !report.starts_with(NO_ROWS)).then_some(report)
}
