//! What a search looks at: a snapshot that never changes.

use super::{
    cells::CellTable,
    removed::Removed,
    segment::{Source, View},
};
use crate::Label;
use std::sync::Arc;

/// The lists at one moment. Cheap to copy: what is large is shared.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) cells: Arc<CellTable>,
    pub(super) segments: Vec<Source>,
    /// For each cell, how many rows it has, removed ones included.
    rows_of_cell: Arc<Vec<u32>>,
}

impl State {
    pub(super) fn new(cells: Arc<CellTable>, segments: Vec<Source>) -> Self {
        let mut rows_of_cell = vec![0u32; cells.len()];
        for (cell, rows) in segments.iter().flat_map(|source| source.segment.view().runs()) {
            if let Some(count) = rows_of_cell.get_mut(cell as usize) {
                *count = count.saturating_add(rows.len() as u32);
            }
        }
        Self { cells, segments, rows_of_cell: Arc::new(rows_of_cell) }
    }

    /// Rows that count.
    pub(super) fn rows(&self) -> usize {
        self.segments.iter().map(|source| source.segment.rows() - source.removed.count()).sum()
    }

    /// Rows that are removed and still take space.
    pub(super) fn removed_rows(&self) -> usize {
        self.segments.iter().map(|source| source.removed.count()).sum()
    }

    /// Whether a cell has rows.
    pub(super) fn has_rows(&self, cell: usize) -> bool {
        self.rows_of_cell.get(cell).is_some_and(|rows| *rows > 0)
    }

    /// Segments, and what is removed from them.
    pub(super) fn views(&self) -> Vec<(View<'_>, &Removed)> {
        self.segments.iter().map(|source| (source.segment.view(), &source.removed)).collect()
    }

    /// The segment and place of a row that counts.
    pub(super) fn find(&self, label: Label) -> Option<(View<'_>, usize)> {
        self.segments.iter().find_map(|source| {
            let view = source.segment.view();
            let place = view.place_of(label)?;
            (!source.removed.contains(place)).then_some((view, place))
        })
    }

    /// Removes a row, and says whether there was one.
    pub(super) fn remove(&mut self, label: Label) -> bool {
        self.segments.iter_mut().any(|source| {
            let place = source.segment.view().place_of(label);
            place.is_some_and(|place| source.removed.insert(place))
        })
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let of_segments: usize = self
            .segments
            .iter()
            .map(|source| source.segment.memory_bytes() + source.removed.memory_bytes() + size_of::<Source>())
            .sum();
        self.cells.memory_bytes() + self.rows_of_cell.capacity() * 4 + of_segments
    }
}
