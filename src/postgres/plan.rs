//! What a plan changes or adds: its ModifyTable nodes, and how many rows each is expected to get.
//!
//! A ModifyTable stands at the top of the plan, and at the top of the plan of each INSERT, UPDATE, DELETE or MERGE in the WITH
//! clause (`grouping_planner` of `optimizer/plan/planner.c`), which are among the subplans; nowhere else. Its own row count
//! is that of RETURNING, so its child is asked.

use std::collections::BTreeSet;

use pgrx::pg_sys;
use pgrx::pg_sys::NodeTag::*;

use super::node::{self, Node};
use crate::model::change::Verb;

/// A plan, started or not. It is the server's, and lives as long as the statement runs.
#[derive(Clone, Copy)]
pub struct Plan {
    /// The statement.
    pub planned: *mut pg_sys::PlannedStmt,
    /// Its execution; null if it has not begun.
    query: *mut pg_sys::QueryDesc,
}

/// A plan or subplan, and its execution.
type Part = (*mut pg_sys::Plan, *mut pg_sys::PlanState);

/// A part of a plan that changes rows that are there.
#[derive(Clone, Copy)]
pub struct Modification {
    node: *mut pg_sys::ModifyTable,
    planned: *mut pg_sys::PlannedStmt,
    /// What it does.
    pub verb: Verb,
    /// So many rows come to it.
    pub rows: f64,
    /// Whether something in the plan leaves rows of the table out.
    pub condition: Condition,
}

/// A part of a plan that adds rows to a table.
#[derive(Clone, Copy)]
pub struct Addition {
    /// The table; `None` if it is only now being made.
    pub relation: Option<u32>,
    /// So many rows come to it.
    pub rows: f64,
}

/// Whether a plan leaves rows out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// Nothing does.
    None,
    /// What a foreign server or a custom scan leaves out cannot be seen.
    Unknown,
    /// A condition, a limit, a join does.
    Some,
}

impl Plan {
    /// Of a statement that is not going to run.
    pub fn of(planned: *mut pg_sys::PlannedStmt) -> Self {
        Self {
            planned,
            query: std::ptr::null_mut(),
        }
    }

    /// Of a statement whose execution has just been started.
    pub fn started(query: *mut pg_sys::QueryDesc) -> Self {
        // SAFETY: the server's own QueryDesc.
        let planned = unsafe { (*query).plannedstmt };
        Self { planned, query }
    }

    /// Whether it is one change of fewer rows than `many`, with a condition, as nearly all are. Takes no memory.
    pub fn is_small(self, many: f64) -> bool {
        // SAFETY: the statement and its execution, which are only read.
        unsafe {
            let (planned, state) = (&*self.planned, (*self.query).planstate);
            let Some(node) = node::cast::<pg_sys::ModifyTable>(planned.planTree.cast(), T_ModifyTable) else {
                return false;
            };
            let child = node.plan.lefttree;
            planned.subplans.is_null() && rows(child, (*state).lefttree) < many && condition(child) == Condition::Some
        }
    }

    /// Every part that changes rows of a table; what REFRESH does to a materialized view is none.
    pub fn modifications(self) -> Vec<Modification> {
        let parts = self.parts().into_iter();
        parts
            .filter_map(|(plan, state)| self.modification(plan.cast(), state))
            .collect()
    }

    /// Every part that adds rows: INSERT, MERGE that does nothing else, and what fills the table of CREATE TABLE AS or SELECT
    /// INTO, or a materialized view.
    pub fn additions(self) -> Vec<Addition> {
        let inserts = self.parts().into_iter().filter_map(|(plan, state)| {
            let node: &pg_sys::ModifyTable = node::cast(plan.cast(), T_ModifyTable)?;
            let adds = match node.operation {
                pg_sys::CmdType::CMD_INSERT => true,
                pg_sys::CmdType::CMD_MERGE => !merges_into_old_rows(node),
                _ => false,
            };
            adds.then(|| Addition {
                relation: entry(self.planned, node.nominalRelation).map(|entry| entry.relid.to_u32()),
                // SAFETY: a ModifyTable has a child, and a state mirrors its plan.
                rows: unsafe { rows(node.plan.lefttree, left(state)) },
            })
        });
        let filled = self.fills().then(|| Addition {
            relation: None,
            rows: self.rows_returned(),
        });
        inserts.chain(filled).collect()
    }

