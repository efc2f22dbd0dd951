//! What there is of each author.

use super::Snapshot;
use crate::{
    StoreError,
    block_sum::BlockSum,
    record::{AuthorRecord, read_author_block_key, read_hash},
    tables::{AUTHOR_BLOCKS, AUTHOR_TIMES, AUTHORS},
};
use redb::ReadableTable;
use rose_forest_rules::reference::HashRef;

/// An author, as a store knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuthorState {
    /// Its key.
    pub author: HashRef,
    /// How many of its rows count.
    pub live: u64,
    /// The newest time of its rows, tombstones included, among those that the DHT has delivered, in microseconds since 1970.
    /// Nothing before the first such row.
    pub newest_micros: Option<i64>,
}

/// Which blocks the DHT has ever delivered of an author, in a few bytes: to compare with what others know of them.
///
/// Two sets of blocks that differ by chance say the same with a probability of 2^-256. It is no proof against the author
/// itself, who may look for blocks that say the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuthorBlocks {
    /// Whose.
    pub author: HashRef,
    /// How many.
    pub count: u64,
    /// The exclusive or of the hashes of the actions that carry them: of the 39 bytes of each, the 32 that follow the three
    /// which say what kind of hash it is. Zero bytes for no blocks.
    pub digest: [u8; 32],
}

impl AuthorBlocks {
    fn of(author: HashRef, BlockSum { count, digest }: BlockSum) -> Self {
        Self { author, count, digest }
    }
}

impl Snapshot {
    /// Which blocks the DHT has ever delivered of everybody, by author. Cost: linear in the authors.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn author_blocks(&self) -> Result<Vec<AuthorBlocks>, StoreError> {
        let mut authors = Vec::new();
        for entry in self.transaction.open_table(AUTHORS)?.iter()? {
            let (key, value) = entry?;
            let record = AuthorRecord::decode(value.value())?;
            authors.push(AuthorBlocks::of(read_hash(key.value(), "author")?, record.blocks));
        }
        Ok(authors)
    }

    /// The same of one author, of whom there may be none. Cost: a look-up.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn author_blocks_of(&self, author: &HashRef) -> Result<AuthorBlocks, StoreError> {
        let record = self.author(author)?;
        Ok(AuthorBlocks::of(*author, record.map(|record| record.blocks).unwrap_or_default()))
    }

    /// The actions of the blocks that the DHT has ever delivered of an author, at most so many: the newest first by the time of
    /// the action, of one time in the order of their hashes, the greatest first. Cost: linear in the answer.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn blocks_of(&self, author: &HashRef, at_most: usize) -> Result<Vec<HashRef>, StoreError> {
        let Some(AuthorRecord { number, .. }) = self.author(author)? else { return Ok(Vec::new()) };
        let table = self.transaction.open_table(AUTHOR_BLOCKS)?;
        let first = number.to_be_bytes();
        // After it come the keys of the next author; the last number is given to nobody.
        let end = number.saturating_add(1).to_be_bytes();
        let keys = table.range(first.as_slice()..end.as_slice())?.rev().take(at_most);
        keys.map(|entry| read_author_block_key(entry?.0.value())).collect()
    }

    /// Everybody who has ever written, by key. Cost: linear in the authors.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn author_states(&self) -> Result<Vec<AuthorState>, StoreError> {
        let times = self.transaction.open_table(AUTHOR_TIMES)?;
        let mut authors = Vec::new();
        for entry in self.transaction.open_table(AUTHORS)?.iter()? {
            let (key, value) = entry?;
            let AuthorRecord { number, live, .. } = AuthorRecord::decode(value.value())?;
            let newest_micros = times.get(number)?.map(|time| time.value());
            authors.push(AuthorState { author: read_hash(key.value(), "author")?, live, newest_micros });
        }
        Ok(authors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OwnedBlock, TestStore, block, blocks, hash, row, tombstone};
    use proptest::prelude::*;

    /// What a snapshot says of these authors' blocks, after seeing to it that all of it agrees.
    fn listed(store: &TestStore, authors: &[u8]) -> Vec<Vec<HashRef>> {
        let snapshot = store.snapshot().unwrap();
        let all = snapshot.author_blocks().unwrap();
        let list = |author: &u8| {
            let said = snapshot.author_blocks_of(&hash(*author)).unwrap();
            let known = all.iter().find(|all| all.author == said.author);
            assert_eq!(known.copied().unwrap_or(AuthorBlocks::of(said.author, BlockSum::default())), said);
            let list = snapshot.blocks_of(&said.author, usize::MAX).unwrap();
            assert_eq!(AuthorBlocks::of(said.author, list.iter().collect()), said);
            for at_most in 0..list.len() {
                assert_eq!(snapshot.blocks_of(&said.author, at_most).unwrap(), list[..at_most]);
            }
            list
        };
        authors.iter().map(list).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn count_digest_and_list_are_those_of_the_blocks_that_were_delivered(
            blocks in blocks(9),
            turns in prop::collection::vec((any::<prop::sample::Index>(), 0u8..3), 0..20),
        ) {
            let mut store = TestStore::new();
            let mut delivered = Vec::new();
            for (at, what) in turns {
                let block = &blocks[at.index(blocks.len())];
                match what {
                    0 => drop(store.apply(block)),
                    1 => drop(store.apply(&OwnedBlock { confirmed: true, ..block.clone() })),
                    _ => drop(store.withdraw(block.action)),
                }
                if what == 1 || what == 0 && block.confirmed {
                    delivered.push((block.author, i64::from(block.action / 2), hash(block.action)));
                }
            }
            delivered.sort_unstable();
            delivered.dedup();
            let of = |author| delivered.iter().rev().filter(move |(by, ..)| *by == author).map(|(.., action)| *action);
            let expected = [0, 1, 7].map(|author| of(author).collect::<Vec<_>>());
            prop_assert_eq!(listed(&store, &[0, 1, 7]), &expected[..]);
            store = store.reopen();
            prop_assert_eq!(listed(&store, &[0, 1, 7]), &expected[..]);
        }
    }

    #[test]
    fn an_authors_newest_time_is_that_of_delivered_rows_and_never_goes_back() {
        let store = TestStore::new();
        let states = || store.snapshot().unwrap().author_states().unwrap();
        let state = |author, live, newest_micros| AuthorState { author: hash(author), live, newest_micros };
        assert_eq!(states(), []);
        let announced = OwnedBlock { confirmed: false, ..block(1, vec![row(1, 70, "{}")]) };
        store.apply(&announced);
        assert_eq!(states(), [state(1, 1, None)]);
        store.apply(&block(2, vec![row(2, 20, "{}"), row(3, 30, "{}")]));
        store.apply(&block(3, vec![row(4, 10, "{}")]));
        store.apply(&OwnedBlock { author: 2, ..block(4, vec![row(4, 40, "{}")]) });
        assert_eq!(states(), [state(1, 4, Some(30)), state(2, 1, Some(40))]);
        store.withdraw(1);
        store.apply(&block(5, vec![tombstone(2, 50)]));
        assert_eq!(states(), [state(1, 2, Some(50)), state(2, 1, Some(40))]);
    }
}
