//! A judged statement as data: the rows of `interlock.explain_lock_profile`, the jsonb of `interlock.lock_profile`, and
//! the `profile` column of the decision log are one and the same.

use serde::Serialize;

use super::message;
use crate::model::lock_profile::{Effect, LockProfile, Unknown};
use crate::policy::{Judgement, sqlstate};

/// One judged statement.
#[derive(Clone, Debug, Serialize)]
pub struct StatementRow {
    /// 1, 2, ... in the order of the command.
    pub statement: usize,
    /// Its text.
    pub text: String,
    /// `ALTER TABLE`
    pub command_tag: String,
    /// `allow`, `warn` or `reject`
    pub decision: &'static str,
    /// The rule that objects, if one does.
    pub rule: Option<&'static str>,
    /// The SQLSTATE of its rejection.
    pub sqlstate: Option<&'static str>,
    /// Why it objects, or what is not known.
    pub reason: Option<String>,
    /// The safe way to the same end.
    pub safe_alternative: Option<String>,
    /// The existing relations it locks, or one row without a relation.
    pub relations: Vec<RelationRow>,
    /// How many more there are, which are left out.
    #[serde(skip_serializing_if = "is_none")]
    pub relations_omitted: usize,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes the field by reference")]
fn is_none(number: &usize) -> bool {
    *number == 0
}

/// What happens to one relation.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RelationRow {
    /// Schema-qualified, quoted where needed.
    pub relation: Option<String>,
    /// `table`, `index` ...
    pub kind: Option<&'static str>,
    /// As pg_locks shows it.
    pub lock_mode: Option<&'static str>,
    /// What other sessions cannot do meanwhile.
    pub blocks: Option<&'static str>,
    /// Its storage is written anew.
    pub rewrites: Option<bool>,
    /// It is read from end to end.
    pub scans: Option<bool>,
    /// An index on it is built or rebuilt.
    pub builds_indexes: Option<bool>,
    /// Estimated rows now.
    pub estimated_rows: Option<i64>,
    /// Bytes with indexes and TOAST.
    pub total_bytes: Option<i64>,
    /// Only its session, or its transaction, can see it.
    pub private: Option<bool>,
    /// What becomes of the statement because of it.
    pub decision: &'static str,
    /// The rule that objects to what happens to it.
    pub rule: Option<&'static str>,
    /// Why.
    pub reason: Option<String>,
    /// The safe way to the same end.
    pub safe_alternative: Option<String>,
}

/// A judged statement as data, with at most `limit` of its relations.
pub fn statement(
    number: usize,
    text: &str,
    profile: &LockProfile,
    judgement: &Judgement,
    safe_alternative: Option<String>,
    limit: usize,
) -> StatementRow {
    let finding = judgement.finding.as_ref();
    let mut row = StatementRow {
        statement: number,
        text: text.to_owned(),
        command_tag: profile.command_tag.clone(),
        decision: judgement.decision.name(),
        rule: finding.map(|finding| finding.rule.id()),
        sqlstate: finding.map(sqlstate),
        reason: finding
            .map(|finding| message::reason(profile, finding))
            .or_else(|| profile.unknown.as_ref().map(unknown)),
        safe_alternative,
        relations: vec![],
        relations_omitted: profile.effects.len().saturating_sub(limit),
    };
    row.relations = profile
        .effects
        .iter()
        .take(limit)
        .map(|effect| relation(effect, judgement, &row))
        .collect();
    if row.relations.is_empty() {
        row.relations.push(RelationRow {
            decision: row.decision,
            rule: row.rule,
            reason: row.reason.clone(),
            safe_alternative: row.safe_alternative.clone(),
            ..RelationRow::default()
        });
    }
    row
}

fn relation(effect: &Effect, judgement: &Judgement, statement: &StatementRow) -> RelationRow {
    let oid = effect.relation.oid;
    let at_fault = judgement
        .finding
        .as_ref()
        .is_some_and(|finding| finding.relation == oid || finding.relations.contains(&oid));
    RelationRow {
        relation: Some(effect.relation.qualified_name()),
        kind: Some(effect.relation.kind.noun()),
        lock_mode: Some(effect.lock_mode.name()),
        blocks: Some(effect.lock_mode.blocks().name()),
        rewrites: Some(effect.rewrites()),
        scans: Some(effect.scans()),
        builds_indexes: Some(effect.builds_indexes()),
        estimated_rows: effect.relation.measured.then_some(effect.relation.rows),
        total_bytes: effect.relation.measured.then_some(effect.relation.bytes),
        private: Some(!effect.relation.is_shared()),
        decision: if at_fault { statement.decision } else { "allow" },
        rule: statement.rule.filter(|_| at_fault),
        reason: statement
            .reason
            .clone()
            .filter(|_| at_fault || statement.rule.is_none()),
        safe_alternative: statement.safe_alternative.clone().filter(|_| at_fault),
    }
}

fn unknown(unknown: &Unknown) -> String {
    match unknown {
        Unknown::MissingRelation(name) => format!("Relation \"{name}\" does not exist."),
        Unknown::Unmodelled => "What this statement locks is not modelled yet; it is allowed.".to_owned(),
        Unknown::ReadFailed(message) => format!("It could not be judged: {message}."),
    }
}
