//! What blocks say of their rows: which cell they belong to, and whether the DHT has delivered them.

use super::{Reader, Snapshot};
use crate::{
    BlockInfo, BlockNumber, Label, StoreError,
    record::{BlockRecord, RowRecord},
    tables::{BLOCK_INFO, UNCONFIRMED},
};
use redb::ReadableTable;
use rose_forest_rules::reference::CellId;
use std::collections::{BTreeSet, HashMap};

/// A row that lies in a cell, by a block that the DHT has delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The row.
    pub label: Label,
    /// When it was written, in microseconds since 1970.
    pub written_at_micros: i64,
    /// Its cell.
    pub cell: CellId,
}

impl Snapshot {
    /// Calls `visit` with those of these rows that count and are settled, in the order of `labels`, until it says no.
    /// Cost: two look-ups for each of `labels`, which are quicker when they ascend, and one for each block.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn for_each_settled(
        &self,
        labels: impl IntoIterator<Item = Label>,
        mut visit: impl FnMut(Settled) -> bool,
    ) -> Result<(), StoreError> {
        let reader = Reader::new(self)?;
        let mut cells = HashMap::<BlockNumber, Option<CellId>>::new();
        for label in labels {
            let Some((kept, value)) = reader.find(label)? else { continue };
            let block = kept.place.block;
            let cell = match cells.get(&block) {
                Some(cell) => *cell,
                None => {
                    let record = reader.block(block)?;
                    *cells.entry(block).or_insert(record.cell.filter(|_| record.confirmed))
                }
            };
            let Some(cell) = cell else { continue };
            let written_at_micros = RowRecord::decode(value.value())?.written_at_micros;
            if !visit(Settled { label, written_at_micros, cell }) {
                break;
            }
        }
        Ok(())
    }

    /// The cells that blocks declare which the DHT has delivered. Cost: linear in the blocks.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn cells(&self) -> Result<BTreeSet<CellId>, StoreError> {
        let mut cells = BTreeSet::new();
        for entry in self.transaction.open_table(BLOCK_INFO)?.iter()? {
            let record = BlockRecord::decode(entry?.1.value())?;
            cells.extend(record.cell.filter(|_| record.confirmed));
        }
        Ok(cells)
    }

    /// The blocks of which a signal is all that is known, in the order in which they came. Cost: linear in those.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn unconfirmed(&self) -> Result<Vec<BlockInfo>, StoreError> {
        let mut blocks = Vec::new();
        for entry in self.transaction.open_table(UNCONFIRMED)?.iter()? {
            blocks.extend(self.block(entry?.0.value())?);
        }
        Ok(blocks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OwnedBlock, TestStore, block, hash, row, tombstone};

    fn in_cell(action: u8, rows: Vec<crate::testing::OwnedRow>) -> OwnedBlock {
        OwnedBlock { in_cell: true, ..block(action, rows) }
    }

    fn settled(store: &TestStore) -> Vec<(Label, i64)> {
        let (snapshot, mut found) = (store.snapshot().unwrap(), Vec::new());
        let all = 0..snapshot.next_label();
        let visit = |settled: Settled| {
            assert_eq!(settled.cell, CellId { founding: hash(200), index: 1 });
            found.push((settled.label, settled.written_at_micros));
            true
        };
        snapshot.for_each_settled(all, visit).unwrap();
        found
    }

    #[test]
    fn rows_are_settled_once_a_block_of_a_cell_has_been_delivered() {
        let store = TestStore::new();
        let rows = || vec![row(1, 10, "{}"), row(2, 20, "{}"), row(3, 30, "{}")];
        store.apply(&block(2, rows()));
        assert_eq!((settled(&store), store.snapshot().unwrap().cells().unwrap().len()), (vec![], 0));
        // Copies in a cell, announced first.
        let copy = in_cell(4, rows());
        store.apply(&OwnedBlock { confirmed: false, ..copy.clone() });
        assert_eq!((settled(&store), store.snapshot().unwrap().cells().unwrap().len()), (vec![], 0));
        store.apply(&copy);
        assert_eq!(settled(&store), [(0, 10), (1, 20), (2, 30)]);
        assert_eq!(store.snapshot().unwrap().cells().unwrap().len(), 1);
        // What is replaced or deleted is not; what replaces it is fresh.
        store.apply(&block(6, vec![row(1, 40, "{}"), tombstone(2, 50)]));
        assert_eq!(settled(&store), [(2, 30)]);
        let mut visited = 0;
        let stop = |_| {
            visited += 1;
            false
        };
        store.snapshot().unwrap().for_each_settled([2, 2], stop).unwrap();
        assert_eq!(visited, 1);
    }

    #[test]
    fn blocks_that_wait_for_the_dht_are_listed_until_they_are_delivered_or_withdrawn() {
        let store = TestStore::new();
        let listed = |store: &TestStore| {
            let blocks = store.snapshot().unwrap().unconfirmed().unwrap();
            blocks.into_iter().map(|block| (block.action, block.author, block.confirmed)).collect::<Vec<_>>()
        };
        for action in [8, 2, 6] {
            let announced = block(action, vec![row(u64::from(action), 1, "{}")]);
            store.apply(&OwnedBlock { confirmed: action == 2, author: action, ..announced });
        }
        let all = [(hash(8), hash(8), false), (hash(6), hash(6), false)];
        assert_eq!(listed(&store), all);
        let store = store.reopen();
        assert_eq!(listed(&store), all);
        store.apply(&OwnedBlock { author: 8, ..block(8, vec![row(8, 1, "{}")]) });
        assert_eq!(listed(&store), all[1..]);
        store.withdraw(6);
        assert_eq!(listed(&store), []);
    }

    #[test]
    fn the_version_that_counts_of_a_point_is_told_whether_it_is_deleted_or_not() {
        let store = TestStore::new();
        store.apply(&block(2, vec![row(1, 10, "{}"), row(2, 10, "{}")]));
        store.apply(&block(4, vec![row(1, 20, "{}"), tombstone(2, 20)]));
        let ids = [1, 2, 3].map(rose_forest_rules::id::PointId::Int);
        let snapshot = store.snapshot().unwrap();
        let versions = |author| snapshot.versions(&hash(author), &ids).unwrap();
        let found: Vec<_> = versions(1)
            .into_iter()
            .map(|point| {
                point.map(|point| (point.version.written_at_micros, point.version.deleted, point.label))
            })
            .collect();
        assert_eq!(found, [Some((20, false, Some(2))), Some((20, true, None)), None]);
        assert_eq!(versions(9), [None; 3]);
    }
}
