//! Collects locks and work per relation while a statement's profile is drawn.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::facts::Facts;
use crate::model::lock_mode::LockMode;
use crate::model::lock_profile::{Cause, Effect, LockProfile, Work, WorkKind};
use crate::model::relation::Oid;

/// A profile in the making.
pub struct Builder<'a> {
    facts: &'a Facts,
    profile: LockProfile,
    /// Where in the profile the effect on a relation stands.
    places: BTreeMap<Oid, usize>,
    gone: BTreeSet<Oid>,
}

impl<'a> Builder<'a> {
    pub fn new(facts: &'a Facts) -> Self {
        let profile = LockProfile {
            command_tag: facts.command_tag.clone(),
            ..LockProfile::default()
        };
        Self {
            facts,
            profile,
            places: BTreeMap::new(),
            gone: BTreeSet::new(),
        }
    }

    /// Access to what is not about one relation.
    pub fn profile(&mut self) -> &mut LockProfile {
        &mut self.profile
    }

    /// The next of the locks that the statement takes before any work, unless it gives its locks back while it runs.
    pub fn first_lock(&mut self, oid: Oid, mode: LockMode) {
        if !self.facts.commits_internally {
            self.profile.first_locks.push((oid, mode));
        }
    }

    /// The statement locks this relation, maybe more than once: the strongest counts.
    pub fn lock(&mut self, oid: Oid, mode: LockMode) {
        if let Some(effect) = self.effect(oid, mode) {
            effect.lock_mode = effect.lock_mode.max(mode);
        }
    }

    /// Whether other sessions can be hurt by what is done to a relation.
    pub fn is_shared(&self, oid: Oid) -> bool {
        self.facts
            .tables
            .get(&oid)
            .is_some_and(|table| table.relation.is_shared())
    }

    /// Whether the profile has something on a relation so far.
    pub fn mentions(&self, oid: Oid) -> bool {
        self.places.contains_key(&oid)
    }

    /// The effect on a relation, which begins with this lock if it is not mentioned yet.
    fn effect(&mut self, oid: Oid, mode: LockMode) -> Option<&mut Effect> {
        let table = self.facts.tables.get(&oid)?;
        let effects = &mut self.profile.effects;
        let place = *self.places.entry(oid).or_insert_with(|| {
            effects.push(Effect {
                relation: table.relation.clone(),
                lock_mode: mode,
                work: vec![],
                renewed: false,
                emptied: false,
                held: None,
            });
            effects.len() - 1
        });
        effects.get_mut(place)
    }

    /// A sequence gets new storage, with the number it stands at unless it starts anew too.
    pub fn renew(&mut self, sequence: Oid, lock: LockMode) {
        self.lock(sequence, lock);
        if let Some(effect) = self.effect(sequence, lock) {
            effect.renewed = !effect.emptied;
        }
    }

    /// A relation gets new storage with nothing in it.
    pub fn empty(&mut self, oid: Oid, lock: LockMode) {
        self.lock(oid, lock);
        if let Some(effect) = self.effect(oid, lock) {
            effect.emptied = true;
            effect.renewed = false;
        }
    }

    /// The strongest lock on a relation so far.
    pub fn held(&self, oid: Oid) -> Option<LockMode> {
        let place = *self.places.get(&oid)?;
        self.profile.effects.get(place).map(|effect| effect.lock_mode)
    }

    /// The statement drops this index before it does any work.
    pub fn drop_index(&mut self, index: Oid) {
        self.lock(index, LockMode::AccessExclusive);
        self.gone.insert(index);
    }

    /// The statement does this work on a relation under a lock, which it takes if it is not mentioned yet.
    pub fn work(&mut self, oid: Oid, kind: WorkKind, under: LockMode, cause: Cause) {
        self.lock(oid, under);
        let work = Work { kind, under, cause };
        if let Some(effect) = self.effect(oid, under)
            && !effect.work.contains(&work)
        {
            effect.work.push(work);
        }
    }

    /// New storage for a table and, with it, for every index: `finish_heap_swap` of `commands/cluster.c`.
    pub fn rewrite(&mut self, oid: Oid, under: LockMode, cause: Cause) {
        self.work(oid, WorkKind::Rewrite, under, cause.clone());
        let indexes = self
            .facts
            .tables
            .get(&oid)
            .map(|table| table.indexes.as_slice())
            .unwrap_or_default();
        self.rebuild(oid, indexes, under, cause);
    }

    /// New storage for some indexes of a table.
    pub fn rebuild(&mut self, table: Oid, indexes: &[Oid], under: LockMode, cause: Cause) {
        for index in indexes
            .iter()
            .filter(|index| !self.gone.contains(index))
            .copied()
            .collect::<Vec<_>>()
        {
            self.work(table, WorkKind::BuildIndex, under, cause.clone());
            self.work(index, WorkKind::Rewrite, LockMode::AccessExclusive, cause.clone());
        }
    }

    pub fn finish(self) -> LockProfile {
        self.profile
    }
}
