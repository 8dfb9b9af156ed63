//! Who is in the way of a lock, asked by SQL when the statement that wanted it is about to fail.

use pgrx::datum::DatumWithOid;
use pgrx::{JsonB, Spi, pg_sys};
use serde_json::Value;

use super::contain::contained;
use super::polite::Busy;

const QUERY: &str = "
    SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.to_jsonb(b)) FILTER (
             WHERE b.waiting OR b.gid IS NOT NULL OR EXISTS (
               SELECT FROM pg_catalog.pg_locks AS l
               WHERE l.pid OPERATOR(pg_catalog.=) b.pid AND l.virtualtransaction OPERATOR(pg_catalog.=) ANY ($3))),
           pg_catalog.jsonb_agg(pg_catalog.to_jsonb(b)))
    FROM interlock.blockers($1::pg_catalog.oid::pg_catalog.regclass, $2) AS b";

/// The rows of `interlock.blockers`, of those who were in the way all the time; of all who are now if nobody was, and none if
/// they cannot be had.
///
/// Takes a snapshot and may fail, so the caller raises an error afterwards in any case.
pub fn of(busy: &Busy) -> Vec<Value> {
    let (relation, mode) = busy.wanted;
    let answer = contained(|| {
        // SAFETY: taken back below; after an error the transaction is aborted.
        unsafe { pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot()) };
        let relation = pg_sys::Oid::from(relation);
        let rows = Spi::connect(|client| {
            let arguments = [
                DatumWithOid::from(relation),
                DatumWithOid::from(mode.name()),
                DatumWithOid::from(busy.in_the_way.clone()),
            ];
            client.select(QUERY, Some(1), &arguments)?.first().get_one::<JsonB>()
        });
        // SAFETY: as above.
        unsafe { pg_sys::PopActiveSnapshot() };
        rows.ok().flatten()
    });
    match answer {
        Ok(Some(JsonB(Value::Array(rows)))) => rows,
        _ => vec![],
    }
}
