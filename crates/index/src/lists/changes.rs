//! Changes: cells and rows added, rows removed, segments merged, all of it saved.
//!
//! Each makes a new snapshot from the one before, holding `Lists::changes`, and swaps it.

use super::{
    Built, Lists, ListsBuilder, ListsError, manifest, place,
    segment::{Source, merge, remove_replaced},
    state::State,
    tiers::{self, Size},
};
use crate::Label;
use rose_forest_rules::reference::CellId;
use std::{
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
};

/// What only those who change something need to know.
#[derive(Debug)]
pub(super) struct Changes {
    pub(super) sequence: u64,
    /// How many cells are on disk.
    pub(super) saved_cells: usize,
    /// Segments that were merged away, and that the saved list still names.
    pub(super) obsolete: Vec<PathBuf>,
}

impl Lists {
    /// Adds cells with their centres, and says their numbers; those that are known already keep theirs.
    ///
    /// # Errors
    /// A centre that is no vector of this collection; then none of them is added.
    pub fn add_cells(
        &self,
        cells: impl IntoIterator<Item = (CellId, Vec<f32>)>,
    ) -> Result<Vec<u32>, ListsError> {
        let _changes = self.changes.lock();
        let state = self.snapshot();
        let mut table = (*state.cells).clone();
        let numbers: Result<Vec<u32>, ListsError> =
            cells.into_iter().map(|(id, centre)| table.add(id, &centre)).collect();
        let numbers = numbers?;
        if table.len() > state.cells.len() {
            table.shrink();
            self.swap(State::new(Arc::new(table), state.segments.clone()));
        }
        Ok(numbers)
    }

    /// Takes rows in any order, to be [added](Lists::add) together.
    pub fn builder(&self) -> ListsBuilder {
        ListsBuilder::new(self.place.clone())
    }

    /// Adds the rows that were built. Rows that are here with the same labels are replaced.
    ///
    /// # Errors
    /// [`ListsError::UnknownCell`], or [`ListsError::OtherFile`] for what other lists' builder made; then nothing is added. Cost: O(rows added), less if their labels are new.
    pub fn add(&self, built: Built) -> Result<(), ListsError> {
        let Built { segment: Some(segment), rows_written } = built else { return Ok(()) };
        let _changes = self.changes.lock();
        let state = self.snapshot();
        let expected = state.cells.len() as u32;
        let view = segment.segment().view();
        if let Some((received, _)) = view.runs().last().filter(|(cell, _)| *cell >= expected) {
            return Err(ListsError::UnknownCell { expected, received });
        }
        let (path, number) = (segment.segment().path(), segment.segment().number());
        if path != self.place.segment(number) {
            return Err(ListsError::OtherFile { path: path.to_owned() });
        }
        let mut segments = state.segments.clone();
        for old in &mut segments {
            remove_replaced(old.segment.view(), &mut old.removed, view);
        }
        self.counted.rows_added.fetch_add(segment.segment().rows() as u64, Ordering::Relaxed);
        self.counted.rows_written.fetch_add(rows_written as u64, Ordering::Relaxed);
        segments.push(Source { segment: segment.claim(), removed: Default::default() });
        self.swap(State::new(state.cells.clone(), segments));
        Ok(())
    }

    /// Removes rows, and says how many of them were here. Cost: O(segments log rows) for each.
    pub fn remove(&self, labels: impl IntoIterator<Item = Label>) -> usize {
        let _changes = self.changes.lock();
        let mut state = (*self.snapshot()).clone();
        let removed = labels.into_iter().filter(|label| state.remove(*label)).count();
        if removed > 0 {
            self.swap(state);
        }
        removed
    }

