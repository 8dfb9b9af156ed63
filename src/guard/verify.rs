//! Whether a profile told the truth (`pg_interlock.verify_profiles`): what a statement was said to do, held against what
//! it did, in both directions.
//!
//! What was there before the statement is looked at when it begins, and again when it returns. A statement that commits
//! by itself has given its locks back by then: of those only the storage is compared.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::lock_mode::LockMode;
use crate::model::lock_profile::{Effect, LockProfile, Unknown, WorkKind};
use crate::model::relation::{FIRST_NORMAL_OBJECT_ID, Oid, RelationKind};
use crate::postgres::{observe, read};

/// How things stood before a statement.
#[derive(Clone, Debug)]
pub struct Before {
    profile: LockProfile,
    commits_internally: bool,
    locks: BTreeMap<Oid, LockMode>,
    storage: BTreeMap<Oid, u32>,
    scans: BTreeMap<Oid, i64>,
    index_files: BTreeMap<Oid, BTreeSet<u32>>,
}

impl Before {
    /// Looks, if there is something to compare with later.
    pub fn look(profile: &LockProfile, commits_internally: bool) -> Option<Self> {
        if matches!(profile.unknown, Some(Unknown::Unmodelled | Unknown::ReadFailed(_))) {
            return None;
        }
        let of_each = || profile.effects.iter().map(|effect| effect.relation.oid);
        Some(Self {
            profile: profile.clone(),
            commits_internally,
            locks: observe::own_locks(),
            storage: of_each()
                .filter_map(|oid| Some((oid, observe::storage(oid)?)))
                .collect(),
            scans: of_each().filter_map(|oid| Some((oid, observe::scans(oid)?))).collect(),
            index_files: of_each()
                .filter_map(|oid| Some((oid, observe::index_files(oid)?)))
                .collect(),
        })
    }

    /// The differences, one sentence each; none if the profile was right.
    pub fn differences(&self) -> Vec<String> {
        let mut found = vec![];
        if !self.commits_internally {
            self.compare_locks(&mut found);
        }
        // What is emptied gets new storage, as its indexes do, and nothing is read or written: none of that is work.
        for effect in self.profile.effects.iter().filter(|effect| !effect.emptied) {
            self.compare_storage(effect, &mut found);
            if !self.commits_internally {
                self.compare_indexes(effect, &mut found);
                self.compare_scans(effect, &mut found);
            }
        }
        found
    }

    fn compare_locks(&self, found: &mut Vec<String>) {
        let now = observe::own_locks();
        for effect in &self.profile.effects {
            let held = now.get(&effect.relation.oid).copied();
            if held.is_none_or(|mode| mode < effect.lock_mode) {
                let held = held.map_or("no lock", LockMode::name);
                found.push(format!(
                    "{}: {held}, not {}",
                    effect.relation.qualified_name(),
                    effect.lock_mode
                ));
            }
        }
        let expected: BTreeMap<Oid, LockMode> = self
            .profile
            .effects
            .iter()
            .map(|effect| (effect.relation.oid, effect.lock_mode))
            .collect();
        for (oid, mode) in now.into_iter().filter(|(_, mode)| *mode > LockMode::AccessShare) {
            let expected = expected.get(&oid).copied();
            let known = expected.max(self.locks.get(&oid).copied());
            if known.is_none_or(|known| mode > known)
                && let Some(name) = visible_name(oid, expected.is_some())
            {
                let said = expected.map_or("no lock", LockMode::name);
                found.push(format!("{name}: {mode}, not {said}"));
            }
        }
    }

    fn compare_storage(&self, effect: &Effect, found: &mut Vec<String>) {
        let oid = effect.relation.oid;
        // What is gone was dropped, or made again under another oid.
        let (Some(before), Some(now)) = (self.storage.get(&oid), observe::storage(oid)) else {
            return;
        };
        if (*before != now) != effect.rewrites() {
            let (did, said) = if effect.rewrites() {
                ("kept", "rewritten")
            } else {
                ("replaced", "kept")
            };
            found.push(format!(
                "{}: storage {did}, not {said}",
                effect.relation.qualified_name()
            ));
        }
    }

    /// An index that is built has a file that none of the table's had; so has one whose files are copied. Below
    /// ShareUpdateExclusiveLock it may be somebody else's.
    fn compare_indexes(&self, effect: &Effect, found: &mut Vec<String>) {
        let oid = effect.relation.oid;
        let copies = |effect: &Effect| effect.work.iter().any(|work| work.kind == WorkKind::CopyFiles);
        let is_index = |effect: &&Effect| effect.relation.kind.is_index();
        let copied = self.profile.effects.iter().filter(is_index).any(copies);
        let alone = effect.lock_mode >= LockMode::ShareUpdateExclusive && observe::storage(oid).is_some();
        let before = self
            .index_files
            .get(&oid)
            .filter(|_| effect.relation.kind.has_rows() && alone && !copied);
        let (Some(before), Some(now)) = (before, observe::index_files(oid)) else {
            return;
        };
        let name = effect.relation.qualified_name();
        match (now.is_subset(before), effect.builds_indexes()) {
            (false, false) => found.push(format!("{name}: index built, not left as it was")),
            (true, true) => found.push(format!("{name}: no index built, not one")),
            _ => {}
        }
    }

    fn compare_scans(&self, effect: &Effect, found: &mut Vec<String>) {
        let oid = effect.relation.oid;
        // Of an index, what is counted are look-ups; and what a query reads is the planner's business.
        let by_query = effect.lock_mode < LockMode::ShareUpdateExclusive;
        if by_query || effect.relation.kind.is_index() || self.profile.joined.contains(&oid) {
            return;
        }
        let (Some(before), Some(now)) = (self.scans.get(&oid), observe::scans(oid)) else {
            return;
        };
        // CLUSTER may read by an index instead.
        let optional = effect.rewrites();
        if now > *before && !effect.scans() {
            found.push(format!(
                "{}: scanned, not left unread",
                effect.relation.qualified_name()
            ));
        } else if now == *before && effect.scans() && !optional {
            found.push(format!(
                "{}: left unread, not scanned",
                effect.relation.qualified_name()
            ));
        }
    }
}

/// The name of a relation that a profile should have spoken of; `None` for the server's own, for new ones, and for indexes
/// unless the profile named them.
fn visible_name(oid: Oid, expected: bool) -> Option<String> {
    let relation = read::relation(oid).filter(|_| oid >= FIRST_NORMAL_OBJECT_ID)?;
    if relation.new_in_transaction {
        return None;
    }
    let spoken_of = expected || !(relation.kind.is_index() || relation.kind == RelationKind::Toast);
    spoken_of.then(|| relation.qualified_name())
}
