//! What stands behind a view.

use pgrx::pg_sys;

use super::relations::with_relation;
use super::walk;
use crate::model::facts::Oid;
use crate::model::relation::RelationKind;
use crate::postgres::node;

/// A relation that a query names.
pub struct Source {
    pub oid: Oid,
    pub kind: RelationKind,
    /// With what inherits from it.
    pub recurse: bool,
}

/// The relations that a view's query names, in its subqueries and expressions too.
pub fn sources(view: Oid) -> Vec<Source> {
    // SAFETY: the rule of a view, in the relation cache while the entry is pinned; only read.
    let entries = with_relation(view, |relation| unsafe {
        walk::queries(pg_sys::get_view_query(relation))
            .into_iter()
            .flat_map(|query| node::list((*query).rtable))
            .filter_map(|entry| node::cast::<pg_sys::RangeTblEntry>(entry, pg_sys::NodeTag::T_RangeTblEntry))
            .filter_map(|entry| {
                Some(Source {
                    oid: entry.relid.to_u32(),
                    kind: RelationKind::from_relkind(entry.relkind as u8)?,
                    recurse: entry.inh,
                })
            })
            // Before 16 a rule has entries for OLD and NEW.
            .filter(|source| source.oid != view)
            .collect()
    });
    entries.unwrap_or_default()
}
