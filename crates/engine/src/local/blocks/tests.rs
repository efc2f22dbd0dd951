use super::Used;
use crate::{
    SignedBlock,
    local::{
        LocalIndex,
        tests::{action, author, block, block_in, open},
    },
};
use proptest::prelude::*;
use rose_forest_api::{PointId, Seen, blocks_digest};
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn blocks_are_counted_and_listed_once_the_dht_has_delivered_them() {
    let dir = tempfile::tempdir().unwrap();
    let (index, _) = open(dir.path());
    let blocks = [3, 5, 9].map(|number| block(1, number, &[(u64::from(number), Ok(1))]));
    index.take_in(&blocks[..2], true, None).unwrap();
    index.take_in(&blocks[2..], false, None).unwrap();
    index.take_in(&[block(2, 4, &[(1, Ok(1))])], true, None).unwrap();
    let said = || {
        let all = index.author_blocks().unwrap();
        all.into_iter().map(|of| (of.author, of.count, of.digest)).collect::<Vec<_>>()
    };
    assert_eq!(said(), [(author(1), 2, [3 ^ 5; 32]), (author(2), 1, [4; 32])]);
    assert_eq!(index.blocks_of(&author(1), 9).unwrap(), [action(5), action(3)]);
    index.take_in(&blocks, true, None).unwrap();
    assert_eq!(said(), [(author(1), 3, [3 ^ 5 ^ 9; 32]), (author(2), 1, [4; 32])]);
    assert_eq!(index.blocks_of(&author(1), 2).unwrap(), [action(9), action(5)]);
    assert_eq!(index.blocks_of(&author(7), 9).unwrap(), []);
}

#[test]
fn a_deleted_point_is_told_from_one_that_never_was() {
    let dir = tempfile::tempdir().unwrap();
    let (index, _) = open(dir.path());
    let blocks = [block(1, 1, &[(1, Ok(10)), (2, Ok(10))]), block(1, 2, &[(2, Err(20))])];
    index.take_in(&blocks, true, None).unwrap();
    let used = |by| index.used(&author(by), &[2, 1, 3].map(PointId::Int)).unwrap();
    assert_eq!(used(1), [Used::Deleted, Used::Live, Used::Never]);
    assert_eq!(used(2), [Used::Never; 3]);
}

#[test]
fn an_index_that_learned_too_late_whose_it_is_says_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (index, _) = open(dir.path());
    let fresh = block(1, 1, &[(1, Ok(10))]);
    let seen = || index.seen(&author(1), Vec::new(), &BTreeSet::new()).unwrap();
    assert_eq!(seen(), None);
    index.take_in(&[fresh], true, None).unwrap();
    index.set_own_author(&author(1)).unwrap();
    assert_eq!(seen(), None);
}

/// A row: an id, and the time of its version; an error stands for a tombstone.
type Row = (u64, Result<u64, u64>);

/// What an author does with its points.
#[derive(Clone, Debug)]
enum Step {
    Insert(BTreeSet<u64>),
    Delete(BTreeSet<u64>),
    /// Ids that were never used, straight into cells.
    Bulk(BTreeSet<u64>),
    Settle,
    /// Upkeep of a cell: its rows are written anew, some into the next cell.
    Rewrite(u16),
}

const CELLS: u16 = 3;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let ids = || prop::collection::btree_set(0u64..7, 1..4);
    let step = prop_oneof![
        5 => ids().prop_map(Step::Insert),
        2 => ids().prop_map(Step::Delete),
        2 => ids().prop_map(Step::Bulk),
        4 => Just(Step::Settle),
        2 => (0..CELLS).prop_map(Step::Rewrite),
    ];
    prop::collection::vec(step, 1..24)
}

struct Written {
    number: u8,
    cell: Option<u16>,
    rows: Vec<Row>,
}

/// An author's chain, and an index that hears of it in another order.
struct Author {
    index: LocalIndex,
    blocks: Vec<Written>,
    /// Those that the index has not got yet.
    on_their_way: Vec<SignedBlock>,
    /// Of `blocks`, the fresh ones of the epoch that is open, and those that hang on cells.
    epoch: Vec<usize>,
    linked: BTreeSet<usize>,
}

/// The greater one is the newer: at one time the tombstone.
fn version(row: Result<u64, u64>) -> (u64, bool) {
    row.map_or_else(|time| (time, true), |time| (time, false))
}

impl Author {
    fn write(&mut self, cell: Option<u16>, rows: Vec<Row>) -> usize {
        let number = self.blocks.len() as u8 + 1;
        self.on_their_way.push(block_in(cell, 1, number, &rows));
        self.blocks.push(Written { number, cell, rows });
        match cell {
            None => self.epoch.push(self.blocks.len() - 1),
            Some(_) => drop(self.linked.insert(self.blocks.len() - 1)),
        }
        self.blocks.len() - 1
    }

    fn write_all(&mut self, by_cell: BTreeMap<u16, Vec<Row>>) {
        for (cell, rows) in by_cell {
            self.write(Some(cell), rows);
        }
    }

    /// The time of rows that are written now.
    fn now(&self) -> u64 {
        self.blocks.len() as u64 + 1
    }

    /// Which cell a version of a point goes to.
    fn cell_of(id: u64, time: u64) -> u16 {
        ((id * 5 + time * 7) % u64::from(CELLS)) as u16
    }

