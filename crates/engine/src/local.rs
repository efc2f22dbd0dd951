//! A collection as this node answers it from memory: the store of its rows, and the graph of their vectors.
//!
//! Both are derived from the blocks of the DHT. The store is what counts: a transaction takes in a block, and the graph
//! follows. The graph is saved now and then, with the store's checkpoint, and brought up to date by the store's log when
//! it is opened; a graph file that is missing, damaged or of another store is built anew from the blocks that the store
//! names. Until those have been fetched again, rows are missing from searches, and [`LocalIndex::missing_rows`] says so.
//!
//! A search asks the graph first and the store then. A row that was replaced between the two is left out.

mod files;
mod read;
mod search;
mod take_in;

use crate::block::action;
use parking_lot::Mutex;
use rose_forest_api::{ActionHash, Schema};
use rose_forest_core::Space;
use rose_forest_index::{
    Label,
    file::FileError,
    graph::{Graph, GraphError},
};
use rose_forest_rules::reference::HashRef;
use rose_forest_store::{BlockNumber, Placed, Store, StoreError};
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

pub use read::{Near, Reader, Whose};
pub use search::{Found, SearchError};
pub use take_in::Taken;

/// What can go wrong with an index.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// A folder or file could not be made, read or removed.
    #[error("cannot {what} {}: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// With which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The store.
    #[error("the store of rows: {0}")]
    Store(#[from] StoreError),
    /// The graph.
    #[error("the graph: {0}")]
    Graph(#[from] GraphError),
    /// The file of the graph.
    #[error("the graph's file: {0}")]
    File(#[from] FileError),
    /// A block that is none of this collection.
    #[error("expected a block of this collection, received one that is not: {0}")]
    Block(#[from] rose_forest_rules::Violation),
    /// A block of another dimension or encoding.
    #[error("expected a block of {expected}, received one of {received}")]
    OtherSpace {
        /// Dimension and encoding of the collection.
        expected: String,
        /// Those of the block.
        received: String,
    },
    /// A hash of another length than 39 bytes.
    #[error("expected a hash of 39 bytes, received {received}")]
    Hash {
        /// Its bytes.
        received: usize,
    },
}

/// What was found when an index was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// Why the store is new, where there was another one.
    pub store_rebuilt: Option<String>,
    /// Why the graph is new, where there was another one.
    pub graph_rebuilt: Option<String>,
}

/// The index of one collection. Shared between threads: any number search, one takes in blocks at a time.
pub struct LocalIndex {
    schema: Schema,
    space: Space,
    identity: [u8; 32],
    dir: PathBuf,
    store: Store,
    graph: Graph,
    /// Held by whoever changes the store and the graph, so that both change in one order.
    missing: Mutex<Missing>,
}

/// Rows that count and are not in the graph, because their blocks were not at hand.
#[derive(Debug, Default)]
struct Missing {
    by_block: BTreeMap<BlockNumber, HashMap<Label, u32>>,
    of: HashMap<Label, BlockNumber>,
}

impl Missing {
    fn insert(&mut self, placed: Placed) {
        self.remove(placed.label);
        self.by_block.entry(placed.place.block).or_default().insert(placed.label, placed.place.row);
        self.of.insert(placed.label, placed.place.block);
    }

    fn remove(&mut self, label: Label) {
        let Some(block) = self.of.remove(&label) else { return };
        if let Some(rows) = self.by_block.get_mut(&block) {
            rows.remove(&label);
            if rows.is_empty() {
                self.by_block.remove(&block);
            }
        }
    }
}

/// What lies where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct IndexReport {
    /// Points that count.
    pub points: u64,
    /// Of those, how many are in the graph, in memory.
    pub in_graph: u64,
    /// Of those, how many wait for their blocks to be read again.
    pub missing: u64,
    /// Bytes that the graph takes in memory, codes included.
    pub graph_bytes: u64,
    /// Rows that were removed and still take memory.
    pub removed: u64,
}

impl LocalIndex {
    /// What the collection's rows are like.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// What the caller noted under a name with blocks that it gave, see [`LocalIndex::take_in`].
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn cursor(&self, name: &str) -> Result<Option<Vec<u8>>, IndexError> {
        Ok(self.store.snapshot()?.cursor(name)?)
    }

    /// Whether a block has been taken in, confirmed or not.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn knows(&self, action: &ActionHash) -> Result<bool, IndexError> {
        let action = reference(action.get_raw_39())?;
        Ok(self.store.snapshot()?.find_block(&action)?.is_some())
    }

    /// How many rows are missing from searches until their blocks are given to [`LocalIndex::restore`].
    pub fn missing_rows(&self) -> usize {
        self.missing.lock().of.len()
    }

    /// Some of the blocks that rows are missing of, and whether the DHT had delivered each.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn missing_blocks(&self, at_most: usize) -> Result<Vec<(ActionHash, bool)>, IndexError> {
        let numbers: Vec<_> = self.missing.lock().by_block.keys().copied().take(at_most).collect();
        let snapshot = self.store.snapshot()?;
        let mut blocks = Vec::with_capacity(numbers.len());
        for number in numbers {
            if let Some(info) = snapshot.block(number)? {
                blocks.push((action(info.action), info.confirmed));
            }
        }
        Ok(blocks)
    }

    /// What lies where.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn report(&self) -> Result<IndexReport, IndexError> {
        Ok(IndexReport {
            points: self.store.snapshot()?.count(),
            in_graph: self.graph.len() as u64,
            missing: self.missing_rows() as u64,
            graph_bytes: self.graph.memory_bytes() as u64,
            removed: self.graph.removed() as u64,
        })
    }

    /// Mends the graph where many rows were removed, if that is due. Searches go on meanwhile.
    pub fn repair(&self) {
        if self.graph.needs_repair() {
            self.graph.repair();
        }
    }
}

/// The 39 bytes of a hash, as the store names authors and actions.
fn reference(bytes: &[u8]) -> Result<HashRef, IndexError> {
    HashRef::from_slice(bytes).ok_or(IndexError::Hash { received: bytes.len() })
}

#[cfg(test)]
mod tests;
