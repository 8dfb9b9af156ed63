//! Which partitions get an index built when their parent gets one, and which have an equal one that is attached:
//! `DefineIndex` of `commands/indexcmds.c`.

use pgrx::{PgBox, pg_sys};

use super::columns;
use super::constraints;
use super::context::Context;
use super::oids::Oids;
use super::relations::{Relations, children, class_row, index_rows, with_relation};
use crate::model::relation::{Oid, RelationKind};
use crate::postgres::catalog::Row;
use crate::postgres::node::{self, Node};

/// An index as a statement describes it, for comparing.
pub struct Wanted {
    info: *mut pg_sys::IndexInfo,
    collations: Vec<pg_sys::Oid>,
    families: Vec<pg_sys::Oid>,
    /// What `info` refers to.
    _exclusion: Exclusion,
    /// It belongs to a constraint, and so must its equals.
    constraint: bool,
}

/// The partitions below a table.
#[derive(Default)]
pub struct Partitions {
    /// Those looked at; below one that has an equal index nothing is.
    pub visited: Vec<Oid>,
    /// Those that get an index, whether or not they hold rows.
    pub created: Vec<Oid>,
    /// Those with rows that get an index built, the table itself included.
    pub builds: Vec<Oid>,
}

/// Follows the partitions of the target of an ALTER TABLE, which may make several indexes and drop others first, as the
/// server does.
pub fn partitions(wanted: Option<&Wanted>, context: &mut Context) -> Partitions {
    let gone = context.gone();
    let stays = |row: &Row| !gone.relations.contains(&row.oid("indexrelid"));
    let table = context.target;
    follow(
        table,
        table,
        wanted,
        &stays,
        &mut context.indexes_taken_over,
        context.relations,
    )
}

/// Where CREATE INDEX builds one.
pub fn builds(table: Oid, wanted: Option<&Wanted>, relations: &mut Relations) -> Vec<Oid> {
    follow(table, table, wanted, &|_| true, &mut Oids::default(), relations).builds
}

/// Where one is built when a table is attached to `parent`, which has the wanted index: `AttachPartitionEnsureIndexes` of
/// `commands/tablecmds.c`. `usable` says which of the table's own may be taken over, `taken` which are by now.
pub fn attached(
    parent: Oid,
    table: Oid,
    wanted: &Wanted,
    usable: impl Fn(&Row) -> bool,
    taken: &mut Oids,
    relations: &mut Relations,
) -> Vec<Oid> {
    if takes_over(table, parent, wanted, usable, taken) {
        return vec![];
    }
    follow(table, parent, Some(wanted), &|_| true, taken, relations).builds
}

/// What follows the table in the CREATE INDEX of an index that is there.
pub fn definition(index: Oid) -> String {
    // SAFETY: a palloc'd string about an existing index: `CREATE INDEX name ON schema.table USING method ...`.
    let (command, name, table) = unsafe {
        let table = pg_sys::IndexGetRelation(index.into(), false);
        let quoted = |relation: pg_sys::Oid| {
            let schema = pg_sys::get_namespace_name(pg_sys::get_rel_namespace(relation));
            node::text(pg_sys::quote_qualified_identifier(
                schema,
                pg_sys::get_rel_name(relation),
            ))
        };
        let name = pg_sys::quote_identifier(pg_sys::get_rel_name(index.into()));
        (
            node::text(pg_sys::pg_get_indexdef_string(index.into())),
            node::text(name),
            quoted(table),
        )
    };
    let before = format!("INDEX {name} ON {table} ");
    command
        .split_once(&before)
        .map_or_else(String::new, |(_, definition)| definition.to_owned())
}