    /// The newest version that these blocks hold of each of some points, by cell.
    fn versions(
        &self,
        blocks: &BTreeSet<usize>,
        of: &BTreeMap<u64, (u64, bool)>,
    ) -> BTreeMap<(u16, u64), (u64, bool)> {
        let mut versions = BTreeMap::new();
        for block in blocks {
            let Written { cell: Some(cell), rows, .. } = &self.blocks[*block] else { unreachable!() };
            for (id, row) in rows.iter().filter(|(id, _)| of.contains_key(id)) {
                let known = versions.entry((*cell, *id)).or_insert(version(*row));
                *known = version(*row).max(*known);
            }
        }
        versions
    }

    /// Settles what is fresh, after seeing to it that the index names the blocks to look at. `late` blocks come too late for it.
    fn settle(&mut self, late: usize, turn: usize) -> Result<(), TestCaseError> {
        let mut coming = std::mem::take(&mut self.on_their_way);
        self.on_their_way = coming.split_off(coming.len().saturating_sub(late));
        let count = self.blocks.len() - self.on_their_way.len();
        if !coming.is_empty() {
            let turn = turn % coming.len();
            coming.rotate_left(turn);
        }
        for block in coming.iter().rev() {
            self.index.take_in(std::slice::from_ref(block), true, None).unwrap();
        }

        let fresh: Vec<_> =
            self.epoch.iter().map(|at| &self.blocks[*at]).map(|it| block(1, it.number, &it.rows)).collect();
        let ids = fresh.iter().flat_map(|block| self.index.ids_of(block).unwrap()).collect();
        let actions: Vec<_> = fresh.iter().map(|block| block.action.clone()).collect();
        let Seen { blocks, digest, fresh: said_of, older } =
            self.index.seen(&author(1), actions.clone(), &ids).unwrap().unwrap();
        prop_assert_eq!(said_of, actions);
        let chain: Vec<_> = self.blocks.iter().map(|block| action(block.number)).collect();
        prop_assert_eq!((blocks, digest), (count as u64, blocks_digest(&chain[..count])));

        let mut newest = BTreeMap::new();
        for (id, row) in self.epoch.iter().flat_map(|at| &self.blocks[*at].rows) {
            let known = newest.entry(*id).or_insert(version(*row));
            *known = version(*row).max(*known);
        }
        let is_read = |at: &&usize| **at >= count || older.contains(&action(self.blocks[**at].number));
        let read: BTreeSet<_> = self.linked.iter().filter(is_read).copied().collect();
        let all = self.versions(&self.linked, &newest);
        prop_assert_eq!(&self.versions(&read, &newest), &all, "reading all blocks finds more");
        let holds = |at: &usize| self.blocks[*at].rows.iter().any(|(id, _)| newest.contains_key(id));
        prop_assert!(
            read.iter().filter(|at| **at < count).all(holds),
            "blocks that hold none of the points are named"
        );

        let mut by_cell = BTreeMap::<u16, Vec<Row>>::new();
        for (id, (time, _)) in newest.iter().filter(|(_, (_, deleted))| !deleted) {
            by_cell.entry(Self::cell_of(*id, *time)).or_default().push((*id, Ok(*time)));
        }
        for ((cell, id), (time, deleted)) in all {
            let rows = by_cell.entry(cell).or_default();
            if !deleted && rows.iter().all(|(there, _)| *there != id) {
                rows.push((id, Err(time)));
            }
        }
        by_cell.retain(|_, rows| !rows.is_empty());
        self.epoch.clear();
        self.write_all(by_cell);
        Ok(())
    }

    /// Writes the rows of a cell anew, as upkeep does: those that no longer hold leave a tombstone.
    fn rewrite(&mut self, cell: u16) {
        let of_cell = |at: &usize| self.blocks[*at].cell == Some(cell);
        let old: BTreeSet<_> = self.linked.iter().copied().filter(of_cell).collect();
        let mut newest = BTreeMap::new();
        for (id, row) in old.iter().flat_map(|at| &self.blocks[*at].rows) {
            let known = newest.entry(*id).or_insert(*row);
            *known = if version(*row) > version(*known) { *row } else { *known };
        }
        let mut by_cell = BTreeMap::<u16, Vec<Row>>::new();
        for (id, row) in newest {
            let to = if row.is_ok() && id % 2 == 0 { (cell + 1) % CELLS } else { cell };
            by_cell.entry(to).or_default().push((id, row));
        }
        self.linked.retain(|at| !old.contains(at));
        self.write_all(by_cell);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_blocks_that_an_index_names_are_all_that_settling_has_to_read(
        steps in steps(),
        lates in prop::collection::vec(0usize..3, 24),
        turns in prop::collection::vec(0usize..9, 24),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let (index, _) = open(dir.path());
        index.set_own_author(&author(1)).unwrap();
        let (blocks, on_their_way, epoch) = (Vec::new(), Vec::new(), Vec::new());
        let mut author = Author { index, blocks, on_their_way, epoch, linked: BTreeSet::new() };
        let mut used = BTreeSet::new();
        for ((step, late), turn) in steps.into_iter().zip(lates).zip(turns) {
            let now = author.now();
            match step {
                Step::Insert(ids) => {
                    used.extend(&ids);
                    author.write(None, ids.into_iter().map(|id| (id, Ok(now))).collect());
                }
                Step::Delete(ids) => {
                    used.extend(&ids);
                    author.write(None, ids.into_iter().map(|id| (id, Err(now))).collect());
                }
                Step::Bulk(ids) => {
                    let mut by_cell = BTreeMap::<u16, Vec<Row>>::new();
                    for id in ids.into_iter().filter(|id| used.insert(*id)) {
                        by_cell.entry(Author::cell_of(id, now)).or_default().push((id, Ok(now)));
                    }
                    author.write_all(by_cell);
                }
                Step::Settle => author.settle(late, turn)?,
                Step::Rewrite(cell) => author.rewrite(cell),
            }
        }
    }
}
