//! The relations that a query locks more strongly than to read them: what it changes, and what it reads FOR UPDATE.
//!
//! From the raw parse tree, as `transformStmt` of `parser/analyze.c` opens them; where the server has analyzed a query
//! already, its range table says it. What triggers and rules of the tables do beside it is not followed.

use std::collections::BTreeMap;

use pgrx::pg_sys;
use pgrx::pg_sys::NodeTag::*;

use super::constraints::{self, Constraint};
use super::oids::Oids;
use super::relations::{Relations, class_row, resolve, written_name};
use super::view::{self, Source};
use super::walk;
use crate::model::facts::Statement;
use crate::model::lock_mode::LockMode::{self, AccessShare, RowExclusive, RowShare};
use crate::model::relation::{Oid, RelationKind};
use crate::postgres::node::{self, Node};

/// How far the server goes with a query.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Until {
    /// Its names are looked up.
    Analyzed,
    /// Views are replaced by what they stand for.
    Rewritten,
    /// Children are found.
    Planned,
    /// It runs.
    Run,
}

/// SELECT, INSERT, UPDATE, DELETE, MERGE, alone or inside EXPLAIN, DECLARE, COPY, CREATE TABLE AS; they may be analyzed.
pub fn statement(queries: &[Node], until: Until, relations: &mut Relations) -> Statement {
    let mut reading = Reading::default();
    for query in queries {
        match node::tag(*query) {
            T_Query => view::range_table(query.cast(), false, &mut reading.sources),
            _ => reading.statement(*query, false),
        }
    }
    if let Some(name) = reading.missing {
        return Statement::MissingRelation(name);
    }
    locked(reading.sources, until, relations)
}

/// A raw query in which some names mean what the same statement makes.
pub fn statement_hiding(query: Node, names: Vec<String>, until: Until, relations: &mut Relations) -> Statement {
    let mut reading = Reading::default();
    names.into_iter().for_each(|name| reading.hidden.push(name));
    reading.statement(query, false);
    locked(reading.sources, until, relations)
}

/// Whether a query names a temporary relation: `isQueryUsingTempRelation` of `parser/parse_relation.c`.
pub fn reads_temporary(query: Node) -> bool {
    let mut reading = Reading::default();
    reading.statement(query, false);
    reading
        .sources
        .iter()
        .filter_map(|source| class_row(source.oid))
        .any(|row| row.letter("relpersistence") == b't')
}

/// COPY: of a table's rows from somewhere, which are checked against its foreign keys, or of a query's somewhere.
pub fn copy(copy: &pg_sys::CopyStmt, relations: &mut Relations) -> Statement {
    if !copy.query.is_null() {
        return statement(&[copy.query], Until::Run, relations);
    }
    let mut reading = Reading::default();
    // SAFETY: null, or a RangeVar of the parse tree.
    if let Some(table) = unsafe { copy.relation.as_ref() }.filter(|_| copy.is_from) {
        reading.target(table, view::INSERT, false);
    }
    match reading.missing {
        Some(name) => Statement::MissingRelation(name),
        None => locked(reading.sources, Until::Run, relations),
    }
}

/// What the query of a materialized view reads when it runs.
pub fn of_view(view: Oid, relations: &mut Relations) -> Statement {
    let sources = Source::of(view, AccessShare, false).map_or(vec![], |view| view::behind(&view));
    locked(sources, Until::Run, relations)
}

/// EXECUTE: what was prepared has been rewritten then.
pub fn execute(execute: &pg_sys::ExecuteStmt, until: Until, relations: &mut Relations) -> Statement {
    // SAFETY: a look-up of a NUL-terminated string of the parse tree; a prepared statement has its plan source.
    let queries = unsafe {
        match pg_sys::FetchPreparedStatement(execute.name, false).as_ref() {
            Some(prepared) => queries_of(&*prepared.plansource),
            None => vec![],
        }
    };
    statement(&queries, until, relations)
}

