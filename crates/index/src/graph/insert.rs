//! Taking in a row.

use super::{Graph, GraphError, links::read, rows::Rows, scratch::Scratch};
use crate::Label;
use std::sync::atomic::Ordering;

impl Graph {
    /// Takes in a row. It is found from when this returns (and by [`Self::search_exact`] a little earlier).
    ///
    /// The code must be canonical, as `rules::code::check_code` has it; one that is not is found where its numbers put it.
    ///
    /// # Errors
    /// A code of another length, a label that is in use, no memory; then nothing has changed.
    /// Cost: a search with `ef_construction` candidates, and comparing neighbours with each other: see `docs/INDEX.md`.
    pub fn insert(&self, label: Label, code: &[u8]) -> Result<(), GraphError> {
        self.check_length(1, code)?;
        let _shape = self.shape.read();
        let slot = self.rows.write().put(self.params.seed, label, code)?;
        self.link(slot);
        self.changed();
        Ok(())
    }

    /// Whether these are the codes of so many rows.
    pub(super) fn check_length(&self, rows: usize, codes: &[u8]) -> Result<(), GraphError> {
        let expected = rows * self.space.code_bytes();
        let received = codes.len();
        if received == expected { Ok(()) } else { Err(GraphError::CodeLength { expected, received }) }
    }

    /// Links a row that has been put down, or links it anew.
    pub(super) fn link(&self, slot: u32) {
        let above = self.scratches.lend(|scratch| {
            let rows = self.rows.read();
            self.link_in(&rows, slot, scratch);
            rows.entry.is_none_or(|entry| rows.links.level(entry) < rows.links.level(slot))
        });
        if above {
            let mut rows = self.rows.write();
            // Another thread may have been faster.
            if rows.entry.is_none_or(|entry| rows.links.level(entry) < rows.links.level(slot)) {
                rows.entry = Some(slot);
            }
        }
    }

    /// Chooses neighbours in all layers first, and then links from the lowest up: whoever comes to the row in an upper layer
    /// while this goes on finds the way down from it.
    fn link_in(&self, rows: &Rows, slot: u32, scratch: &mut Scratch) {
        let Some(entry) = rows.entry else { return };
        scratch.row.set_code(rows.codes.row(slot));
        let top = rows.links.level(slot).min(rows.links.level(entry));
        let Scratch { walk, row, selection, candidates, layers, .. } = &mut *scratch;
        candidates.clear();
        candidates.extend(walk.descend(rows, row, top));
        layers.resize_with(layers.len().max(usize::from(top) + 1), Vec::new);
        for (level, chosen) in (0..=top).zip(layers.iter_mut()).rev() {
            let counts = |other| other != slot && rows.is_live(other);
            walk.layer(rows, row, level, candidates.drain(..), self.params.ef_construction, counts);
            candidates.extend(walk.pool.results());
            if candidates.is_empty() {
                // Only removed rows are left: better to be found through them than not at all.
                let others = walk.pool.all().filter(|(_, other, _)| *other != slot);
                candidates.extend(others.map(|(score, other, _)| (score, other)));
            }
            selection.choose(rows, candidates, self.params.m, chosen);
        }
        for level in 0..=top {
            std::mem::swap(&mut scratch.chosen, &mut scratch.layers[usize::from(level)]);
            self.write_own(rows, slot, level, scratch);
            self.link_back(rows, slot, level, scratch);
        }
    }

    /// Writes the chosen into the slot's list, beside what others may have put there meanwhile: it may be all that leads to
    /// them.
    fn write_own(&self, rows: &Rows, slot: u32, level: u8, scratch: &mut Scratch) {
        let Scratch { walk, selection, chosen, pruned, kept, .. } = scratch;
        let list = rows.links.list(slot, level);
        let _writing = self.writer(slot).lock();
        let all = &mut walk.batch;
        all.clear();
        all.extend_from_slice(chosen);
        all.extend(read(list).filter(|other| !chosen.contains(other)));
        if all.len() <= list.len() {
            rows.links.write(slot, level, all);
        } else {
            selection.rank(rows, slot, all, pruned);
            selection.choose(rows, pruned, list.len(), kept);
            rows.links.write(slot, level, kept);
        }
    }

    /// Makes the slot a neighbour of those that were chosen as its neighbours, choosing among theirs anew where a list is
    /// full. If none of them keeps it, the nearest leads to it all the same.
    pub(super) fn link_back(&self, rows: &Rows, slot: u32, level: u8, scratch: &mut Scratch) {
        let Scratch { walk, selection, chosen, pruned, kept, .. } = scratch;
        let mut is_kept = false;
        for neighbour in chosen.iter().copied() {
            let list = rows.links.list(neighbour, level);
            let _writing = self.writer(neighbour).lock();
            let others = &mut walk.batch;
            others.clear();
            others.extend(read(list));
            if others.contains(&slot) {
                is_kept = true;
                continue;
            }
            if let Some(word) = list.get(others.len()) {
                word.store(slot + 1, Ordering::Relaxed);
                is_kept = true;
                continue;
            }
            // What was removed gives way first.
            others.retain(|other| rows.is_live(*other));
            others.push(slot);
            if others.len() > list.len() {
                selection.rank(rows, neighbour, others, pruned);
                selection.choose(rows, pruned, list.len(), kept);
                rows.links.write(neighbour, level, kept);
                is_kept |= kept.contains(&slot);
            } else {
                rows.links.write(neighbour, level, others);
                is_kept = true;
            }
        }
        if let Some(nearest) = chosen.first()
            && !is_kept
        {
            self.lead_to(rows, *nearest, slot, level);
        }
    }

    /// Puts the slot into the list of `from`, and what was at its place into the slot's own list: whatever could be come to
    /// still can be, and the slot too. Without this, rows with many twins are lost.
    fn lead_to(&self, rows: &Rows, from: u32, slot: u32, level: u8) {
        let displaced = {
            let _writing = self.writer(from).lock();
            let list = rows.links.list(from, level);
            let place = read(list).count().min(list.len().saturating_sub(1));
            let Some(word) = list.get(place) else { return };
            word.swap(slot + 1, Ordering::Relaxed)
        };
        let _writing = self.writer(slot).lock();
        let list = rows.links.list(slot, level);
        if displaced != 0 && displaced != slot + 1 && !read(list).any(|other| other + 1 == displaced) {
            let place = read(list).count().min(list.len().saturating_sub(1));
            if let Some(word) = list.get(place) {
                word.store(displaced, Ordering::Relaxed);
            }
        }
    }
}
