//! ADD FOREIGN KEY: `ATAddForeignKeyConstraint` of `commands/tablecmds.c` and `RI_Initial_Check` of
//! `utils/adt/ri_triggers.c`.

use super::builder::Builder;
use crate::model::facts::AddForeignKey;
use crate::model::lock_mode::LockMode;
use crate::model::lock_profile::{Cause, WorkKind};

/// Both ends are locked against writes; the referencing rows are checked by a join unless NOT VALID.
pub fn add(facts: &AddForeignKey, lock: LockMode, builder: &mut Builder) {
    for table in &facts.referenced {
        builder.lock(*table, LockMode::ShareRowExclusive);
    }
    for (table, mode) in &facts.locked {
        builder.lock(*table, *mode);
    }
    if !facts.validated.is_empty() {
        let both = facts.validated.iter().chain(&facts.referenced);
        builder.profile().joined.extend(both);
    }
    for table in &facts.validated {
        let cause = Cause::ForeignKey {
            constraint: facts.constraint.clone(),
            columns: facts.columns.clone(),
        };
        builder.work(*table, WorkKind::Scan, lock, cause);
    }
}
