//! What can be asked of a segment: the rows of a cell, the place of a label, the code at a place.

use crate::{Label, lists::removed::Removed};
use std::ops::Range;

/// The sections of a segment.
#[derive(Clone, Copy, Debug)]
pub(in crate::lists) struct View<'a> {
    pub(super) code_bytes: usize,
    pub(super) runs: &'a [[u8; 8]],
    pub(in crate::lists) labels: &'a [[u8; 4]],
    pub(super) sorted: &'a [[u8; 8]],
    pub(super) codes: &'a [u8],
}

impl<'a> View<'a> {
    /// The run of a cell: which it is, and its rows.
    pub(in crate::lists) fn run_of(&self, cell: u32) -> Option<(usize, Range<usize>)> {
        let run = self.runs.binary_search_by_key(&cell, first).ok()?;
        Some((run, self.rows_of(run)))
    }

    /// All runs: the cell, and its rows.
    pub(in crate::lists) fn runs(self) -> impl Iterator<Item = (u32, Range<usize>)> + 'a {
        self.runs.iter().enumerate().map(move |(run, entry)| (first(entry), self.rows_of(run)))
    }

    fn rows_of(&self, run: usize) -> Range<usize> {
        let place = |run: usize| self.runs.get(run).map_or(self.labels.len(), |run| second(run) as usize);
        place(run)..place(run + 1)
    }

    pub(in crate::lists) fn label(&self, place: usize) -> Option<Label> {
        self.labels.get(place).map(|label| Label::from_le_bytes(*label))
    }

    /// The labels ascending, each with the place of its row.
    pub(in crate::lists) fn sorted(self) -> impl Iterator<Item = (Label, usize)> + 'a {
        self.sorted.iter().map(|entry| (first(entry), second(entry) as usize))
    }

    /// The codes of some rows, one after the other.
    pub(in crate::lists) fn codes(&self, rows: Range<usize>) -> &'a [u8] {
        self.codes.get(rows.start * self.code_bytes..rows.end * self.code_bytes).unwrap_or_default()
    }

    /// The place of a row.
    pub(in crate::lists) fn place_of(&self, label: Label) -> Option<usize> {
        let at = self.sorted.binary_search_by_key(&label, first).ok()?;
        Some(second(&self.sorted[at]) as usize)
    }

    /// Looks labels up one after the other.
    pub(in crate::lists) fn cursor(self) -> Cursor<'a> {
        Cursor { sorted: self.sorted, at: 0 }
    }

    /// What does not hold, of what readers rely on.
    pub(super) fn check(&self, rows: usize) -> Result<(), &'static str> {
        let expect = |what, holds: bool| if holds { Ok(()) } else { Err(what) };
        expect("a label for each row", self.labels.len() == rows && self.sorted.len() == rows)?;
        expect("a code for each row", rows.checked_mul(self.code_bytes) == Some(self.codes.len()))?;
        expect("rows", rows > 0)?;
        expect("runs from the first row on", self.runs.first().is_some_and(|run| second(run) == 0))?;
        let ascending = |pair: &[[u8; 8]]| first(&pair[0]) < first(&pair[1]);
        expect("cells in their order", self.runs.windows(2).all(ascending))?;
        let longer = |pair: &[[u8; 8]]| second(&pair[0]) < second(&pair[1]);
        expect("runs with rows", self.runs.windows(2).all(longer))?;
        expect("runs within the rows", self.runs.iter().all(|run| (second(run) as usize) < rows))?;
        expect("each label once", self.sorted.windows(2).all(ascending))?;
        let there = |(label, place)| self.label(place) == Some(label);
        expect("labels at their places", self.sorted().all(there))
    }
}

/// Finds labels in a segment: quickly if they ascend, and if few lie between them.
#[derive(Debug)]
pub(in crate::lists) struct Cursor<'a> {
    sorted: &'a [[u8; 8]],
    at: usize,
}

impl Cursor<'_> {
    /// The place of a row. Cost: O(log n), n being how many rows lie between the last one asked for and this.
    pub(in crate::lists) fn place_of(&mut self, label: Label) -> Option<usize> {
        if self.at > 0 && self.sorted.get(self.at - 1).is_some_and(|entry| first(entry) >= label) {
            self.at = 0;
        }
        let (mut step, mut below) = (1, self.at);
        while self.sorted.get(below + step - 1).is_some_and(|entry| first(entry) < label) {
            below += step;
            step *= 2;
        }
        let end = (below + step).min(self.sorted.len());
        self.at = below + self.sorted[below..end].partition_point(|entry| first(entry) < label);
        let entry = self.sorted.get(self.at)?;
        (first(entry) == label).then(|| second(entry) as usize)
    }
}

/// Marks the rows of `old` that `new` has too: a label's newest row is the one that counts.
pub(in crate::lists) fn remove_replaced(old: View<'_>, removed: &mut Removed, new: View<'_>) {
    // Labels of the shorter one are looked up in the longer.
    let old_is_shorter = old.sorted.len() < new.sorted.len();
    let (few, many) = if old_is_shorter { (old, new) } else { (new, old) };
    let (Some(start), Some(end)) = (many.sorted.first().map(first), many.sorted.last().map(first)) else {
        return;
    };
    let mut cursor = many.cursor();
    for (label, in_few) in
        few.sorted().skip_while(|(label, _)| *label < start).take_while(|(label, _)| *label <= end)
    {
        if let Some(in_many) = cursor.place_of(label) {
            removed.insert(if old_is_shorter { in_few } else { in_many });
        }
    }
}

fn first(entry: &[u8; 8]) -> u32 {
    u32::from_le_bytes([entry[0], entry[1], entry[2], entry[3]])
}

fn second(entry: &[u8; 8]) -> u32 {
    u32::from_le_bytes([entry[4], entry[5], entry[6], entry[7]])
}
