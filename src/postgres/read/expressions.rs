//! Expressions, judged after planning, as the server judges them: what a new column's default costs, whether a type
//! change can leave stored values alone, whether a CHECK proves a column to be NOT NULL.
//!
//! Functions are resolved and constants folded as the current user, exactly as they will be when the statement runs.

use pgrx::{PgBox, PgList, pg_sys};

use super::columns::Column;
use super::relations::with_relation;
use super::walk;
use crate::model::facts::NewColumnValue;
use crate::model::relation::Oid;
use crate::postgres::node::{self, Node};
use crate::postgres::subtransaction::reading;
use crate::postgres::version::{self, Backported};

/// A type as a statement writes it.
#[derive(Clone, Copy)]
pub struct Type {
    pub oid: Oid,
    pub modifier: i32,
}

/// The type that a TypeName means.
pub fn resolve_type(type_name: *const pg_sys::TypeName) -> Type {
    let (mut oid, mut modifier) = (pg_sys::InvalidOid, -1);
    // SAFETY: a TypeName of the parse tree; without a ParseState errors only lack a position.
    unsafe { pg_sys::typenameTypeIdAndMod(std::ptr::null_mut(), type_name, &mut oid, &mut modifier) };
    Type {
        oid: oid.to_u32(),
        modifier,
    }
}

/// A type as `format_type` shows it.
pub fn type_name(wanted: Type) -> String {
    const WITH_MODIFIER: u16 = 0x01;
    // SAFETY: returns a palloc'd string for any oid that is a type.
    node::text(unsafe { pg_sys::format_type_extended(wanted.oid.into(), wanted.modifier, WITH_MODIFIER) })
}

/// Whether a type is a domain that has constraints, its own or inherited.
pub fn is_constrained_domain(type_oid: Oid) -> bool {
    // SAFETY: a look-up in the type cache.
    unsafe { pg_sys::DomainHasConstraints(type_oid.into()) }
}

/// What a domain, maybe over domains, is made of; any other type itself.
pub fn base_type(of: Type) -> Type {
    let mut base = of;
    // SAFETY: look-ups about an existing type; what is written is its modifier.
    base.oid = unsafe { pg_sys::getBaseTypeAndTypmod(of.oid.into(), &mut base.modifier) }.to_u32();
    base
}

/// What a default means to existing rows.
pub struct Default {
    pub value: NewColumnValue,
    /// It in words of SQL.
    pub text: Option<String>,
    /// The sequences it takes numbers from.
    pub sequences: Vec<Oid>,
}

/// Whether a default is volatile is found out after planning, which may inline a function or add its arguments.
const PLANNED_BEFORE_JUDGED: Backported = &[150_006, 160_002];

/// The default of a domain reaches existing rows where the column has none of its own; before, they stay null.
const DOMAIN_DEFAULTS_STORED: Backported = &[150_013, 160_009, 170_005];

/// Where existing rows get the value of a new column with this default from: the middle of `ATExecAddColumn` of `commands/tablecmds.c`, for a column that is neither generated nor identity.
pub fn new_column_value(column: Type, name: &str, raw_default: Option<Node>) -> Default {
    let default = raw_default
        .map(|raw| cook_default(column, name, raw))
        .or_else(|| type_default(column));
    let text = default.map(expression_text);
    // SAFETY: a transformed expression, which is only read.
    let planned = default.map(|default| unsafe { pg_sys::expression_planner(default.cast()) }.cast::<pg_sys::Node>());
    let sequences = planned.map(sequences).unwrap_or_default();
    if is_constrained_domain(column.oid) {
        return Default {
            value: NewColumnValue::ConstrainedDomain {
                domain: type_name(column),
                base: type_name(base_type(column)),
                // SAFETY: a transformed expression, which is only walked.
                volatile: default.is_some_and(|default| unsafe { pg_sys::contain_volatile_functions(default) }),
            },
            text,
            sequences,
        };
    }
    let written = default.filter(|_| raw_default.is_some() || version::has(DOMAIN_DEFAULTS_STORED));
    let (Some(default), Some(planned)) = (written, planned) else {
        return Default {
            value: NewColumnValue::Null,
            text: None,
            sequences: vec![],
        };
    };
    // SAFETY: a transformed expression; the functions only walk it.
    let value = unsafe {
        let judged = if version::has(PLANNED_BEFORE_JUDGED) {
            planned
        } else {
            default
        };
        if pg_sys::contain_volatile_functions(judged) {
            NewColumnValue::Volatile
        } else {
            match node::cast::<pg_sys::Const>(planned, pg_sys::NodeTag::T_Const) {
                Some(constant) if constant.constisnull => NewColumnValue::Null,
                _ => NewColumnValue::Stored,
            }
        }
    };
    Default { value, text, sequences }
}

