//! What stands behind a view, and what the range table of an analyzed query names.

use pgrx::pg_sys;
use pgrx::pg_sys::RTEKind::{RTE_RELATION, RTE_SUBQUERY};

use super::relations::{class_row, with_relation};
use super::walk;
use crate::model::lock_mode::LockMode;
use crate::model::relation::{Oid, RelationKind};
use crate::postgres::catalog::{self, Value};
use crate::postgres::node;

/// A relation that a query names.
pub struct Source {
    pub oid: Oid,
    pub kind: RelationKind,
    /// The lock it is opened with.
    pub mode: LockMode,
    /// With what inherits from it.
    pub recurse: bool,
    /// What is done to its rows: [`INSERT`] and so on, 0 if they are only read.
    pub change: i16,
}

// As in `tgtype` of `catalog/pg_trigger.h`.
pub const INSERT: i16 = 1 << 2;
pub const DELETE: i16 = 1 << 3;
pub const UPDATE: i16 = 1 << 4;
const INSTEAD: i16 = 1 << 6;

impl Source {
    /// `None` if there is no such relation.
    pub fn of(oid: Oid, mode: LockMode, recurse: bool) -> Option<Self> {
        let kind = RelationKind::from_relkind(class_row(oid)?.letter("relkind"))?;
        Some(Self {
            oid,
            kind,
            mode,
            recurse,
            change: 0,
        })
    }

    fn of_entry(entry: &pg_sys::RangeTblEntry) -> Option<Self> {
        // A view that was replaced by its query keeps its oid and its lock.
        let named = matches!(entry.rtekind, RTE_RELATION | RTE_SUBQUERY) && entry.relid != pg_sys::InvalidOid;
        let mode = LockMode::from_number(entry.rellockmode).filter(|_| named)?;
        let recurse = entry.inh && entry.rtekind == RTE_RELATION;
        Self::of(entry.relid.to_u32(), mode, recurse)
    }
}

/// The relations that a view's query names, in its subqueries and expressions too.
pub fn sources(view: Oid) -> Vec<Source> {
    of_query(view, |query| {
        let mut found = vec![];
        for query in walk::queries(query) {
            found.extend(entries(query).into_iter().filter_map(Source::of_entry));
        }
        found
    })
}

/// What a statement opens that names a view with this lock: `AcquireRewriteLocks` and `rewriteTargetView` of
/// `rewrite/rewriteHandler.c`.
pub fn behind(view: &Source) -> Vec<Source> {
    let changed = view.change != 0 && !has_its_own_way(view.oid, view.change);
    of_query(view.oid, |query| {
        let mut found = vec![];
        range_table(query, view.mode == LockMode::RowShare, &mut found);
        let base = changed.then(|| base(query)).flatten();
        found.extend(base.map(|base| Source {
            mode: view.mode,
            change: view.change,
            ..base
        }));
        found
    })
}

fn of_query(view: Oid, read: impl FnOnce(*mut pg_sys::Query) -> Vec<Source>) -> Vec<Source> {
    let mut found = with_relation(view, |relation| stored_query(relation).map(read))
        .flatten()
        .unwrap_or_default();
    // Before 16 a rule has entries for OLD and NEW.
    found.retain(|source| source.oid != view);
    found
}

/// The query of a view or materialized view, in the relation cache: as `get_view_query` of `rewrite/rewriteHandler.c`, which
/// wants no materialized ones.
fn stored_query(relation: pg_sys::Relation) -> Option<*mut pg_sys::Query> {
    // SAFETY: a pinned entry of the relation cache, with as many rules as it says; only read.
    unsafe {
        let rules = (*relation).rd_rules.as_ref()?;
        let mut rules = (0..usize::try_from(rules.numLocks).unwrap_or(0)).map(|at| &**rules.rules.add(at));
        let select = rules.find(|rule| rule.event == pg_sys::CmdType::CMD_SELECT)?;
        node::list(select.actions).first().map(|query| query.cast())
    }
}

/// The relations of an analyzed query, and of those inside it. `locked`: its result is read FOR UPDATE, and so is what it is
/// made of; not so what only its expressions and its WITH clause read.
pub fn range_table(query: *mut pg_sys::Query, locked: bool, found: &mut Vec<Source>) {
    let target = inserted_into(query);
    for (place, entry) in entries(query).into_iter().enumerate() {
        if entry.rtekind == RTE_SUBQUERY {
            range_table(entry.subquery, locked, found);
        }
        if let Some(mut source) = Source::of_entry(entry) {
            if Some(place) == target {
                source.change = INSERT;
            }
            if locked {
                source.mode = source.mode.max(LockMode::RowShare);
            }
            found.push(source);
        }
    }
    for query in walk::beside_from(query) {
        range_table(query, false, found);
    }
}

fn entries<'a>(query: *mut pg_sys::Query) -> Vec<&'a pg_sys::RangeTblEntry> {
    // SAFETY: a Query of the server, which is only read.
    node::list(unsafe { (*query).rtable })
        .into_iter()
        .filter_map(|entry| node::cast(entry, pg_sys::NodeTag::T_RangeTblEntry))
        .collect()
}

/// The place in the range table of what an INSERT or MERGE adds rows to.
fn inserted_into(query: *mut pg_sys::Query) -> Option<usize> {
    use pg_sys::CmdType::{CMD_INSERT, CMD_MERGE};
    // SAFETY: a Query of the server, which is only read.
    let (command, place, actions) = unsafe {
        (
            (*query).commandType,
            (*query).resultRelation,
            node::list((*query).mergeActionList),
        )
    };
    let mut actions = actions
        .into_iter()
        .filter_map(|action| node::cast::<pg_sys::MergeAction>(action, pg_sys::NodeTag::T_MergeAction));
    let inserts =
        command == CMD_INSERT || command == CMD_MERGE && actions.any(|action| action.commandType == CMD_INSERT);
    usize::try_from(place).ok().filter(|_| inserts)?.checked_sub(1)
}

/// The one relation that is changed in place of a view: `view_query_is_auto_updatable`.
fn base(query: *mut pg_sys::Query) -> Option<Source> {
    // SAFETY: a Query of the server, which has its FROM clause; only read.
    let from = unsafe { node::list((*(*query).jointree).fromlist) };
    let [only] = from[..] else { return None };
    let reference = node::cast::<pg_sys::RangeTblRef>(only, pg_sys::NodeTag::T_RangeTblRef)?;
    let place = usize::try_from(reference.rtindex).ok()?.checked_sub(1)?;
    Source::of_entry(entries(query).get(place)?)
}

/// Whether a view has INSTEAD OF triggers or rules for this change.
fn has_its_own_way(view: Oid, change: i16) -> bool {
    let triggers = catalog::rows(&catalog::TRIGGERS_OF_TABLE, &[Value::Oid(view)]);
    let rules = catalog::rows(&catalog::RULES_OF_TABLE, &[Value::Oid(view)]);
    let event = |rule: u8| match rule {
        b'2' => UPDATE,
        b'3' => INSERT,
        b'4' => DELETE,
        _ => 0,
    };
    let triggered = triggers.iter().map(|row| row.int2("tgtype"));
    triggered
        .filter(|kind| kind & INSTEAD != 0)
        .any(|kind| kind & change != 0)
        || rules
            .iter()
            .filter(|row| row.flag("is_instead") == Some(true))
            .any(|row| event(row.letter("ev_type")) & change != 0)
}
