//! Taking back what only a signal had said.

use super::{Batch, Changes, UNCONFIRMED_VERSION, point_key, rows::Work};
use crate::{
    StoreError,
    codec::Bytes,
    id_key::read_id,
    record::{BlockRecord, read_hash},
    tables::{AUTHOR_KEYS, BLOCK_INFO, BLOCKS, UNCONFIRMED},
};
use redb::ReadableTable;
use rose_forest_rules::reference::HashRef;

impl Batch<'_> {
    /// See [`Batch::withdraw`].
    pub(super) fn take_back(&mut self, action: &HashRef) -> Result<Changes, StoreError> {
        let nothing = Changes { sequence: self.counters.sequence, ..Changes::default() };
        let number = {
            let blocks = self.transaction.open_table(BLOCKS)?;
            let number = blocks.get(action.0.as_slice())?;
            match number {
                Some(number) => number.value(),
                None => return Ok(nothing),
            }
        };
        let Some(ids) =
            self.transaction.open_table(UNCONFIRMED)?.remove(number)?.map(|ids| ids.value().to_vec())
        else {
            return Ok(nothing);
        };
        let info = self.transaction.open_table(BLOCK_INFO)?.remove(number)?.map(|info| info.value().to_vec());
        let info = info.ok_or_else(|| StoreError::damaged("block", "missing"))?;
        let info = BlockRecord::decode(&info)?;
        self.transaction.open_table(BLOCKS)?.remove(action.0.as_slice())?;
        let author_key = {
            let keys = self.transaction.open_table(AUTHOR_KEYS)?;
            let key = keys.get(info.author)?;
            let key = key.ok_or_else(|| StoreError::damaged("author", "missing"))?;
            read_hash(key.value(), "author")?
        };
        let sets = (&mut self.sets, &mut self.fields);
        let mut work = Work::new(&self.transaction, &mut self.counters, sets, info.author)?;
        let mut bytes = Bytes::versioned(&ids, "unconfirmed block", UNCONFIRMED_VERSION)?;
        let mut key = Vec::new();
        while !bytes.is_empty() {
            let length = bytes.u16()?;
            let id = read_id(&mut Bytes::plain(bytes.take(usize::from(length))?, "id"))?;
            point_key(&mut key, &id, info.author);
            work.change(&key, &id, None, |point, _| {
                point.withdraw(number);
                Ok(())
            })?;
        }
        let (changes, news) = work.finish();
        self.end_step((author_key, *action), changes, news)
    }
}