/// The sequences that a planned expression takes numbers from, asks or sets: `init_sequence` of `commands/sequence.c`. One
/// that is named by a text is not known.
fn sequences(planned: Node) -> Vec<Oid> {
    /// nextval, currval, setval with two arguments and with three
    const OF_SEQUENCES: [u32; 4] = [1574, 1575, 1576, 1765];
    let of_call = |call: &pg_sys::FuncExpr| {
        let first = node::list(call.args).into_iter().next()?;
        let named = node::cast::<pg_sys::Const>(first, pg_sys::NodeTag::T_Const)?;
        // A regclass is an oid.
        (!named.constisnull && OF_SEQUENCES.contains(&call.funcid.to_u32())).then(|| named.constvalue.value() as Oid)
    };
    walk::calls(planned).into_iter().filter_map(of_call).collect()
}

/// An expression without columns in words of SQL.
fn expression_text(expression: Node) -> String {
    // SAFETY: a transformed expression; returns a palloc'd string.
    node::text(unsafe { pg_sys::deparse_expression(expression, std::ptr::null_mut(), false, false) })
}

/// A raw expression over the columns of a table in words of SQL; empty where it cannot be read yet, because it speaks of
/// a column that the same statement adds.
pub fn column_expression_text(table: Oid, raw: Node) -> String {
    let read = || {
        with_relation(table, |relation| {
            let expression = transform(relation, raw, pg_sys::ParseExprKind::EXPR_KIND_GENERATED_COLUMN);
            // SAFETY: the relation is pinned; deparsing only reads.
            unsafe {
                let context = pg_sys::deparse_context_for((*(*relation).rd_rel).relname.data.as_ptr(), table.into());
                node::text(pg_sys::deparse_expression(expression, context, false, false))
            }
        })
    };
    reading(read).ok().flatten().unwrap_or_default()
}

/// Whether a raw expression cannot be a CHECK of a table: `cookConstraint` of `catalog/heap.c`.
pub fn is_no_check(table: Oid, raw: Node) -> bool {
    let read = || {
        with_relation(table, |relation| {
            let expression = transform(relation, raw, pg_sys::ParseExprKind::EXPR_KIND_CHECK_CONSTRAINT);
            // SAFETY: a transformed expression; without a ParseState errors only lack a position.
            unsafe { pg_sys::coerce_to_boolean(std::ptr::null_mut(), expression, c"CHECK".as_ptr()) };
        })
    };
    reading(read).is_err_and(|failure| failure.is_of_the_statement())
}

fn cook_default(column: Type, name: &str, raw: Node) -> Node {
    let name = std::ffi::CString::new(name).unwrap_or_default();
    // SAFETY: works on a copy, because transformation scribbles on its input; generated columns do not come here.
    unsafe {
        let state = pg_sys::make_parsestate(std::ptr::null_mut());
        let cooked = pg_sys::cookDefault(
            state,
            node::copy(raw),
            column.oid.into(),
            column.modifier,
            name.as_ptr(),
            0,
        );
        pg_sys::free_parsestate(state);
        cooked
    }
}