/// Follows the partitions of `table`, looking for equals of an index of `parent`.
fn follow(
    table: Oid,
    parent: Oid,
    wanted: Option<&Wanted>,
    usable: &impl Fn(&Row) -> bool,
    taken: &mut Oids,
    relations: &mut Relations,
) -> Partitions {
    let mut found = Partitions::default();
    let mut queue = vec![table];
    while let Some(member) = queue.pop() {
        if member != table {
            found.visited.push(member);
            if wanted.is_some_and(|wanted| takes_over(member, parent, wanted, usable, taken)) {
                continue;
            }
        }
        found.created.push(member);
        if relations.kind(member) == Some(RelationKind::PartitionedTable) {
            queue.extend(children(member));
        }
        found.builds.extend(relations.with_rows(&[member]));
    }
    found
}

// Of `parser/parse_utilcmd.h`, which pgrx does not bind.
// SAFETY: the declaration is that of the header, the same in every major.
unsafe extern "C-unwind" {
    fn transformIndexStmt(
        relation: pg_sys::Oid,
        statement: *mut pg_sys::IndexStmt,
        query: *const std::ffi::c_char,
    ) -> *mut pg_sys::IndexStmt;
}

/// What a CREATE INDEX, or a constraint put as one, describes; `None` for what cannot be made.
pub fn wanted(table: Oid, statement: &pg_sys::IndexStmt, constraint: bool) -> Option<Wanted> {
    // SAFETY: works on a copy; the table was resolved, and is locked as far as that was possible without waiting. What comes
    // back is never null.
    let statement = unsafe {
        let copy = node::copy(std::ptr::from_ref(statement).cast_mut().cast());
        &*pg_sys::ffi::pg_guard_ffi_boundary(|| transformIndexStmt(table.into(), copy.cast(), c"".as_ptr()))
    };
    let keys = elements(statement.indexParams);
    let included = elements(statement.indexIncludingParams);
    let count = keys.len() + included.len();
    if count > pg_sys::INDEX_MAX_KEYS as usize {
        return None;
    }
    let method_name = if node::text(statement.accessMethod) == "rtree" {
        // `DefineIndex` takes it for its successor.
        c"gist".as_ptr()
    } else {
        statement.accessMethod.cast_const()
    };
    // SAFETY: a syscache look-up by a name the parser filled in.
    let method = unsafe { pg_sys::get_index_am_oid(method_name, true) };
    // SAFETY: a new node of zeroes, of which only what CompareIndexInfo looks at is set.
    let mut info = unsafe { PgBox::<pg_sys::IndexInfo>::alloc_node(pg_sys::NodeTag::T_IndexInfo) };
    info.ii_NumIndexAttrs = count as i32;
    info.ii_NumIndexKeyAttrs = keys.len() as i32;
    info.ii_Unique = statement.unique;
    info.ii_NullsNotDistinct = statement.nulls_not_distinct;
    info.ii_Am = method;
    // As `RelationGetIndexPredicate` of `utils/cache/relcache.c` has it once the index is there.
    // SAFETY: a transformed condition, or null.
    info.ii_Predicate = unsafe {
        let folded = pg_sys::eval_const_expressions(std::ptr::null_mut(), statement.whereClause);
        pg_sys::make_ands_implicit(pg_sys::canonicalize_qual(folded.cast(), false))
    };
    let mut exclusion = Exclusion::default();
    let (mut collations, mut families) = (vec![], vec![]);
    for (position, element) in keys.iter().chain(&included).enumerate() {
        let key = key(table, element)?;
        info.ii_IndexAttrNumbers[position] = key.attnum;
        if key.attnum == 0 {
            // `RelationGetIndexExpressions`
            // SAFETY: a transformed expression; appends to a list of this node.
            info.ii_Expressions = unsafe {
                let folded = pg_sys::eval_const_expressions(std::ptr::null_mut(), key.expression);
                pg_sys::lappend(info.ii_Expressions, folded.cast())
            };
        }
        let (mut collation, mut family) = (pg_sys::InvalidOid, pg_sys::InvalidOid);
        if position < keys.len() {
            // SAFETY: syscache look-ups by names of the parse tree.
            unsafe {
                collation = if element.collation.is_null() {
                    key.collation
                } else {
                    pg_sys::get_collation_oid(element.collation, false)
                };
                let class = pg_sys::ResolveOpClass(element.opclass, key.type_oid, method_name, method);
                family = pg_sys::get_opclass_family(class);
                exclusion.add(statement, position, key.type_oid, class);
            }
        }
        collations.push(collation);
        families.push(family);
    }
    if !exclusion.operators.is_empty() {
        info.ii_ExclusionOps = exclusion.operators.as_mut_ptr();
        info.ii_ExclusionProcs = exclusion.functions.as_mut_ptr();
        info.ii_ExclusionStrats = exclusion.strategies.as_mut_ptr();
    }
    Some(Wanted {
        info: info.into_pg(),
        collations,
        families,
        _exclusion: exclusion,
        constraint,
    })
}