/// What is run of a prepared statement: `RevalidateCachedQuery` of `utils/cache/plancache.c` analyzes it anew where what it
/// names may have changed.
fn queries_of(prepared: &pg_sys::CachedPlanSource) -> Vec<Node> {
    #[cfg(not(any(feature = "pg17", feature = "pg18")))]
    use pg_sys::OverrideSearchPathMatchesCurrent as matches_current;
    #[cfg(any(feature = "pg17", feature = "pg18"))]
    use pg_sys::SearchPathMatchesCurrentEnvironment as matches_current;
    // SAFETY: null, or what the prepared statement was parsed to.
    let raw = unsafe { prepared.raw_parse_tree.as_ref() };
    // What needs no analysis, as most utility statements, has no path.
    let path = prepared.search_path;
    // SAFETY: the path that belongs to it.
    let is_valid = prepared.is_valid && (path.is_null() || unsafe { matches_current(path) });
    match raw {
        Some(raw) if !is_valid => vec![raw.stmt],
        _ => node::list(prepared.query_list),
    }
}

/// The locks that the relations named stand for, with the views' own and the children's.
fn locked(sources: Vec<Source>, until: Until, relations: &mut Relations) -> Statement {
    let mut locks: Vec<(Oid, LockMode)> = vec![];
    let mut open = sources;
    let mut views = Oids::default();
    while let Some(source) = open.pop() {
        if source.mode > AccessShare {
            let recurse = source.recurse && until >= Until::Planned && source.kind != RelationKind::View;
            let family = relations.family(source.oid, recurse);
            locks.extend(family.into_iter().map(|oid| (oid, source.mode)));
        }
        // A view that was looked behind for reading may be locked by another name of it.
        let seen = views.contains(source.oid) && source.mode == AccessShare;
        if source.kind == RelationKind::View && until >= Until::Rewritten && !seen {
            views.push(source.oid);
            open.extend(view::behind(&source));
        }
        if until == Until::Run && source.change & view::INSERT != 0 {
            open.extend(looked_up_in(source.oid));
        }
    }
    if locks.is_empty() {
        return Statement::NoExistingRelation;
    }
    Statement::LocksOnly(locks)
}

/// Each new row of a table is looked up in those that its foreign keys refer to: `RI_FKey_check` of
/// `utils/adt/ri_triggers.c`. Of their partitions it is the one that has the key, which cannot be told.
fn looked_up_in(table: Oid) -> Vec<Source> {
    let keys: Vec<Constraint> = constraints::of_table(table)
        .into_iter()
        .filter(|key| key.kind == b'f' && key.enforced)
        .collect();
    let known: Oids = keys.iter().map(|key| key.oid).collect();
    keys.iter()
        .filter(|key| !known.contains(key.parent))
        .filter_map(|key| Source::of(key.referenced, RowShare, false))
        .collect()
}

/// What has been found in a raw parse tree.
#[derive(Default)]
struct Reading {
    sources: Vec<Source>,
    /// A table to be changed that does not exist.
    missing: Option<String>,
    hidden: Hidden,
}

/// Names that mean queries of a WITH clause where we are.
#[derive(Default)]
struct Hidden {
    names: Vec<String>,
    known: BTreeMap<String, usize>,
}

impl Hidden {
    fn push(&mut self, name: String) {
        *self.known.entry(name.clone()).or_default() += 1;
        self.names.push(name);
    }

    fn contains(&self, name: &str) -> bool {
        self.known.get(name).is_some_and(|times| *times > 0)
    }

    /// Forgets all but the first `length`.
    fn truncate(&mut self, length: usize) {
        for name in self.names.drain(length..) {
            if let Some(times) = self.known.get_mut(&name) {
                *times -= 1;
            }
        }
    }
}