    /// The tables whose rows it reads.
    pub fn sources(self) -> Vec<u32> {
        // SAFETY: lists of the plan.
        let (entries, results) = unsafe {
            let planned = &*self.planned;
            (node::list(planned.rtable), integers(planned.resultRelations))
        };
        let read = (1..).zip(entries).filter(|(index, _)| !results.contains(index));
        read.filter_map(|(_, entry)| node::cast::<pg_sys::RangeTblEntry>(entry, T_RangeTblEntry))
            .filter(|entry| entry.rtekind == pg_sys::RTEKind::RTE_RELATION)
            .map(|entry| entry.relid.to_u32())
            .collect()
    }

    /// Whether its rows go to a table that is being made.
    pub fn fills(self) -> bool {
        use pg_sys::CommandDest;
        // SAFETY: null, or an execution, which has a destination.
        let dest = unsafe { self.query.as_ref().and_then(|query| query.dest.as_ref()) };
        dest.is_some_and(|dest| matches!(dest.mydest, CommandDest::DestIntoRel | CommandDest::DestTransientRel))
    }

    /// The rows that the whole is expected to return.
    pub fn rows_returned(self) -> f64 {
        // SAFETY: the statement and its execution, which are only read.
        unsafe {
            let state = self
                .query
                .as_ref()
                .map_or(std::ptr::null_mut(), |query| query.planstate);
            rows((*self.planned).planTree, state)
        }
    }

    /// The tables that are read from end to end, by WITH queries too. How much is read of one in an expression, which may be
    /// content with a single row, is not known.
    pub fn scanned(self) -> BTreeSet<u32> {
        let parts = self.parts();
        let changes = |(plan, _): &&Part| node::tag(plan.cast()) == T_ModifyTable;
        let mut scans = BTreeSet::new();
        for (plan, state) in parts.iter().take(1).chain(parts.iter().skip(1).filter(changes)) {
            // SAFETY: a part of the plan, and its state or null.
            unsafe { seq_scans(*plan, *state, false, &parts[1..], &mut scans) };
        }
        let entries = scans.into_iter().filter_map(|index| entry(self.planned, index));
        entries.map(|entry| entry.relid.to_u32()).collect()
    }

    /// The plan and its subplans, with the execution of each, null if it has not begun.
    fn parts(self) -> Vec<Part> {
        // SAFETY: the statement and its execution, which are only read; the states of the subplans stand in the order of
        // the subplans.
        unsafe {
            let planned = &*self.planned;
            let (top, states) = match self.query.as_ref() {
                Some(query) => (query.planstate, node::list((*query.estate).es_subplanstates)),
                None => (std::ptr::null_mut(), vec![]),
            };
            let subplans = node::list(planned.subplans).into_iter().enumerate();
            let subplans = subplans.map(|(at, plan)| {
                let state = states.get(at).copied().unwrap_or(std::ptr::null_mut());
                (plan.cast(), state.cast())
            });
            std::iter::once((planned.planTree, top)).chain(subplans).collect()
        }
    }

    fn modification(self, plan: Node, state: *mut pg_sys::PlanState) -> Option<Modification> {
        let node: &pg_sys::ModifyTable = node::cast(plan, T_ModifyTable)?;
        let verb = match node.operation {
            pg_sys::CmdType::CMD_UPDATE => Verb::Update,
            pg_sys::CmdType::CMD_DELETE => Verb::Delete,
            pg_sys::CmdType::CMD_MERGE if merges_into_old_rows(node) => Verb::Merge,
            _ => return None,
        };
        let child = node.plan.lefttree;
        // SAFETY: a ModifyTable has a child, and a state mirrors its plan.
        let rows = unsafe { rows(child, left(state)) };
        let found = Modification {
            node: std::ptr::from_ref(node).cast_mut(),
            planned: self.planned,
            verb,
            rows,
            condition: condition(child),
        };
        (found.relation_kind() != pg_sys::RELKIND_MATVIEW).then_some(found)
    }
}

