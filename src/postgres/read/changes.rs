//! The rows that a statement is expected to change, from its plan and its text.

use std::ffi::{CString, c_char};

use super::relations::{class_row, created_here, index_rows, with_relation};
use super::written::{self, Found};
use super::{columns, size};
use crate::model::change::{Change, Verb};
use crate::model::relation::{Oid, RelationKind};
use crate::postgres::plan::{Condition, Modification, Plan};
use crate::postgres::settings;

/// Where a statement stands.
#[derive(Clone, Copy)]
pub struct Source {
    /// The query string.
    pub query: *const c_char,
    /// Values were given for its parameters.
    pub parameters: bool,
}

/// Each change of rows that others can see.
pub fn changes(plan: Plan, source: Source) -> Vec<Change> {
    // SAFETY: the statement's plan.
    let (location, length) = unsafe { ((*plan.planned).stmt_location, (*plan.planned).stmt_len) };
    let found = written::statements(source.query, location, length, source.parameters);
    let modifications = plan.modifications().into_iter();
    modifications
        .filter_map(|modification| change(&modification, &found))
        .collect()
}

fn change(modification: &Modification, found: &[Found]) -> Option<Change> {
    let (relation, verb) = (modification.relation(), modification.verb);
    let results = modification.results();
    if results.iter().all(|result| is_private(*result)) {
        return None;
    }
    let text = written::of(found, verb, relation);
    let unconditional = match (modification.condition, text) {
        _ if verb == Verb::Merge => false,
        (Condition::Some, _) | (Condition::Unknown, None) => false,
        (_, Some((text, _))) => !text.has_where,
        (Condition::None, None) => true,
    };
    let written = text.filter(|(_, named)| *named).map(|(text, _)| text.written.clone());
    Some(Change {
        relation,
        verb,
        rows: expected(modification.rows, &results),
        unconditional,
        written,
        key: primary_key(relation),
        batch: batch(),
    })
}

/// The rows that a plan adds to tables; `None` if it adds none.
pub fn rows_added(plan: Plan) -> Option<i64> {
    let additions = plan.additions().into_iter();
    let planned = additions.map(|addition| addition.rows).reduce(|all, more| all + more)?;
    Some(within_reason(planned, plan))
}

/// An estimate of rows that are put together from tables. One that was never analyzed, because it is new, the planner takes
/// for larger than a few pages, and joins of such for much larger than they can be.
pub fn within_reason(planned: f64, plan: Plan) -> i64 {
    let planned = planned.round().clamp(0.0, 1e15) as i64;
    let sources: Vec<Oid> = plan.sources().into_iter().filter(|table| has_rows(*table)).collect();
    if !sources.iter().any(|table| size::is_guess(*table)) {
        return planned;
    }
    let at_most = sources.into_iter().map(|table| size::rows(table).max(1));
    planned.min(at_most.fold(1, i64::saturating_mul))
}

fn has_rows(relation: Oid) -> bool {
    let kind = class_row(relation).and_then(|row| RelationKind::from_relkind(row.letter("relkind")));
    kind.is_some_and(RelationKind::has_rows)
}

/// The rows of the tables that a plan reads from end to end.
pub fn rows_read(plan: Plan) -> i64 {
    plan.scanned().into_iter().map(size::rows).sum()
}

/// The changes of a statement that cannot be planned yet, because it needs what an earlier one makes: of every row, since it
/// has no WHERE. `None` where it has, or is none of ours.
pub fn as_written(text: &str) -> Option<Vec<Change>> {
    let text = CString::new(text).ok()?;
    let found = written::statements(text.as_ptr(), 0, 0, false).into_iter();
    let changes: Vec<Option<Change>> = found
        .map(|found| {
            let relation = found.relation.filter(|_| !found.has_where)?;
            let kind = RelationKind::from_relkind(class_row(relation)?.letter("relkind"))?;
            let (rows, _) = size::size(relation, kind);
            Some(Change {
                relation,
                verb: found.verb,
                rows: if is_private(relation) { 0 } else { rows },
                unconditional: true,
                written: Some(found.written),
                key: primary_key(relation),
                batch: batch(),
            })
        })
        .collect();
    let known: Option<Vec<Change>> = changes.into_iter().collect();
    known.filter(|changes| !changes.is_empty())
}

fn batch() -> i64 {
    settings::dml_row_threshold().map_or(BATCH, |threshold| (threshold / 2).clamp(1, BATCH))
}

/// So many rows may well be changed at once.
const BATCH: i64 = 1000;

/// The planner's estimate, but not more rows than there are: each is changed once at most, also where a join or MERGE
/// meets it more often or finds none, and the planner takes a table that it knows nothing of for larger than a few pages.
fn expected(planned: f64, results: &[Oid]) -> i64 {
    let planned = planned.round().clamp(0.0, 1e15) as i64;
    let known = results.iter().map(|result| {
        let kind = RelationKind::from_relkind(class_row(*result)?.letter("relkind"))?;
        kind.has_rows().then(|| size::rows(*result))
    });
    let there: Option<Vec<i64>> = known.collect();
    there.map_or(planned, |rows| planned.min(rows.iter().sum()))
}

/// Whether nobody else can see the rows, or those that were there are gone: a temporary table, one that the transaction has
/// created or truncated.
fn is_private(relation: Oid) -> bool {
    let temporary = class_row(relation).is_some_and(|row| row.letter("relpersistence") == b't');
    temporary || created_here(relation) || truncated_here(relation)
}

/// Whether the current transaction has truncated it: what `pgstat_count_truncate` of `utils/activity/pgstat_relation.c`
/// notes, for each level of subtransactions. The storage alone does not tell TRUNCATE from a rewrite.
fn truncated_here(relation: Oid) -> bool {
    let truncated = with_relation(relation, |relation| {
        // SAFETY: null, or this process's own counters of the relation, which stay until the transaction ends.
        unsafe {
            let mut level = (*relation)
                .pgstat_info
                .as_ref()
                .map_or(std::ptr::null_mut(), |info| info.trans);
            while let Some(counters) = level.as_ref() {
                if counters.truncdropped {
                    return true;
                }
                level = counters.upper;
            }
            false
        }
    });
    truncated.unwrap_or(false)
}

fn primary_key(table: Oid) -> Vec<String> {
    let columns = columns::of_table(table);
    let key = index_rows(table)
        .iter()
        .find(|row| row.flag("indisprimary") == Some(true) && row.flag("indisvalid") == Some(true))
        .map(|row| row.attnums("indkey"))
        .unwrap_or_default();
    let names = key
        .iter()
        .take_while(|attnum| **attnum > 0)
        .filter_map(|attnum| columns.iter().find(|column| column.attnum == *attnum))
        .map(|column| column.name.clone());
    names.collect()
}