/// The operators of an exclusion constraint, for each key; none for other indexes.
#[derive(Default)]
struct Exclusion {
    operators: Vec<pg_sys::Oid>,
    functions: Vec<pg_sys::Oid>,
    strategies: Vec<u16>,
}

impl Exclusion {
    /// Those of the next key: `ComputeIndexAttrs`. For a server that compares none, any will do.
    fn add(&mut self, statement: &pg_sys::IndexStmt, position: usize, type_oid: pg_sys::Oid, class: pg_sys::Oid) {
        // SAFETY: syscache look-ups; each name is a list of String nodes.
        let found = unsafe {
            if let Some(name) = node::list(statement.excludeOpNames).get(position) {
                let operator = pg_sys::compatible_oper_opid(name.cast(), type_oid, type_oid, true);
                let strategy = pg_sys::get_op_opfamily_strategy(operator, pg_sys::get_opclass_family(class));
                Some((operator, strategy as u16))
            } else {
                without_overlaps(statement, position, class)
            }
        };
        if let Some((operator, strategy)) = found {
            self.operators.push(operator);
            // SAFETY: a syscache look-up.
            self.functions.push(unsafe { pg_sys::get_opcode(operator) });
            self.strategies.push(strategy);
        }
    }
}

/// The operator and strategy of a key WITHOUT OVERLAPS.
#[cfg(feature = "pg18")]
fn without_overlaps(statement: &pg_sys::IndexStmt, position: usize, class: pg_sys::Oid) -> Option<(pg_sys::Oid, u16)> {
    use pg_sys::CompareType::{COMPARE_EQ, COMPARE_OVERLAP};
    if !statement.iswithoutoverlaps {
        return None;
    }
    let is_last = position + 1 == node::list(statement.indexParams).len();
    let (mut operator, mut strategy) = (pg_sys::InvalidOid, 0);
    // SAFETY: a syscache look-up that writes its two results.
    unsafe {
        let compare = if is_last { COMPARE_OVERLAP } else { COMPARE_EQ };
        pg_sys::GetOperatorFromCompareType(class, pg_sys::InvalidOid, compare, &raw mut operator, &raw mut strategy);
    }
    Some((operator, strategy))
}

#[cfg(not(feature = "pg18"))]
fn without_overlaps(
    _statement: &pg_sys::IndexStmt,
    _position: usize,
    _class: pg_sys::Oid,
) -> Option<(pg_sys::Oid, u16)> {
    None
}

fn elements<'a>(list: *mut pg_sys::List) -> Vec<&'a pg_sys::IndexElem> {
    node::list(list)
        .into_iter()
        .filter_map(|element| node::cast(element, pg_sys::NodeTag::T_IndexElem))
        .collect()
}

struct Key {
    attnum: i16,
    expression: Node,
    type_oid: pg_sys::Oid,
    collation: pg_sys::Oid,
}

