//! What is said of a statement that is harmless by itself, and what its transaction makes of it.

use super::sql::without_comments_around;
use super::words;
use crate::model::lock_mode::Blocks;
use crate::model::lock_profile::{Cause, LockProfile, Work};
use crate::model::relation::Relation;
use crate::model::rule::Rule;
use crate::model::transaction::{Doomed, HeldTable};
use crate::policy::Finding;

/// How the tools that run each migration in a transaction leave one out of it.
const OUTSIDE: &str = "Rails: disable_ddl_transaction!.  Django: atomic = False.  Alembic: autocommit_block().  \
                       node-pg-migrate: pgm.noTransaction().  Flyway: executeInTransaction=false.  Liquibase: \
                       runInTransaction=\"false\".  psql: no -1, and a -c for each statement.";

/// What a statement would do ("would " or "will "), where a rule about its transaction objects.
pub fn message(profile: &LockProfile, finding: &Finding, would: &str) -> Option<String> {
    match finding.rule {
        Rule::SeveralTablesLocked => {
            let relation = &profile.effect(finding.relation)?.relation;
            let held = finding.held.as_ref()?;
            Some(format!(
                "{would}lock {} {}",
                words::relation(relation),
                while_blocking(held)
            ))
        }
        Rule::WorkUnderHeldLock if finding.adds => {
            let what = if is_of_reading(profile, finding) { "read" } else { "add" };
            Some(format!(
                "{would}{what} many rows {}",
                while_blocking(finding.held.as_ref()?)
            ))
        }
        Rule::ConcurrentlyInTransaction => Some(match profile.doomed.as_ref()? {
            Doomed::Itself => "with CONCURRENTLY cannot run inside a transaction block".to_owned(),
            Doomed::ByLater(_) => {
                format!("{would}be lost, because a later statement cannot run inside a transaction block")
            }
        }),
        _ => None,
    }
}

/// Whether rows are objected to that are read, and not added.
fn is_of_reading(profile: &LockProfile, finding: &Finding) -> bool {
    profile.rows_added < Some(finding.rows)
}

/// `while the transaction blocks writes of table "public.orders"`
pub fn while_blocking(held: &HeldTable) -> String {
    let blocks = held.mode.blocks().name();
    format!(
        "while the transaction blocks {blocks} of {}",
        words::relation(&held.relation)
    )
}

/// Why a rule about the transaction objects to what is not work.
pub fn reason(profile: &LockProfile, finding: &Finding) -> Option<String> {
    match finding.rule {
        Rule::SeveralTablesLocked => {
            let effect = profile.effect(finding.relation)?;
            let held = finding.held.as_ref()?;
            Some(format!(
                "{} is taken on {} ({}), and the transaction holds {} on {} ({}) from an earlier statement: while it waits for \
                 the one, others wait for both, and who uses them in the other order can deadlock with it.",
                effect.lock_mode,
                words::relation(&effect.relation),
                words::extent(finding.rows, finding.bytes),
                held.mode,
                words::relation(&held.relation),
                extent(&held.relation)
            ))
        }
        Rule::WorkUnderHeldLock if finding.adds => {
            let rows = words::count(usize::try_from(finding.rows).unwrap_or(usize::MAX), "row", "rows");
            let what = if is_of_reading(profile, finding) { "read" } else { "added" };
            Some(format!(
                "By its plan: about {rows} are {what}.{}",
                meanwhile(finding.held.as_ref()?)
            ))
        }
        Rule::ConcurrentlyInTransaction => Some(match profile.doomed.as_ref()? {
            Doomed::Itself => {
                "It commits while it runs: PostgreSQL refuses it in a transaction block, a function, and a query string of \
                 several statements, and rolls back what came before it in the transaction."
                    .to_owned()
            }
            Doomed::ByLater(later) => format!(
                "A statement that follows in the same query string fails in a transaction, and what came before it is rolled \
                 back: {}",
                words::line(without_comments_around(later))
            ),
        }),
        _ => None,
    }
}

/// Why work objected to because of another table hurts: `done` says what is done.
pub fn work(work: &Work, because: String, done: &str, held: &HeldTable) -> String {
    let because = match &work.cause {
        Cause::Validate { constraint } => format!("Constraint \"{constraint}\" is validated"),
        _ => because,
    };
    format!("{because}: {done}.{}", meanwhile(held))
}

/// The sentence about those who wait for a table that is locked.
pub fn meanwhile(held: &HeldTable) -> String {
    format!(
        "  Meanwhile others wait for {}, on which the transaction holds {} from an earlier statement.",
        words::relation(&held.relation),
        held.mode
    )
}

/// What gives the lock back.
pub const COMMIT_FIRST: &str = "COMMIT first, which gives the lock back, unless nobody may see what was done so far.";

/// The safe order of the statements, where that is all there is to it.
pub fn order(profile: &LockProfile, finding: &Finding, statement: &str) -> Option<String> {
    match (finding.rule, &profile.doomed) {
        (Rule::ConcurrentlyInTransaction, Some(doomed)) => {
            let outside = match doomed {
                Doomed::Itself => statement,
                Doomed::ByLater(later) => later.as_str(),
            };
            Some(format!(
                "Send it by itself, outside a transaction block: {};  {OUTSIDE}",
                without_comments_around(outside)
            ))
        }
        (Rule::WorkUnderHeldLock, _) if blocks_by_itself(finding) => None,
        (Rule::WorkUnderHeldLock | Rule::SeveralTablesLocked, _) => Some(format!(
            "COMMIT first, which gives the lock back, and then run in a transaction of its own: {};",
            without_comments_around(statement)
        )),
        _ => None,
    }
}

/// Then there is a better way than to wait with it.
fn blocks_by_itself(finding: &Finding) -> bool {
    let under = finding.work.as_ref().map(|work| work.under.blocks());
    under >= Some(Blocks::Writes)
}

fn extent(relation: &Relation) -> String {
    words::extent(relation.rows, relation.bytes)
}
