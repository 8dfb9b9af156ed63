//! ALTER DOMAIN: `validateDomainCheckConstraint` and `validateDomainNotNullConstraint` of `commands/typecmds.c`.

use super::builder::Builder;
use crate::model::facts::AlterDomain;
use crate::model::lock_mode::LockMode;
use crate::model::lock_profile::{Cause, WorkKind};

/// Writes wait while every table with a column of the domain is read.
pub fn alter(facts: &AlterDomain, builder: &mut Builder) {
    for table in &facts.scanned {
        builder.first_lock(*table, LockMode::Share);
        let cause = Cause::Domain {
            domain: facts.domain.clone(),
            check: facts.check.clone(),
        };
        builder.work(*table, WorkKind::Scan, LockMode::Share, cause);
    }
}