impl Reading {
    /// One statement, and those inside it. `locked`: a query around it reads this one's result FOR UPDATE.
    fn statement(&mut self, statement: Node, locked: bool) {
        // SAFETY: raises the server's own error, as the server would on its way down.
        unsafe { pg_sys::check_stack_depth() };
        let outer = self.hidden.names.len();
        let mut subqueries = self.with_clause(statement);
        let clause = |of: *mut pg_sys::List| node::list(of);
        let from = match node::tag(statement) {
            T_SelectStmt => node::cast::<pg_sys::SelectStmt>(statement, T_SelectStmt).map(|select| select.fromClause),
            T_UpdateStmt => node::cast::<pg_sys::UpdateStmt>(statement, T_UpdateStmt).map(|update| update.fromClause),
            T_DeleteStmt => node::cast::<pg_sys::DeleteStmt>(statement, T_DeleteStmt).map(|delete| delete.usingClause),
            _ => None,
        };
        let mut items: Vec<Node> = from.map(clause).unwrap_or_default();
        if let Some(merge) = node::cast::<pg_sys::MergeStmt>(statement, T_MergeStmt) {
            items.push(merge.sourceRelation);
        }
        let locking = Locking::of(statement, locked);
        for item in items {
            self.read_from(item, &locking, &mut subqueries);
        }
        if let Some((table, change)) = changed_table(statement) {
            // New rows go to the partitions that they belong to, which cannot be told.
            let recurse = table.inh && node::tag(statement) != T_InsertStmt;
            self.target(table, change, recurse);
        }
        for inside in walk::raw_statements(statement) {
            match subqueries.get(&inside) {
                Some(Inside::Done) => {}
                Some(Inside::Locked) => self.statement(inside, true),
                None => self.statement(inside, false),
            }
        }
        self.hidden.truncate(outer);
    }

    /// The queries of the WITH clause, each of which sees the names before it; then all of these are hidden.
    fn with_clause(&mut self, statement: Node) -> BTreeMap<Node, Inside> {
        let mut done = BTreeMap::new();
        let with = match node::tag(statement) {
            T_SelectStmt => node::cast::<pg_sys::SelectStmt>(statement, T_SelectStmt).map(|select| select.withClause),
            T_InsertStmt => node::cast::<pg_sys::InsertStmt>(statement, T_InsertStmt).map(|insert| insert.withClause),
            T_UpdateStmt => node::cast::<pg_sys::UpdateStmt>(statement, T_UpdateStmt).map(|update| update.withClause),
            T_DeleteStmt => node::cast::<pg_sys::DeleteStmt>(statement, T_DeleteStmt).map(|delete| delete.withClause),
            _ => node::cast::<pg_sys::MergeStmt>(statement, T_MergeStmt).map(|merge| merge.withClause),
        };
        // SAFETY: null, or a WithClause of the parse tree.
        let Some(with) = with.and_then(|with| unsafe { with.as_ref() }) else {
            return done;
        };
        let queries: Vec<&pg_sys::CommonTableExpr> = node::list(with.ctes)
            .into_iter()
            .filter_map(|query| node::cast(query, T_CommonTableExpr))
            .collect();
        if with.recursive {
            queries
                .iter()
                .for_each(|query| self.hidden.push(node::text(query.ctename)));
        }
        for query in queries {
            self.statement(query.ctequery, false);
            done.insert(query.ctequery, Inside::Done);
            self.hidden.push(node::text(query.ctename));
        }
        done
    }

    /// What is read by an item of a FROM clause. Joins nest as deep as the list is long.
    fn read_from(&mut self, item: Node, locking: &Locking, subqueries: &mut BTreeMap<Node, Inside>) {
        let mut open = vec![item];
        while let Some(item) = open.pop() {
            if let Some(range_var) = node::cast::<pg_sys::RangeVar>(item, T_RangeVar) {
                self.read_relation(range_var, locking);
            } else if let Some(join) = node::cast::<pg_sys::JoinExpr>(item, T_JoinExpr) {
                open.extend([join.rarg, join.larg]);
            } else if let Some(sample) = node::cast::<pg_sys::RangeTableSample>(item, T_RangeTableSample) {
                open.push(sample.relation);
            } else if let Some(subquery) = node::cast::<pg_sys::RangeSubselect>(item, T_RangeSubselect)
                && locking.includes(subquery.alias, None)
            {
                subqueries.insert(subquery.subquery, Inside::Locked);
            }
        }
    }

