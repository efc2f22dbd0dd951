//! Sets of labels in a table: one value for each 65,536 labels, so that a change costs what it touches.
//!
//! The key is the caller's name for the set and behind it the high half of the labels. A value is a sorted list of low
//! halves, or from 4,096 labels on a bitmap of 8 KiB, as the containers of roaring bitmaps are (Chambi et al. 2016).

use crate::{Label, StoreError};
use redb::{ReadableTable, Table};
use roaring::RoaringBitmap;
use std::collections::HashMap;

pub(crate) type SetTable<'t> = Table<'t, &'static [u8], &'static [u8]>;

const LIST: u8 = 1;
const BITMAP: u8 = 2;
/// Labels in a chunk from which a bitmap is smaller.
const MAX_LIST: usize = 4_096;
const BITMAP_BYTES: usize = 8_192;
/// Bytes of the chunk's number in a key.
const CHUNK_BYTES: usize = 2;

/// Changes to the sets of one table that have not been written yet: the last word on each label counts.
#[derive(Debug, Default)]
pub(crate) struct SetChanges {
    /// By key, in the order in which they were made.
    changes: HashMap<Vec<u8>, Vec<(u16, bool)>>,
    count: usize,
    key: Vec<u8>,
}

impl SetChanges {
    /// Puts a label into a set, or takes it out.
    pub(crate) fn put(&mut self, name: &[u8], label: Label, is_in: bool) {
        let [high, low] = halves(label);
        self.key.clear();
        self.key.extend_from_slice(name);
        self.key.extend_from_slice(&high.to_be_bytes());
        match self.changes.get_mut(self.key.as_slice()) {
            Some(changes) => changes.push((low, is_in)),
            None => drop(self.changes.insert(self.key.clone(), vec![(low, is_in)])),
        }
        self.count += 1;
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// Writes them. Cost: sorts them, and reads and writes each chunk that they touch, once.
    pub(crate) fn write(&mut self, table: &mut SetTable<'_>) -> Result<(), StoreError> {
        self.count = 0;
        let mut all: Vec<_> = std::mem::take(&mut self.changes).into_iter().collect();
        all.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        for (key, mut changes) in all {
            // Stable: of several changes of one label the last one is the last still, and replaces those before it.
            changes.sort_by_key(|(low, _)| *low);
            changes.dedup_by(|next, kept| {
                let same = next.0 == kept.0;
                if same {
                    *kept = *next;
                }
                same
            });
            let known = match table.get(key.as_slice())? {
                Some(value) => Chunk::decode(value.value())?,
                None => Chunk::List(Vec::new()),
            };
            let chunk = known.changed(&changes);
            if chunk.is_empty() {
                table.remove(key.as_slice())?;
            } else {
                table.insert(key.as_slice(), chunk.encode().as_slice())?;
            }
        }
        Ok(())
    }
}

fn halves(label: Label) -> [u16; 2] {
    [(label >> 16) as u16, label as u16]
}

/// The labels of one chunk, by their low halves.
enum Chunk {
    /// Ascending.
    List(Vec<u16>),
    Bitmap(Box<[u8; BITMAP_BYTES]>),
}

impl Chunk {
    fn decode(value: &[u8]) -> Result<Self, StoreError> {
        match value.split_first() {
            Some((&LIST, list)) => Ok(Self::List(read_list(list)?.collect())),
            Some((&BITMAP, bits)) => match bits.try_into() {
                Ok(bits) => Ok(Self::Bitmap(Box::new(bits))),
                Err(_) => Err(StoreError::damaged("set", format!("bitmap of {} bytes", bits.len()))),
            },
            _ => Err(StoreError::damaged("set", "chunk of an unknown version")),
        }
    }

    /// With these changes, one a label, ascending.
    fn changed(self, changes: &[(u16, bool)]) -> Self {
        match self {
            Self::List(list) => {
                let mut merged = Vec::with_capacity(list.len() + changes.len());
                let mut old = list.into_iter().peekable();
                for &(low, is_in) in changes {
                    while let Some(known) = old.next_if(|known| *known < low) {
                        merged.push(known);
                    }
                    old.next_if_eq(&low);
                    if is_in {
                        merged.push(low);
                    }
                }
                merged.extend(old);
                if merged.len() > MAX_LIST { Self::Bitmap(bits_of(&merged)) } else { Self::List(merged) }
            }
            Self::Bitmap(mut bits) => {
                for &(low, is_in) in changes {
                    let (byte, bit) = (&mut bits[usize::from(low) / 8], 1 << (low % 8));
                    *byte = if is_in { *byte | bit } else { *byte & !bit };
                }
                if bits.iter().map(|byte| byte.count_ones() as usize).sum::<usize>() > MAX_LIST {
                    Self::Bitmap(bits)
                } else {
                    let lows = (0..=u16::MAX).filter(|low| bits[usize::from(*low) / 8] >> (low % 8) & 1 == 1);
                    Self::List(lows.collect())
                }
            }
        }
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::List(list) if list.is_empty())
    }

    fn encode(&self) -> Vec<u8> {
        match self {
            Self::List(list) => {
                let mut value = Vec::with_capacity(1 + 2 * list.len());
                value.push(LIST);
                list.iter().for_each(|low| value.extend_from_slice(&low.to_le_bytes()));
                value
            }
            Self::Bitmap(bits) => {
                let mut value = Vec::with_capacity(1 + BITMAP_BYTES);
                value.push(BITMAP);
                value.extend_from_slice(bits.as_slice());
                value
            }
        }
    }
}

