//! What there is of each author.

use super::Snapshot;
use crate::{
    StoreError,
    record::{AuthorRecord, read_hash},
    tables::{AUTHOR_TIMES, AUTHORS},
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
    /// Nothing before the first such row, and of what a store took in before it kept these times.
    pub newest_micros: Option<i64>,
}

impl Snapshot {
    /// Everybody who has ever written, by key. Cost: linear in the authors.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn author_states(&self) -> Result<Vec<AuthorState>, StoreError> {
        let times = self.transaction.open_table(AUTHOR_TIMES)?;
        let mut authors = Vec::new();
        for entry in self.transaction.open_table(AUTHORS)?.iter()? {
            let (key, value) = entry?;
            let AuthorRecord { number, live } = AuthorRecord::decode(value.value())?;
            let newest_micros = times.get(number)?.map(|time| time.value());
            authors.push(AuthorState { author: read_hash(key.value(), "author")?, live, newest_micros });
        }
        Ok(authors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OwnedBlock, TestStore, block, hash, row, tombstone};

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
