//! From rows in any order to a segment.

use super::{
    ListsError,
    place::{Place, Unclaimed},
    segment::{Rows, Source, merge, remove_replaced, write_rows},
};
use crate::Label;
use std::sync::Arc;

/// Bytes of rows that are held before they are written.
const BUFFER_BYTES: usize = 32 << 20;

/// Takes rows in any order and makes a segment of them, sorted by cell.
///
/// Rows are collected up to 32 MB, sorted and written; what was written in several parts is merged at the end, so that
/// more rows than that are written twice. A label that comes twice has the row that came last. Space: 36 MB while rows
/// come, 4 bytes a row at the end. Dropped, it leaves nothing.
#[derive(Debug)]
pub struct ListsBuilder {
    place: Arc<Place>,
    buffer_bytes: usize,
    rows: Rows,
    parts: Vec<(Unclaimed, Source)>,
}

/// A segment that was built: to be given to [`super::Lists::add`]. Dropped, it leaves nothing.
#[derive(Debug)]
pub struct Built {
    pub(super) segment: Option<Unclaimed>,
    /// Rows that were written to make it.
    pub(super) rows_written: usize,
}

impl ListsBuilder {
    pub(super) fn new(place: Arc<Place>) -> Self {
        Self { place, buffer_bytes: BUFFER_BYTES, rows: Rows::default(), parts: Vec::new() }
    }

    /// Writes as soon as so many bytes are collected, 32 MB unless this says otherwise.
    pub fn with_buffer_bytes(mut self, buffer_bytes: usize) -> Self {
        self.buffer_bytes = buffer_bytes;
        self
    }

    /// Takes a row: its label, the number of its cell, and its code, which `check_code` accepts.
    ///
    /// # Errors
    /// A code of another length, or what was collected cannot be written.
    pub fn push(&mut self, label: Label, cell: u32, code: &[u8]) -> Result<(), ListsError> {
        let expected = self.place.space.code_bytes();
        if code.len() != expected {
            return Err(ListsError::CodeLength { expected, received: code.len() });
        }
        let (length, capacity) = (self.rows.codes.len(), self.rows.codes.capacity());
        if capacity - length < expected {
            // Doubled, as a vector does by itself, but not beyond what will be held.
            let doubled = length.max(64 * expected).min(self.buffer_bytes.saturating_sub(length));
            self.rows.codes.reserve_exact(doubled.max(expected));
        }
        self.rows.cells.push(cell);
        self.rows.labels.push(label);
        self.rows.codes.extend_from_slice(code);
        if self.rows.codes.len() + self.rows.labels.len() * 8 >= self.buffer_bytes {
            self.write_part()?;
        }
        Ok(())
    }

    /// Writes the segment, durably. Cost: one pass over the rows, two if they did not fit into the buffer.
    ///
    /// # Errors
    /// What the system refuses, a full disk above all: then nothing is left of it.
    pub fn finish(mut self) -> Result<Built, ListsError> {
        if !self.rows.labels.is_empty() {
            self.write_part()?;
        }
        // The buffer is not needed any more.
        self.rows = Rows::default();
        let rows_written = self.parts.iter().map(|(_, part)| part.segment.rows()).sum();
        if self.parts.len() < 2 {
            return Ok(Built { segment: self.parts.pop().map(|(part, _)| part), rows_written });
        }
        let target = self.place.new_segment();
        let sources: Vec<Source> = self.parts.iter().map(|(_, source)| source.clone()).collect();
        let rows = merge(target.target(), &sources)?;
        Ok(Built { segment: Some(target.open()?), rows_written: rows_written + rows })
    }

    fn write_part(&mut self) -> Result<(), ListsError> {
        let target = self.place.new_segment();
        write_rows(target.target(), &self.rows)?;
        self.rows.cells.clear();
        self.rows.labels.clear();
        self.rows.codes.clear();
        let part = target.open()?;
        for (_, old) in &mut self.parts {
            remove_replaced(old.segment.view(), &mut old.removed, part.segment().view());
        }
        let source = Source { segment: part.segment().clone(), removed: Default::default() };
        self.parts.push((part, source));
        Ok(())
    }
}

impl Built {
    /// How many rows it has: those with different labels.
    pub fn rows(&self) -> usize {
        self.segment.as_ref().map_or(0, |segment| segment.segment().rows())
    }
}
