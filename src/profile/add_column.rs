//! ADD COLUMN: `ATExecAddColumn` of `commands/tablecmds.c`.

use super::builder::Builder;
use crate::model::facts::{AddColumn, NewColumnValue};
use crate::model::lock_mode::LockMode;
use crate::model::lock_profile::{Cause, WorkKind};

/// A value that can be kept in the catalog costs nothing; one that each row needs for itself rewrites the table; and a
/// NOT NULL column without either has every row looked at.
pub fn profile(facts: &AddColumn, lock: LockMode, builder: &mut Builder) {
    let (column, type_name) = (facts.column.clone(), facts.type_name.clone());
    let expression = facts.expression.clone().unwrap_or_default();
    let rewrite = match &facts.value {
        NewColumnValue::Null | NewColumnValue::Stored | NewColumnValue::VirtualGenerated => None,
        NewColumnValue::Volatile => Some(Cause::VolatileDefault {
            column: column.clone(),
            type_name,
            default: expression,
        }),
        NewColumnValue::Serial => Some(Cause::SequenceDefault {
            column: column.clone(),
            type_name,
            identity: false,
        }),
        NewColumnValue::Identity => Some(Cause::SequenceDefault {
            column: column.clone(),
            type_name,
            identity: true,
        }),
        NewColumnValue::StoredGenerated => Some(Cause::StoredGenerated {
            column: column.clone(),
            type_name,
            expression,
        }),
        NewColumnValue::ConstrainedDomain { domain, base, volatile } => Some(Cause::ConstrainedDomain {
            column: column.clone(),
            domain: domain.clone(),
            base: base.clone(),
            default: expression,
            volatile: *volatile,
        }),
    };
    if rewrite.is_some() && !facts.members.is_empty() {
        for sequence in &facts.sequences {
            builder.lock(*sequence, LockMode::RowExclusive);
        }
    }
    for member in &facts.members {
        match &rewrite {
            Some(cause) => builder.rewrite(*member, lock, cause.clone()),
            None if facts.not_null && facts.value != NewColumnValue::Stored => {
                builder.work(
                    *member,
                    WorkKind::Scan,
                    lock,
                    Cause::NewColumnNotNull { column: column.clone() },
                );
            }
            None => {}
        }
    }
}
