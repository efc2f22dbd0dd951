//! Writing a segment: from rows in memory, or from other segments.

use super::{ABOUT, CODES, LABELS, RUNS, SORTED, Segment, about, contents};
use crate::{
    Label,
    file::{FileError, IndexFileWriter},
    lists::{ListsError, removed::Removed},
};
use rose_forest_core::Space;
use std::{cmp::Reverse, collections::BinaryHeap, path::Path, sync::Arc};

/// Rows in the order in which they came.
#[derive(Debug, Default)]
pub(in crate::lists) struct Rows {
    pub(in crate::lists) cells: Vec<u32>,
    pub(in crate::lists) labels: Vec<Label>,
    /// One after the other.
    pub(in crate::lists) codes: Vec<u8>,
}

/// A segment, and which of its rows no longer count.
#[derive(Clone, Debug)]
pub(in crate::lists) struct Source {
    pub(in crate::lists) segment: Arc<Segment>,
    pub(in crate::lists) removed: Removed,
}

/// Which segment to write, and where.
#[derive(Clone, Copy, Debug)]
pub(in crate::lists) struct Target<'a> {
    pub(in crate::lists) path: &'a Path,
    pub(in crate::lists) identity: [u8; 32],
    pub(in crate::lists) number: u64,
    pub(in crate::lists) space: Space,
}

/// Writes rows; of those with one label the last. Space: 12 bytes a row beside the rows. There is at least one.
pub(in crate::lists) fn write_rows(target: Target<'_>, rows: &Rows) -> Result<(), ListsError> {
    let code_bytes = target.space.code_bytes();
    let key = |row: &u32| (rows.cells[*row as usize], rows.labels[*row as usize]);
    let mut order: Vec<u32> = (0..rows.labels.len() as u32).collect();
    // The later of equal labels first, so that it is kept.
    order.sort_unstable_by_key(|row| (key(row).1, Reverse(*row)));
    order.dedup_by_key(|row| key(row).1);
    order.sort_unstable_by_key(key);
    let mut sorted: Vec<(Label, u32)> =
        order.iter().enumerate().map(|(place, row)| (key(row).1, place as u32)).collect();
    sorted.sort_unstable();
    let codes = order.iter().map(|row| {
        let start = *row as usize * code_bytes;
        &rows.codes[start..start + code_bytes]
    });
    let runs = runs(order.iter().map(|row| key(row).0));
    write(target, order.len(), &runs, order.iter().map(|row| key(row).1), sorted.iter().copied(), codes)
}

/// Writes the rows of several segments that still count, and says how many. Without any, nothing is written. A label
/// counts in one of them at most.
///
/// Cost: four passes, one of them over the codes; a comparison or two a row with few sources. Space: 4 bytes a row.
pub(in crate::lists) fn merge(target: Target<'_>, sources: &[Source]) -> Result<usize, ListsError> {
    let views: Vec<_> = sources.iter().map(|source| source.segment.view()).collect();
    let by_cell = || {
        Merged::new(sources.iter().zip(&views).map(|(source, view)| {
            let rows = view.runs().flat_map(|(cell, rows)| rows.map(move |place| (cell, place)));
            rows.filter(|(_, place)| !source.removed.contains(*place))
                .map(|(cell, place)| (cell, view.label(place).unwrap_or_default(), place))
        }))
    };
    // Where each row goes.
    let mut places: Vec<Vec<u32>> = sources.iter().map(|source| vec![0; source.segment.rows()]).collect();
    let mut rows = 0;
    let runs = runs(by_cell().map(|((cell, _, place), source)| {
        places[source][place] = rows as u32;
        rows += 1;
        cell
    }));
    if rows == 0 {
        return Ok(0);
    }
    let sorted = Merged::new(
        sources
            .iter()
            .zip(&views)
            .map(|(source, view)| view.sorted().filter(|(_, place)| !source.removed.contains(*place))),
    );
    let sorted = sorted.map(|((label, place), source)| (label, places[source][place]));
    let codes = by_cell().map(|((_, _, place), source)| views[source].codes(place..place + 1));
    let labels = by_cell().map(|((_, label, _), _)| label);
    write(target, rows, &runs, labels, sorted, codes)?;
    Ok(rows)
}

/// Each cell with the place of its first row. The rows' cells ascend.
fn runs(cells: impl Iterator<Item = u32>) -> Vec<(u32, u32)> {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for (place, cell) in cells.enumerate() {
        if runs.last().is_none_or(|(last, _)| *last != cell) {
            runs.push((cell, place as u32));
        }
    }
    runs
}

fn write<'a>(
    target: Target<'_>,
    rows: usize,
    runs: &[(u32, u32)],
    mut labels: impl Iterator<Item = Label>,
    sorted: impl Iterator<Item = (Label, u32)>,
    codes: impl Iterator<Item = &'a [u8]>,
) -> Result<(), ListsError> {
    let Target { path, identity, number, space } = target;
    let write = || -> Result<(), FileError> {
        let tags = [ABOUT, RUNS, LABELS, SORTED, CODES];
        let mut file = IndexFileWriter::create(path, contents(identity), number, &tags)?;
        file.begin(ABOUT)?;
        file.put(&about(space, rows))?;
        file.begin(RUNS)?;
        put_pairs(&mut file, runs.iter().copied())?;
        file.begin(LABELS)?;
        labels.try_for_each(|label| file.put(&label.to_le_bytes()))?;
        file.begin(SORTED)?;
        put_pairs(&mut file, sorted)?;
        file.begin(CODES)?;
        for code in codes {
            file.put(code)?;
        }
        file.commit()
    };
    write().map_err(ListsError::file(path))
}

fn put_pairs(
    file: &mut IndexFileWriter,
    mut pairs: impl Iterator<Item = (u32, u32)>,
) -> Result<(), FileError> {
    pairs.try_for_each(|(a, b)| {
        let mut bytes = [0; 8];
        bytes[..4].copy_from_slice(&a.to_le_bytes());
        bytes[4..].copy_from_slice(&b.to_le_bytes());
        file.put(&bytes)
    })
}

/// What several iterators give, each ascending, in one ascending order, with the number of the iterator.
struct Merged<I: Iterator> {
    sources: Vec<I>,
    /// The next of each source.
    heads: BinaryHeap<Reverse<(I::Item, usize)>>,
}

impl<I: Iterator<Item: Ord>> Merged<I> {
    fn new(sources: impl Iterator<Item = I>) -> Self {
        let mut sources: Vec<I> = sources.collect();
        let heads = sources.iter_mut().enumerate();
        let heads = heads.filter_map(|(place, source)| Some(Reverse((source.next()?, place)))).collect();
        Self { sources, heads }
    }
}

impl<I: Iterator<Item: Ord>> Iterator for Merged<I> {
    type Item = (I::Item, usize);

    fn next(&mut self) -> Option<Self::Item> {
        let Reverse((_, place)) = self.heads.peek()?;
        match self.sources[*place].next() {
            Some(next) => {
                let place = *place;
                let mut head = self.heads.peek_mut()?;
                Some(std::mem::replace(&mut *head, Reverse((next, place))).0)
            }
            None => self.heads.pop().map(|head| head.0),
        }
    }
}