/// The default that a type brings along: the last part of `build_column_default` of `rewrite/rewriteHandler.c`.
fn type_default(column: Type) -> Option<Node> {
    // SAFETY: a syscache look-up that returns a palloc'd tree or null.
    let default = unsafe { pg_sys::get_typdefault(column.oid.into()) };
    (!default.is_null()).then(|| coerce(default, column)).flatten()
}

fn coerce(expression: Node, wanted: Type) -> Option<Node> {
    // SAFETY: a transformed expression; null means that there is no such assignment.
    let coerced = unsafe {
        pg_sys::coerce_to_target_type(
            std::ptr::null_mut(),
            expression,
            pg_sys::exprType(expression),
            wanted.oid.into(),
            wanted.modifier,
            pg_sys::CoercionContext::COERCION_ASSIGNMENT,
            pg_sys::CoercionForm::COERCE_IMPLICIT_CAST,
            -1,
        )
    };
    (!coerced.is_null()).then_some(coerced)
}

/// How the values of a column become ones of another type.
#[derive(Default)]
pub struct Conversion {
    /// They cannot stay as they are: there is a new heap.
    pub rewrites: bool,
    /// The sequences that are asked then.
    pub sequences: Vec<Oid>,
}

/// What changing a column to a type means: `ATPrepAlterColumnType` and `ATColumnChangeRequiresRewrite` of
/// `commands/tablecmds.c`. `None`: there is no such conversion, and PostgreSQL will say so.
pub fn conversion(table: Oid, column: &Column, wanted: Type, using: Option<Node>) -> Option<Conversion> {
    let expression = match using {
        Some(raw) => with_relation(table, |relation| {
            transform(relation, raw, pg_sys::ParseExprKind::EXPR_KIND_ALTER_COL_TRANSFORM)
        })?,
        // SAFETY: makes a new node.
        None => unsafe {
            pg_sys::makeVar(
                1,
                column.attnum,
                column.type_oid.into(),
                column.type_modifier,
                column.collation.into(),
                0,
            )
            .cast()
        },
    };
    let coerced = coerce(expression, wanted)?;
    // SAFETY: a transformed expression of our own.
    unsafe { pg_sys::assign_expr_collations(std::ptr::null_mut(), coerced) };
    let expanded = expanded(coerced, table)?;
    // SAFETY: as above.
    let planned: Node = unsafe { pg_sys::expression_planner(expanded.cast()).cast() };
    Some(Conversion {
        rewrites: requires_rewrite(planned, column.attnum),
        sequences: sequences(planned),
    })
}

/// An expression with what virtual columns stand for in their place.
#[cfg(feature = "pg18")]
fn expanded(expression: Node, table: Oid) -> Option<Node> {
    // SAFETY: a transformed expression of our own over the one relation, which is pinned.
    with_relation(table, |relation| unsafe {
        pg_sys::expand_generated_columns_in_expr(expression, relation, 1)
    })
}

#[cfg(not(feature = "pg18"))]
fn expanded(expression: Node, _table: Oid) -> Option<Node> {
    Some(expression)
}

fn transform(relation: pg_sys::Relation, raw: Node, kind: pg_sys::ParseExprKind::Type) -> Node {
    // SAFETY: the relation is pinned by the caller; works on a copy of the raw expression.
    unsafe {
        let state = pg_sys::make_parsestate(std::ptr::null_mut());
        let item = pg_sys::addRangeTableEntryForRelation(
            state,
            relation,
            pg_sys::AccessShareLock as i32,
            std::ptr::null_mut(),
            false,
            true,
        );
        pg_sys::addNSItemToQuery(state, item, false, true, true);
        pg_sys::transformExpr(state, node::copy(raw), kind)
    }
}

