//! The tables of a store, and the numbers that it counts with.
//!
//! | table | key | value |
//! |---|---|---|
//! | `about` | name | layout, collection, identity, counters |
//! | `cursors` | name | the node's own bytes |
//! | `authors` | agent key | number, points, blocks |
//! | `author_keys` | number | agent key |
//! | `blocks` | action hash | number |
//! | `block_info` | number | action hash, its time, author, cell, confirmed |
//! | `author_blocks` | number of an author, time, action hash | of a block that the DHT has delivered; no value |
//! | `unconfirmed` | number of a block | the points that it has rows of |
//! | `points` | id, author | which versions are known, where, and the label |
//! | `rows` | label | author, time, id, payload |
//! | `sets` | which set, chunk | labels |
//! | `log` | sequence number | labels inserted, removed, moved |
//! | `events` | number | what became of points, for those who follow |
//! | `author_times` | number of an author | the newest time of its rows, microseconds |
//! | `fields` | path | kind, number, progress |
//! | `postings-…` | value, chunk | labels |

use crate::{StoreError, codec::Bytes};
use redb::{ReadableTable, Table, TableDefinition};

/// The layout of the tables. A store of another one is refused.
pub(crate) const LAYOUT: u32 = 3;

pub(crate) const ABOUT: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("about");
pub(crate) const CURSORS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("cursors");
pub(crate) const AUTHORS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("authors");
pub(crate) const AUTHOR_KEYS: TableDefinition<'_, u32, &[u8]> = TableDefinition::new("author_keys");
pub(crate) const BLOCKS: TableDefinition<'_, &[u8], u32> = TableDefinition::new("blocks");
pub(crate) const BLOCK_INFO: TableDefinition<'_, u32, &[u8]> = TableDefinition::new("block_info");
pub(crate) const AUTHOR_BLOCKS: TableDefinition<'_, &[u8], ()> = TableDefinition::new("author_blocks");
pub(crate) const UNCONFIRMED: TableDefinition<'_, u32, &[u8]> = TableDefinition::new("unconfirmed");
pub(crate) const POINTS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("points");
pub(crate) const ROWS: TableDefinition<'_, u32, &[u8]> = TableDefinition::new("rows");
pub(crate) const SETS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("sets");
pub(crate) const LOG: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("log");
pub(crate) const EVENTS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("events");
pub(crate) const AUTHOR_TIMES: TableDefinition<'_, u32, i64> = TableDefinition::new("author_times");

pub(crate) const FIELDS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("fields");

pub(crate) const ABOUT_LAYOUT: &str = "layout";
pub(crate) const ABOUT_COLLECTION: &str = "collection";
pub(crate) const ABOUT_IDENTITY: &str = "identity";
/// The key of the node's own author.
pub(crate) const ABOUT_OWN: &str = "own";
const ABOUT_COUNTERS: &str = "counters";
const COUNTERS_VERSION: u8 = 1;

/// What the store counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    /// The next label.
    pub label: u32,
    /// The next number of a block.
    pub block: u32,
    /// The next number of an author.
    pub author: u32,
    /// The next number of a field index.
    pub field: u32,
    /// The sequence number of the last change.
    pub sequence: u64,
    /// Changes up to this one have been forgotten.
    pub forgotten: u64,
    /// Rows that count.
    pub live: u64,
}

impl Counters {
    pub(crate) fn read(about: &impl ReadableTable<&'static str, &'static [u8]>) -> Result<Self, StoreError> {
        let Some(value) = about.get(ABOUT_COUNTERS)? else { return Ok(Self::default()) };
        let mut bytes = Bytes::versioned(value.value(), "counters", COUNTERS_VERSION)?;
        let counters = Self {
            label: bytes.u32()?,
            block: bytes.u32()?,
            author: bytes.u32()?,
            field: bytes.u32()?,
            sequence: bytes.u64()?,
            forgotten: bytes.u64()?,
            live: bytes.u64()?,
        };
        bytes.end()?;
        Ok(counters)
    }

    pub(crate) fn write(&self, about: &mut Table<'_, &'static str, &'static [u8]>) -> Result<(), StoreError> {
        let mut value = vec![COUNTERS_VERSION];
        for number in [self.label, self.block, self.author, self.field] {
            value.extend_from_slice(&number.to_le_bytes());
        }
        for number in [self.sequence, self.forgotten, self.live] {
            value.extend_from_slice(&number.to_le_bytes());
        }
        about.insert(ABOUT_COUNTERS, value.as_slice())?;
        Ok(())
    }
}

/// Makes all tables that are not there, so that readers find them.
pub(crate) fn create(transaction: &redb::WriteTransaction) -> Result<(), StoreError> {
    transaction.open_table(ABOUT)?;
    transaction.open_table(CURSORS)?;
    transaction.open_table(AUTHORS)?;
    transaction.open_table(AUTHOR_KEYS)?;
    transaction.open_table(BLOCKS)?;
    transaction.open_table(BLOCK_INFO)?;
    transaction.open_table(AUTHOR_BLOCKS)?;
    transaction.open_table(UNCONFIRMED)?;
    transaction.open_table(POINTS)?;
    transaction.open_table(ROWS)?;
    transaction.open_table(SETS)?;
    transaction.open_table(LOG)?;
    transaction.open_table(EVENTS)?;
    transaction.open_table(AUTHOR_TIMES)?;
    transaction.open_table(FIELDS)?;
    Ok(())
}