    /// Merges segments once, if there are many or if many rows of one are removed, and says whether it did: call it in the
    /// background until it says no. Searches and changes go on meanwhile.
    ///
    /// # Errors
    /// What the system refuses: then everything is as it was. Cost: reads and writes the rows of those segments, up to 2
    /// GB; each row is written at most once for every fourfold growth of the lists. Space: 4 bytes for each of those rows.
    /// The old files are removed by the next [`Lists::save`].
    pub fn merge(&self) -> Result<bool, ListsError> {
        let _merging = self.merging.lock();
        let before = self.snapshot();
        let size = |source: &Source| Size { rows: source.segment.rows(), removed: source.removed.count() };
        let sizes: Vec<Size> = before.segments.iter().map(size).collect();
        let Some(places) = tiers::plan(&sizes, self.place.space.code_bytes()) else { return Ok(false) };
        let merged: Vec<Source> = places.iter().map(|place| before.segments[*place].clone()).collect();
        let target = self.place.new_segment();
        let rows = merge(target.target(), &merged)?;
        let new = if rows > 0 { Some(target.open()?) } else { None };

        let mut changes = self.changes.lock();
        let now = self.snapshot();
        let mut new = new.map(|new| Source { segment: new.claim(), removed: Default::default() });
        let mut segments = Vec::with_capacity(now.segments.len());
        for source in &now.segments {
            let Some(old) = merged.iter().find(|old| old.segment.number() == source.segment.number()) else {
                segments.push(source.clone());
                continue;
            };
            self.is_obsolete(old, &mut changes);
            // What was removed while the rows were being written.
            for place in source.removed.since(&old.removed) {
                if let (Some(new), Some(label)) = (&mut new, old.segment.view().label(place))
                    && let Some(place) = new.segment.view().place_of(label)
                {
                    new.removed.insert(place);
                }
            }
        }
        segments.extend(new);
        self.counted.rows_written.fetch_add(rows as u64, Ordering::Relaxed);
        self.swap(State::new(now.cells.clone(), segments));
        Ok(true)
    }

    /// Drops the segments whose codes are damaged, and says which rows went with them: to be added again. Their files are
    /// removed by the next [`Lists::save`].
    ///
    /// # Errors
    /// What the system refuses: then nothing has changed. Cost: one pass over the codes that were not compared yet.
    pub fn forget_damaged(&self) -> Result<Vec<Label>, ListsError> {
        // What is being merged may be what is damaged.
        let _merging = self.merging.lock();
        let mut damaged = Vec::new();
        for source in &self.snapshot().segments {
            match source.segment.verify() {
                Ok(()) => {}
                Err(problem) if problem.unusable_file().is_some() => damaged.push(source.segment.number()),
                Err(problem) => return Err(problem),
            }
        }
        if damaged.is_empty() {
            return Ok(Vec::new());
        }
        let mut changes = self.changes.lock();
        let state = self.snapshot();
        let is_damaged = |source: &&Source| damaged.contains(&source.segment.number());
        let (gone, kept): (Vec<&Source>, Vec<&Source>) = state.segments.iter().partition(is_damaged);
        let mut labels = Vec::new();
        for source in gone {
            let rows = source.segment.view().sorted().filter(|(_, place)| !source.removed.contains(*place));
            labels.extend(rows.map(|(label, _)| label));
            self.is_obsolete(source, &mut changes);
        }
        self.swap(State::new(state.cells.clone(), kept.into_iter().cloned().collect()));
        Ok(labels)
    }

    /// Makes durable what the lists are now, in step with the store up to `sequence`: the caller knows that every change
    /// up to there was made. Files that are no longer needed are removed.
    ///
    /// # Errors
    /// What the system refuses, a full disk above all: then the lists that were saved before are as they were, and saving
    /// can be tried again.
    pub fn save(&self, sequence: u64) -> Result<(), ListsError> {
        let mut changes = self.changes.lock();
        let state = self.snapshot();
        // The cells first: segments that are listed may need them.
        if state.cells.len() > changes.saved_cells {
            state.cells.write(&self.place.cells(), self.place.identity)?;
            changes.saved_cells = state.cells.len();
        }
        manifest::write(&self.place, &state, sequence)?;
        changes.sequence = sequence;
        self.unsaved.store(false, Ordering::Release);
        // Searches may still have them mapped, which keeps what they read. What cannot be removed is removed when the
        // lists are next opened.
        for path in changes.obsolete.drain(..) {
            let _ = place::remove(&path);
        }
        self.counted.obsolete_bytes.store(0, Ordering::Relaxed);
        Ok(())
    }

    /// Notes a segment whose file the next saving removes.
    fn is_obsolete(&self, source: &Source, changes: &mut Changes) {
        changes.obsolete.push(source.segment.path().to_owned());
        self.counted.obsolete_bytes.fetch_add(source.segment.disk_bytes(), Ordering::Relaxed);
    }

    /// The caller holds `changes`.
    fn swap(&self, state: State) {
        *self.state.write() = Arc::new(state);
        self.unsaved.store(true, Ordering::Release);
    }
}