fn requires_rewrite(planned: Node, attnum: i16) -> bool {
    /// The same bits when the time zone is UTC.
    const F_TIMESTAMPTZ_TIMESTAMP: u32 = 2027;
    const F_TIMESTAMP_TIMESTAMPTZ: u32 = 2028;
    let mut expression = planned;
    loop {
        expression = match node::tag(expression) {
            pg_sys::NodeTag::T_Var => {
                return node::cast::<pg_sys::Var>(expression, pg_sys::NodeTag::T_Var)
                    .is_none_or(|var| var.varattno != attnum);
            }
            pg_sys::NodeTag::T_RelabelType => {
                match node::cast::<pg_sys::RelabelType>(expression, pg_sys::NodeTag::T_RelabelType) {
                    Some(relabel) => relabel.arg.cast(),
                    None => return true,
                }
            }
            pg_sys::NodeTag::T_CoerceToDomain => {
                match node::cast::<pg_sys::CoerceToDomain>(expression, pg_sys::NodeTag::T_CoerceToDomain) {
                    Some(domain) if !is_constrained_domain(domain.resulttype.to_u32()) => domain.arg.cast(),
                    _ => return true,
                }
            }
            pg_sys::NodeTag::T_FuncExpr => {
                match node::cast::<pg_sys::FuncExpr>(expression, pg_sys::NodeTag::T_FuncExpr) {
                    Some(call)
                        if matches!(call.funcid.to_u32(), F_TIMESTAMP_TIMESTAMPTZ | F_TIMESTAMPTZ_TIMESTAMP)
                            // SAFETY: looks at the session's time zone.
                            && !unsafe { pg_sys::TimestampTimestampTzRequiresRewrite() } =>
                    {
                        match node::list(call.args).first() {
                            Some(argument) => *argument,
                            None => return true,
                        }
                    }
                    _ => return true,
                }
            }
            _ => return true,
        };
    }
}

/// What is known of the rows of a table: conditions that all hold, in the form that the planner proves things with.
pub struct Conditions(*mut pg_sys::List);

impl Conditions {
    /// What the validated CHECKs of a table say, those of which `gone` is true left out: `ConstraintImpliedByRelConstraint`
    /// of `commands/tablecmds.c`.
    pub fn of(table: Oid, mut gone: impl FnMut(&str) -> bool) -> Self {
        let mut known = std::ptr::null_mut();
        with_relation(table, |relation| {
            // SAFETY: the relation is pinned, and its CHECKs are as many as it says.
            unsafe {
                let Some(constraints) = (*(*relation).rd_att)
                    .constr
                    .as_ref()
                    .filter(|found| found.num_check > 0)
                else {
                    return;
                };
                for check in std::slice::from_raw_parts(constraints.check, usize::from(constraints.num_check)) {
                    if check.ccvalid && !gone(&node::text(check.ccname)) {
                        let condition = pg_sys::stringToNode(check.ccbin).cast();
                        let folded = pg_sys::eval_const_expressions(std::ptr::null_mut(), condition);
                        let condition = pg_sys::canonicalize_qual(folded.cast(), true);
                        known = pg_sys::list_concat(known, pg_sys::make_ands_implicit(condition));
                    }
                }
            }
        });
        Self(known)
    }

    /// Whether they prove that a column holds no null: `NotNullImpliedByRelConstraints` of `commands/tablecmds.c`.
    pub fn prove_not_null(&self, column: &Column) -> bool {
        // SAFETY: fresh nodes; the list lives as long as the judgement does.
        unsafe {
            let var = pg_sys::makeVar(
                1,
                column.attnum,
                column.type_oid.into(),
                column.type_modifier,
                column.collation.into(),
                0,
            );
            let mut test = PgBox::<pg_sys::NullTest>::alloc_node(pg_sys::NodeTag::T_NullTest);
            test.arg = var.cast();
            test.nulltesttype = pg_sys::NullTestType::IS_NOT_NULL;
            test.argisrow = false;
            test.location = -1;
            let mut goals = PgList::<pg_sys::Node>::new();
            goals.push(test.into_pg().cast());
            !self.0.is_null() && pg_sys::predicate_implied_by(goals.into_pg(), self.0, true)
        }
    }
}
