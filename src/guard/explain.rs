//! A command of several statements, explained without running it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::held::locked_by_ddl;
use super::surroundings::{Locks, Surroundings};
use super::{Measure, judge};
use crate::advice::rows::StatementRow;
use crate::model::lock_mode::Blocks;
use crate::model::lock_profile::{Destruction, Unknown};
use crate::model::relation::Oid;
use crate::postgres::explain::{self, Parsed};
use crate::postgres::read;

/// Makes `interlock.lock_profile` answer. To be called once, from `_PG_init`.
pub fn init() {
    explain::init(command);
}

/// The profile of each statement, in order. A relation that an earlier statement creates counts as new: nobody else can
/// be using it. Between BEGIN and COMMIT the locks of one statement stay for the next.
fn command(statements: &[Parsed]) -> Value {
    let mut created: Vec<String> = vec![];
    let mut rows: Vec<StatementRow> = vec![];
    let mut surroundings = Surroundings::of_explanation();
    for (index, parsed) in statements.iter().enumerate() {
        let mut judged = judge(parsed.statement, &parsed.text, Measure::All, &surroundings);
        if let Some(Unknown::MissingRelation(name)) = &judged.profile.unknown
            && created.iter().any(|known| is_same(known, name))
        {
            judged.profile.unknown = None;
        }
        rows.push(judged.row(index + 1, &parsed.text, usize::MAX));
        created.extend(read::created_relation(parsed.statement));
        if let Some(begins) = read::transaction_boundary(parsed.statement) {
            surroundings.in_block = begins;
            if !begins {
                surroundings.locks = Locks::Foreseen(BTreeMap::new());
                surroundings.by_ddl.clear();
            }
        }
        if surroundings.in_block
            && let Locks::Foreseen(locks) = &mut surroundings.locks
        {
            let effects = judged.profile.effects.iter();
            for effect in effects.filter(|effect| effect.lock_mode.blocks() >= Blocks::Writes) {
                let known = locks.entry(effect.relation.oid).or_insert(effect.lock_mode);
                *known = effect.lock_mode.max(*known);
            }
            let is_dropped = |table: &Oid| {
                judged.profile.destroys == Some(Destruction::Relation) && judged.profile.losing.contains(table)
            };
            let by_ddl = locked_by_ddl(&judged.profile, parsed.statement).into_iter();
            for (table, mode) in by_ddl.filter(|(table, _)| !is_dropped(table)) {
                let known = surroundings.by_ddl.entry(table).or_insert(mode);
                *known = mode.max(*known);
            }
        }
        surroundings.statements.push(parsed.statement);
    }
    json!({ "statements": rows })
}

/// Whether two names as written can mean the same relation: one of them may lack the schema.
fn is_same(created: &str, named: &str) -> bool {
    let split = |name: &str| {
        name.rsplit_once('.')
            .map_or((None, name.to_owned()), |(s, n)| (Some(s.to_owned()), n.to_owned()))
    };
    let ((schema, relation), (other_schema, other)) = (split(created), split(named));
    relation == other && (schema.is_none() || other_schema.is_none() || schema == other_schema)
}