impl Modification {
    /// The table that is named, or stands behind the view that is named.
    pub fn relation(&self) -> u32 {
        self.entry(self.nominal()).map_or(0, |entry| entry.relid.to_u32())
    }

    fn relation_kind(&self) -> u8 {
        self.entry(self.nominal()).map_or(0, |entry| entry.relkind as u8)
    }

    fn nominal(&self) -> u32 {
        // SAFETY: a node of the plan.
        unsafe { (*self.node).nominalRelation }
    }

    /// The tables whose rows are changed: the partitions that the plan reaches, say.
    pub fn results(&self) -> Vec<u32> {
        // SAFETY: a list of integers of the plan.
        let indexes = unsafe { integers((*self.node).resultRelations) };
        let entries = indexes.into_iter().filter_map(|index| self.entry(index));
        entries.map(|entry| entry.relid.to_u32()).collect()
    }

    fn entry(&self, index: u32) -> Option<&pg_sys::RangeTblEntry> {
        entry(self.planned, index)
    }
}

/// # Safety
/// It must be null or a list of integers.
unsafe fn integers(list: *mut pg_sys::List) -> Vec<u32> {
    // SAFETY: as the caller promises, within its length.
    unsafe {
        list.as_ref().map_or_else(Vec::new, |list| {
            (0..usize::try_from(list.length).unwrap_or(0))
                .map(|at| (*list.elements.add(at)).int_value as u32)
                .collect()
        })
    }
}

/// `rt_fetch` of `parser/parsetree.h`.
fn entry<'a>(planned: *mut pg_sys::PlannedStmt, index: u32) -> Option<&'a pg_sys::RangeTblEntry> {
    let place = usize::try_from(index.checked_sub(1)?).ok()?;
    // SAFETY: the range table of the plan, within its length.
    unsafe {
        let table = (*planned).rtable.as_ref()?;
        let within = place < usize::try_from(table.length).unwrap_or(0);
        within.then(|| &*(*table.elements.add(place)).ptr_value.cast::<pg_sys::RangeTblEntry>())
    }
}

/// Whether a MERGE may update or delete.
fn merges_into_old_rows(node: &pg_sys::ModifyTable) -> bool {
    let actions = node::list(node.mergeActionLists).into_iter();
    actions
        .flat_map(|of_table| node::list(of_table.cast()))
        .filter_map(|action| node::cast::<pg_sys::MergeAction>(action, T_MergeAction))
        .any(|action| {
            matches!(
                action.commandType,
                pg_sys::CmdType::CMD_UPDATE | pg_sys::CmdType::CMD_DELETE
            )
        })
}

/// The rows a plan is expected to return. A plan made once for all values of its parameters counts every partition; what the
/// start of its execution has left out, by the values, is not counted (`ExecInitAppend` of `executor/nodeAppend.c`).
///
/// # Safety
/// `plan` must be valid, and `state` null or its execution.
unsafe fn rows(plan: *mut pg_sys::Plan, state: *mut pg_sys::PlanState) -> f64 {
    // SAFETY: as the caller promises; the states of the children of an Append stand in an array of this length.
    unsafe {
        let passes_on = node::tag(plan.cast()) == T_Result && (*plan).qual.is_null() && !(*plan).lefttree.is_null();
        match state.as_ref().map(|state| state.type_) {
            Some(T_AppendState) => {
                let append = &*state.cast::<pg_sys::AppendState>();
                (0..usize::try_from(append.as_nplans).unwrap_or(0))
                    .map(|at| {
                        let child = *append.appendplans.add(at);
                        rows((*child).plan, child)
                    })
                    .sum()
            }
            Some(T_ResultState) if passes_on => rows((*plan).lefttree, (*state).lefttree),
            _ => (*plan).plan_rows,
        }
    }
}

/// # Safety
/// `state` must be null or an execution.
unsafe fn left(state: *mut pg_sys::PlanState) -> *mut pg_sys::PlanState {
    // SAFETY: as the caller promises.
    unsafe { state.as_ref() }.map_or(std::ptr::null_mut(), |state| state.lefttree)
}