fn bits_of(lows: &[u16]) -> Box<[u8; BITMAP_BYTES]> {
    let mut bits = Box::new([0; BITMAP_BYTES]);
    lows.iter().for_each(|low| bits[usize::from(*low) / 8] |= 1 << (low % 8));
    bits
}

fn read_list(list: &[u8]) -> Result<impl Iterator<Item = u16> + '_, StoreError> {
    match list.as_chunks::<2>() {
        (lows, []) => Ok(lows.iter().map(|low| u16::from_le_bytes(*low))),
        _ => Err(StoreError::damaged("set", format!("list of {} bytes", list.len()))),
    }
}

/// Gathers sets into their union.
#[derive(Default)]
pub(crate) struct Union {
    /// Labels of short chunks, in any order: a range over many values brings very many of them.
    labels: Vec<Label>,
    bitmap: RoaringBitmap,
}

impl Union {
    /// Adds a chunk, as a table holds it.
    pub(crate) fn add(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        let Some(high) = key.last_chunk::<CHUNK_BYTES>() else {
            return Err(StoreError::damaged("set", "key without a chunk"));
        };
        let high = u32::from(u16::from_be_bytes(*high)) << 16;
        match value.split_first() {
            Some((&LIST, list)) => {
                self.labels.extend(read_list(list)?.map(|low| high | u32::from(low)));
                Ok(())
            }
            Some((&BITMAP, bits)) if bits.len() == BITMAP_BYTES => {
                self.bitmap |= RoaringBitmap::from_lsb0_bytes(high, bits);
                Ok(())
            }
            _ => Err(StoreError::damaged("set", "chunk of an unknown version")),
        }
    }

    /// The union.
    pub(crate) fn finish(mut self) -> RoaringBitmap {
        self.labels.sort_unstable();
        self.labels.dedup();
        // Sorted: nothing is left out.
        let rest = RoaringBitmap::from_sorted_iter(self.labels).unwrap_or_default();
        if self.bitmap.is_empty() { rest } else { self.bitmap | rest }
    }
}

/// The set of this name. Cost: linear in its chunks, at most one for 65,536 labels. No other set's name may begin with
/// this one's.
pub(crate) fn read_set(
    table: &impl ReadableTable<&'static [u8], &'static [u8]>,
    name: &[u8],
) -> Result<RoaringBitmap, StoreError> {
    let mut union = Union::default();
    add_set(table, name, &mut union)?;
    Ok(union.finish())
}

/// Adds the set of this name to a union.
pub(crate) fn add_set(
    table: &impl ReadableTable<&'static [u8], &'static [u8]>,
    name: &[u8],
    union: &mut Union,
) -> Result<(), StoreError> {
    let first = [name, &[0; CHUNK_BYTES]].concat();
    let last = [name, &[0xff; CHUNK_BYTES]].concat();
    for entry in table.range(first.as_slice()..=last.as_slice())? {
        let (key, value) = entry?;
        union.add(key.value(), value.value())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::SETS;
    use proptest::prelude::*;
    use redb::{Database, ReadableDatabase, backends::InMemoryBackend};

    fn read(database: &Database, name: &[u8]) -> RoaringBitmap {
        read_set(&database.begin_read().unwrap().open_table(SETS).unwrap(), name).unwrap()
    }

    fn write(database: &Database, changes: &mut SetChanges) {
        let transaction = database.begin_write().unwrap();
        changes.write(&mut transaction.open_table(SETS).unwrap()).unwrap();
        transaction.commit().unwrap();
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn sets_are_what_was_put_into_them(
            steps in prop::collection::vec(prop::collection::vec((0u8..2, 0u32..200_000, 0u32..9_000, any::<bool>()), 0..6), 1..6)
        ) {
            let database = Database::builder().create_with_backend(InMemoryBackend::new()).unwrap();
            let mut expected = [RoaringBitmap::new(), RoaringBitmap::new()];
            for step in steps {
                let mut changes = SetChanges::default();
                for (name, first, count, is_in) in step {
                    let labels = first..first + count;
                    labels.clone().for_each(|label| changes.put(&[name], label, is_in));
                    let set = &mut expected[usize::from(name)];
                    if is_in { set.insert_range(labels); } else { set.remove_range(labels); }
                }
                write(&database, &mut changes);
                prop_assert_eq!(changes.len(), 0);
                for name in 0u8..2 {
                    prop_assert_eq!(&read(&database, &[name]), &expected[usize::from(name)]);
                }
            }
        }

        #[test]
        fn no_bytes_make_the_readers_panic(mut bytes: Vec<u8>, key: Vec<u8>, kind in 0u8..4) {
            bytes.insert(0, kind);
            let _ = (Chunk::decode(&bytes).is_ok(), Union::default().add(&key, &bytes).is_ok());
        }
    }

    #[test]
    fn an_empty_set_takes_no_room() {
        let database = Database::builder().create_with_backend(InMemoryBackend::new()).unwrap();
        let mut changes = SetChanges::default();
        changes.put(b"a", 70_000, true);
        write(&database, &mut changes);
        changes.put(b"a", 70_000, false);
        write(&database, &mut changes);
        let table = database.begin_read().unwrap().open_table(SETS).unwrap();
        assert_eq!(redb::ReadableTableMetadata::len(&table).unwrap(), 0);
    }
}
