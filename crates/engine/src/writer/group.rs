//! Writes that are committed together.

use super::work::{self, Outline, ReadError, Work};
use super::{Item, WriteError};
use crate::metrics::{CollectionMetrics, Until};
use rose_forest_api::{InsertInput, MAX_BULK_ROWS, MAX_INSERT_ROWS, PointId, WriteOutput};
use rose_forest_store::wal::Record;
use std::collections::HashMap;
use std::collections::VecDeque;

/// Bytes of the vectors of a group, unless one write alone has more: the zome holds them several times.
const MAX_GROUP_BYTES: usize = 96 << 20;

/// One or several writes. Never none.
pub(super) struct Group {
    items: Vec<Item>,
}

impl Group {
    /// Takes the next writes from a queue: the first, and those behind it that can go with it. Only inserts can, as long
    /// as they are of one kind and a call takes so many rows.
    pub(super) fn take(waiting: &mut VecDeque<Item>) -> Option<Self> {
        let first = waiting.pop_front()?;
        let (alone, outline) = (first.alone, first.outline);
        let mut items = vec![first];
        let Outline::Insert { bulk, mut rows, vectors_bytes, vector_bytes: Some(each) } = outline else {
            return Some(Self { items });
        };
        let max_rows = if bulk { MAX_BULK_ROWS } else { MAX_INSERT_ROWS };
        let mut bytes = vectors_bytes;
        while let Some(next) = waiting.front().filter(|next| !alone && !next.alone) {
            let Outline::Insert { bulk: of_next, rows: more, vectors_bytes, vector_bytes } = next.outline
            else {
                break;
            };
            rows += more;
            bytes += vectors_bytes;
            let alike = of_next == bulk && vector_bytes == Some(each);
            if !alike || rows > max_rows || bytes > MAX_GROUP_BYTES {
                break;
            }
            items.extend(waiting.pop_front());
        }
        Some(Self { items })
    }

    /// One write by itself.
    pub(super) fn of(item: Item) -> Self {
        Self { items: vec![item] }
    }

    /// Puts the writes back to where they were taken from.
    pub(super) fn put_back(self, waiting: &mut VecDeque<Item>) {
        for item in self.items.into_iter().rev() {
            waiting.push_front(item);
        }
    }

    /// How many writes.
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether it inserts.
    pub(super) fn is_insert(&self) -> bool {
        self.items.iter().all(|item| item.outline.insert_rows().is_some())
    }

    /// The writes.
    pub(super) fn items_mut(&mut self) -> &mut [Item] {
        &mut self.items
    }

    /// Where the writes stand in the log.
    pub(super) fn records(&self) -> Vec<Record> {
        self.items.iter().map(|item| item.record.clone()).collect()
    }

    /// Where its write stands in the log, if it is one and nobody waits for what becomes of it.
    pub(super) fn one_that_nobody_waits_for(&self) -> Option<&Record> {
        let [item] = self.items.as_slice() else { return None };
        let waited_for = item.committed.as_ref().is_some_and(|committed| !committed.is_closed());
        (!waited_for).then_some(&item.record)
    }

    /// Takes it apart.
    pub(super) fn into_items(self) -> Vec<Item> {
        self.items
    }

    /// Counts what was committed, and tells those who wait.
    pub(super) fn finish(self, output: WriteOutput, metrics: &CollectionMetrics) {
        let rows = u64::from(output.rows);
        metrics.committed(rows);
        for item in self.items {
            let of_insert = item.outline.insert_rows();
            if let (Some(_), Some(since)) = (of_insert, item.since) {
                metrics.insert_took(since.elapsed(), Until::Chain);
            }
            if let Some(committed) = item.committed {
                // To each its own rows; a delete stands alone, and says how many there were.
                let rows = of_insert.map_or(output.rows, |rows| rows as u32);
                let _ = committed.send(Ok(WriteOutput { rows, ..output.clone() }));
            }
        }
    }
}

impl Item {
    /// Tells whoever waits that the write is given up. Returns whether somebody did.
    pub(super) fn fail(self, error: WriteError) -> bool {
        self.committed.is_some_and(|committed| committed.send(Err(error)).is_ok())
    }
}

/// What writes of the log are together: all their rows; of rows with one id, the last. In memory are the result and one of
/// them at a time.
pub(super) fn read(records: &[Record]) -> Result<Work, ReadError> {
    let mut works = records.iter().map(work::read);
    let Some(first) = works.next() else {
        return Ok(Work::Insert { bulk: false, input: empty() });
    };
    let first = first?;
    let Work::Insert { bulk, input } = first else { return Ok(first) };
    if records.len() == 1 {
        return Ok(Work::Insert { bulk, input });
    }
    let mut all = empty();
    all.vectors.reserve(records.iter().map(Record::content_bytes).sum());
    let mut places = HashMap::new();
    add(&mut all, &mut places, input);
    for work in works {
        if let Work::Insert { input, .. } = work? {
            add(&mut all, &mut places, input);
        }
    }
    Ok(Work::Insert { bulk, input: all })
}

fn empty() -> InsertInput {
    InsertInput { ids: Vec::new(), vectors: Vec::new(), payloads: Vec::new() }
}

/// Adds rows, each in the place of the one that has its id.
fn add(all: &mut InsertInput, places: &mut HashMap<PointId, usize>, input: InsertInput) {
    let each = input.vectors.len() / input.ids.len().max(1);
    let mut payloads = input.payloads.into_iter();
    for (id, vector) in input.ids.into_iter().zip(input.vectors.chunks_exact(each.max(1))) {
        let payload = payloads.next().flatten();
        let place = *places.entry(id.clone()).or_insert(all.ids.len());
        if place == all.ids.len() {
            all.ids.push(id);
            all.vectors.extend_from_slice(vector);
            all.payloads.push(payload);
            continue;
        }
        let old = all.vectors.get_mut(place * each..(place + 1) * each);
        if let (Some(old), Some(old_payload)) = (old, all.payloads.get_mut(place)) {
            old.copy_from_slice(vector);
            *old_payload = payload;
        }
    }
}