/// One key of the index: `ComputeIndexAttrs`.
fn key(table: Oid, element: &pg_sys::IndexElem) -> Option<Key> {
    if !element.name.is_null() {
        let column = columns::named(table, &node::text(element.name))?;
        return Some(Key {
            attnum: column.attnum,
            expression: std::ptr::null_mut(),
            type_oid: column.type_oid.into(),
            collation: column.collation.into(),
        });
    }
    let mut expression = element.expr;
    // SAFETY: a transformed expression.
    let (type_oid, collation) = unsafe { (pg_sys::exprType(expression), pg_sys::exprCollation(expression)) };
    while let Some(collate) = node::cast::<pg_sys::CollateExpr>(expression, pg_sys::NodeTag::T_CollateExpr) {
        expression = collate.arg.cast();
    }
    let column = node::cast::<pg_sys::Var>(expression, pg_sys::NodeTag::T_Var);
    Some(Key {
        attnum: column.map_or(0, |column| column.varattno),
        expression,
        type_oid,
        collation,
    })
}

/// Whether an index of a partition becomes a part of the wanted one, which it then is.
fn takes_over(partition: Oid, parent: Oid, wanted: &Wanted, usable: impl Fn(&Row) -> bool, taken: &mut Oids) -> bool {
    let mut own = index_rows(partition);
    own.sort_unstable_by_key(|row| row.oid("indexrelid"));
    let is_free = |index: Oid| {
        let is_part = class_row(index).is_some_and(|row| row.flag("relispartition") == Some(true));
        !is_part && !taken.contains(index) && (!wanted.constraint || constraints::of_index(partition, index).is_some())
    };
    let equal = own
        .iter()
        .filter(|row| row.flag("indislive") == Some(true) && usable(row))
        .map(|row| row.oid("indexrelid"))
        .find(|index| is_free(*index) && is_equal(*index, partition, parent, wanted));
    taken.extend(equal);
    equal.is_some()
}

/// An index that is there, for comparing; it belongs to a constraint or not.
pub fn existing(index: Oid, constraint: bool) -> Option<Wanted> {
    with_relation(index, |relation| {
        // SAFETY: the relation is pinned; its arrays have as many elements as the index has columns, and are copied.
        unsafe {
            let info = pg_sys::BuildIndexInfo(relation);
            let count = (*info).ii_NumIndexAttrs as usize;
            let keys = (*info).ii_NumIndexKeyAttrs as usize;
            let mut families = std::slice::from_raw_parts((*relation).rd_opfamily, keys).to_vec();
            families.resize(count, pg_sys::InvalidOid);
            let mut collations = std::slice::from_raw_parts((*relation).rd_indcollation, keys).to_vec();
            collations.resize(count, pg_sys::InvalidOid);
            Wanted {
                info,
                collations,
                families,
                _exclusion: Exclusion::default(),
                constraint,
            }
        }
    })
}

fn is_equal(index: Oid, partition: Oid, parent: Oid, wanted: &Wanted) -> bool {
    let compare = |index: pg_sys::Relation, partition: pg_sys::Relation, parent: pg_sys::Relation| {
        // SAFETY: the three relations are pinned, the arrays have as many elements as the index has columns, and the
        // function only compares.
        unsafe {
            let (child, root) = ((*partition).rd_att, (*parent).rd_att);
            #[cfg(feature = "pg15")]
            let map = pg_sys::build_attrmap_by_name(child, root);
            #[cfg(not(feature = "pg15"))]
            let map = pg_sys::build_attrmap_by_name(child, root, false);
            pg_sys::CompareIndexInfo(
                pg_sys::BuildIndexInfo(index),
                wanted.info,
                (*index).rd_indcollation,
                wanted.collations.as_ptr().cast_mut(),
                (*index).rd_opfamily,
                wanted.families.as_ptr().cast_mut(),
                map,
            )
        }
    };
    with_relation(index, |index| {
        with_relation(partition, |partition| {
            with_relation(parent, |parent| compare(index, partition, parent))
        })
    })
    .flatten()
    .flatten()
    .unwrap_or(false)
}
