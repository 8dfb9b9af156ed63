//! Statements that change many rows at once; see `mass_changes` for what is many.

use super::{CASE, Case, Hint};

const CHANGE: Case = Case {
    rule: "mass-change",
    before: "SET pg_interlock.dml_row_threshold = 100",
    sqlstate: "IL007",
    would: "change many rows of TABLE at once",
    detail: "By its plan: about 200 rows are changed, stay locked until the transaction ends, and leave dead versions behind.",
    way_out: Hint(&[]),
    ..CASE
};

pub fn cases() -> Vec<Case> {
    vec![
        Case {
            statement: "UPDATE shop.orders SET total = -1, note = 'a;b' WHERE total > 0",
            reached: "SELECT count(*) = 200 FROM shop.orders WHERE total = -1 AND note = 'a;b'",
            ..CHANGE
        },
        Case {
            statement: "UPDATE shop.\"Odd 'table'\" AS t SET \"from\" = t.id + 1 WHERE t.\"from\" = t.id + 0 OR t.id > 0",
            table: "Odd 'table'",
            reached: "SELECT bool_and(\"from\" = id + 1) FROM shop.\"Odd 'table'\"",
            ..CHANGE
        },
        Case {
            statement: "DELETE FROM shop.orders WHERE id > 0",
            reached: "SELECT count(*) = 150 FROM shop.orders",
            ..CHANGE
        },
        Case {
            statement: "DELETE FROM shop.events",
            table: "events",
            detail: "It has no WHERE: about 200 rows are changed, stay locked until the transaction ends, and leave dead versions behind.",
            reached: "SELECT count(*) = 150 FROM shop.events",
            ..CHANGE
        },
    ]
}