/// The places in the range table that a plan reads from end to end. What the start of the execution has left out is left
/// out; below a LIMIT (`limited`) nobody knows how far it gets, unless something in between wants all rows first.
///
/// # Safety
/// As of [`rows`].
unsafe fn seq_scans(
    plan: *mut pg_sys::Plan,
    state: *mut pg_sys::PlanState,
    limited: bool,
    subplans: &[Part],
    found: &mut BTreeSet<u32>,
) {
    // SAFETY: as the caller promises; the kind of a node tells its type.
    unsafe {
        let Some(common) = plan.as_ref() else { return };
        let mut unstarted = |children: *mut pg_sys::List| {
            for child in node::list(children) {
                seq_scans(child.cast(), std::ptr::null_mut(), limited, subplans, found);
            }
        };
        match (common.type_, state.as_ref().map(|state| state.type_)) {
            (T_SeqScan, _) if !limited => {
                found.insert((*plan.cast::<pg_sys::Scan>()).scanrelid);
            }
            (T_CteScan, _) => {
                let number = usize::try_from((*plan.cast::<pg_sys::CteScan>()).ctePlanId).unwrap_or(0);
                let part = number.checked_sub(1).and_then(|at| subplans.get(at));
                if let Some((plan, state)) = part {
                    seq_scans(*plan, *state, limited, subplans, found);
                }
            }
            (T_Append, Some(T_AppendState)) => {
                let append = &*state.cast::<pg_sys::AppendState>();
                for at in 0..usize::try_from(append.as_nplans).unwrap_or(0) {
                    let child = *append.appendplans.add(at);
                    seq_scans((*child).plan, child, limited, subplans, found);
                }
            }
            (T_Append, _) => unstarted((*plan.cast::<pg_sys::Append>()).appendplans),
            (T_MergeAppend, _) => unstarted((*plan.cast::<pg_sys::MergeAppend>()).mergeplans),
            (T_SubqueryScan, _) => {
                let below = (*plan.cast::<pg_sys::SubqueryScan>()).subplan;
                seq_scans(below, std::ptr::null_mut(), limited, subplans, found);
            }
            (kind, _) => {
                let limited = match kind {
                    T_Limit => true,
                    T_Sort | T_Hash | T_Agg => false,
                    _ => limited,
                };
                seq_scans(common.lefttree, left(state), limited, subplans, found);
                let right = state.as_ref().map_or(std::ptr::null_mut(), |state| state.righttree);
                seq_scans(common.righttree, right, limited, subplans, found);
            }
        }
    }
}

/// Whether a plan leaves rows out of what it reads. Only kinds of nodes that can be seen through count as leaving none out.
fn condition(plan: *mut pg_sys::Plan) -> Condition {
    // SAFETY: null, or a node of the plan, whose kind tells its type.
    unsafe {
        let Some(common) = plan.as_ref() else {
            return Condition::None;
        };
        if !common.qual.is_null() {
            return Condition::Some;
        }
        let below = condition(common.lefttree).max(condition(common.righttree));
        let list = |of: *mut pg_sys::List| {
            let plans = node::list(of).into_iter().map(|plan| condition(plan.cast()));
            plans.max().unwrap_or(Condition::None)
        };
        let when = |leaves_out: bool| if leaves_out { Condition::Some } else { Condition::None };
        let own = match common.type_ {
            T_SeqScan | T_Sort | T_Material | T_Gather | T_LockRows | T_FunctionScan | T_ValuesScan | T_CteScan => {
                Condition::None
            }
            T_Result => when(!(*plan.cast::<pg_sys::Result>()).resconstantqual.is_null()),
            T_NestLoop => when(!(*plan.cast::<pg_sys::NestLoop>()).join.joinqual.is_null()),
            T_IndexScan => when(!(*plan.cast::<pg_sys::IndexScan>()).indexqual.is_null()),
            T_IndexOnlyScan => when(!(*plan.cast::<pg_sys::IndexOnlyScan>()).indexqual.is_null()),
            T_Append => list((*plan.cast::<pg_sys::Append>()).appendplans),
            T_SubqueryScan => condition((*plan.cast::<pg_sys::SubqueryScan>()).subplan),
            T_ForeignScan | T_CustomScan => Condition::Unknown,
            _ => Condition::Some,
        };
        own.max(below)
    }
}