    fn read_relation(&mut self, range_var: &pg_sys::RangeVar, locking: &Locking) {
        let name = node::text(range_var.relname);
        if range_var.schemaname.is_null() && self.hidden.contains(&name) {
            return;
        }
        let mode = if locking.includes(range_var.alias, Some(name)) {
            RowShare
        } else {
            AccessShare
        };
        let source = resolve(range_var).and_then(|oid| Source::of(oid, mode, range_var.inh));
        self.sources.extend(source);
    }

    fn target(&mut self, table: &pg_sys::RangeVar, change: i16, recurse: bool) {
        match resolve(table).and_then(|oid| Source::of(oid, RowExclusive, recurse)) {
            Some(target) => self.sources.push(Source { change, ..target }),
            None => self.missing = self.missing.take().or_else(|| Some(written_name(table))),
        }
    }
}

/// What is known of a query inside another.
enum Inside {
    /// It has been read.
    Done,
    /// Its result is read FOR UPDATE.
    Locked,
}

/// What a query reads FOR UPDATE, FOR SHARE and so on: `isLockedRefname` of `parser/parse_relation.c`.
struct Locking {
    all: bool,
    names: Vec<String>,
}

impl Locking {
    fn of(statement: Node, locked: bool) -> Self {
        let mut locking = Self {
            all: locked,
            names: vec![],
        };
        let clauses = node::cast::<pg_sys::SelectStmt>(statement, T_SelectStmt)
            .map_or_else(Vec::new, |select| node::list(select.lockingClause));
        for clause in clauses {
            let Some(clause) = node::cast::<pg_sys::LockingClause>(clause, T_LockingClause) else {
                continue;
            };
            locking.all |= clause.lockedRels.is_null();
            locking.names.extend(
                node::list(clause.lockedRels)
                    .into_iter()
                    .filter_map(|name| node::cast::<pg_sys::RangeVar>(name, T_RangeVar))
                    .map(|name| node::text(name.relname)),
            );
        }
        locking
    }

    fn includes(&self, alias: *const pg_sys::Alias, name: Option<String>) -> bool {
        // SAFETY: null, or an Alias of the parse tree.
        let alias = unsafe { alias.as_ref() }.map(|alias| node::text(alias.aliasname));
        self.all || alias.or(name).is_some_and(|name| self.names.contains(&name))
    }
}

/// What the actions of a MERGE do.
fn merged(merge: &pg_sys::MergeStmt) -> i16 {
    use pg_sys::CmdType::{CMD_DELETE, CMD_INSERT, CMD_UPDATE};
    node::list(merge.mergeWhenClauses)
        .into_iter()
        .filter_map(|clause| node::cast::<pg_sys::MergeWhenClause>(clause, T_MergeWhenClause))
        .map(|clause| match clause.commandType {
            CMD_INSERT => view::INSERT,
            CMD_UPDATE => view::UPDATE,
            CMD_DELETE => view::DELETE,
            _ => 0,
        })
        .fold(0, |changes, change| changes | change)
}

/// The table that a statement changes, and how.
fn changed_table<'a>(statement: Node) -> Option<(&'a pg_sys::RangeVar, i16)> {
    let (relation, change) = match node::tag(statement) {
        T_InsertStmt => (
            node::cast::<pg_sys::InsertStmt>(statement, T_InsertStmt)?.relation,
            view::INSERT,
        ),
        T_UpdateStmt => (
            node::cast::<pg_sys::UpdateStmt>(statement, T_UpdateStmt)?.relation,
            view::UPDATE,
        ),
        T_DeleteStmt => (
            node::cast::<pg_sys::DeleteStmt>(statement, T_DeleteStmt)?.relation,
            view::DELETE,
        ),
        T_MergeStmt => (
            node::cast::<pg_sys::MergeStmt>(statement, T_MergeStmt)?.relation,
            merged(node::cast::<pg_sys::MergeStmt>(statement, T_MergeStmt)?),
        ),
        _ => return None,
    };
    // SAFETY: the parser gives each of these its relation.
    unsafe { relation.as_ref() }.map(|relation| (relation, change))
}
