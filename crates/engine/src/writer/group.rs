//! Writes that are committed together.

use super::{Item, Work};
use rose_forest_api::{InsertInput, MAX_BULK_ROWS, MAX_INSERT_ROWS, PointId, WriteOutput};
use std::collections::{HashMap, HashSet, VecDeque};

/// Bytes of the vectors of a group, unless one write alone has more: the zome holds them several times.
const MAX_GROUP_BYTES: usize = 96 << 20;

/// One or several writes, and what they are together.
pub(super) struct Group {
    items: Vec<Item>,
    work: Work,
}

impl Group {
    /// Takes the next writes from a queue: the first, and those behind it that can go with it. Only inserts can, as long
    /// as they are of one kind and a call takes so many rows.
    pub(super) fn take(waiting: &mut VecDeque<Item>) -> Option<Self> {
        let first = waiting.pop_front()?;
        let Work::Insert { bulk, input } = &first.work else {
            let work = first.work.clone();
            return Some(Self { items: vec![first], work });
        };
        let (bulk, of_first) = (*bulk, shape(input));
        let max_rows = if bulk { MAX_BULK_ROWS } else { MAX_INSERT_ROWS };
        let (mut rows, mut bytes) = (input.ids.len(), input.vectors.len());
        let mut items = vec![first];
        while let Some(Work::Insert { bulk: next_bulk, input }) = waiting.front().map(|item| &item.work) {
            rows += input.ids.len();
            bytes += input.vectors.len();
            let alike = *next_bulk == bulk && of_first.is_some() && shape(input) == of_first;
            if !alike || rows > max_rows || bytes > MAX_GROUP_BYTES {
                break;
            }
            items.extend(waiting.pop_front());
        }
        let work = Work::Insert { bulk, input: merged(&items) };
        Some(Self { items, work })
    }

    /// What they are together.
    pub(super) fn work(&self) -> &Work {
        &self.work
    }

    /// How many writes.
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// The number of the last.
    pub(super) fn through(&self) -> u64 {
        self.items.last().map(|item| item.number).unwrap_or_default()
    }

    /// Whether somebody waits for each of them.
    pub(super) fn is_waited_for(&self) -> bool {
        self.items.iter().all(|item| item.committed.is_some())
    }

    /// Each by itself.
    pub(super) fn apart(self) -> Vec<Self> {
        let alone = |item: Item| Self { work: item.work.clone(), items: vec![item] };
        self.items.into_iter().map(alone).collect()
    }

    /// Tells those who wait.
    pub(super) fn finish(self, outcome: Result<WriteOutput, String>) {
        for item in self.items {
            let rows = match &item.work {
                Work::Insert { input, .. } => Some(input.ids.len() as u32),
                Work::Delete(_) => None,
            };
            if let Some(committed) = item.committed {
                // To each its own rows; a delete stands alone, and says how many there were.
                let outcome =
                    outcome.clone().map(|all| WriteOutput { rows: rows.unwrap_or(all.rows), ..all });
                let _ = committed.send(outcome);
            }
        }
    }
}

/// All rows of these inserts; of rows with one id, the last.
fn merged(items: &[Item]) -> InsertInput {
    let inputs = || {
        items.iter().filter_map(|item| match &item.work {
            Work::Insert { input, .. } => Some(input),
            Work::Delete(_) => None,
        })
    };
    if let (1, Some(only)) = (items.len(), inputs().next()) {
        return only.clone();
    }
    let mut last = HashMap::<&PointId, (usize, usize)>::new();
    for (at, input) in inputs().enumerate() {
        last.extend(input.ids.iter().enumerate().map(|(row, id)| (id, (at, row))));
    }
    let rows = last.len();
    let mut all = InsertInput {
        ids: Vec::with_capacity(rows),
        vectors: Vec::new(),
        payloads: Vec::with_capacity(rows),
    };
    for (at, input) in inputs().enumerate() {
        let vector_bytes = input.vectors.len() / input.ids.len().max(1);
        for (row, id) in input.ids.iter().enumerate().filter(|(row, id)| last.get(id) == Some(&(at, *row))) {
            all.ids.push(id.clone());
            all.vectors
                .extend(input.vectors.get(row * vector_bytes..(row + 1) * vector_bytes).unwrap_or_default());
            all.payloads.push(input.payloads.get(row).cloned().flatten());
        }
    }
    all
}

/// Bytes of each vector of an insert that is in order as far as that shows without the collection's schema. Another one
/// is committed by itself, so that it is refused for what is wrong with it and not carried through by its neighbours.
fn shape(input: &InsertInput) -> Option<usize> {
    let rows = input.ids.len();
    let mut seen = HashSet::with_capacity(rows);
    let payloads = input.payloads.is_empty() || input.payloads.len() == rows;
    let whole = rows > 0 && input.vectors.len().is_multiple_of(rows);
    (whole && payloads && input.ids.iter().all(|id| seen.insert(id))).then(|| input.vectors.len() / rows)
}
