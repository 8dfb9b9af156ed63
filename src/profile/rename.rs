//! RENAME and SET SCHEMA: quick, and they take a name away.

use super::builder::Builder;
use crate::model::lock_profile::Destruction;
use crate::model::rename::{Rename, Renamed};

/// The whole statement.
pub fn profile(statement: &Rename, builder: &mut Builder) {
    if let Some((target, _)) = statement.locked.first() {
        builder.profile().target = Some(*target);
        builder.profile().losing.push(*target);
    }
    builder.profile().destroys = match &statement.what {
        Renamed::Relation(new) => Some(Destruction::Name(new.clone())),
        Renamed::Column(old, new) => Some(Destruction::ColumnName(old.clone(), new.clone())),
        Renamed::Part => None,
    };
    for (oid, mode) in &statement.locked {
        builder.lock(*oid, *mode);
    }
}
