//! A collection as this node answers it: the store of its rows, a graph of vectors in memory, and lists of vectors on disk.
//!
//! All of it is derived from the blocks of the DHT. The store is what counts: a transaction takes in a block, and graph and
//! lists follow.
//!
//! # Where a row lies
//!
//! Every row that counts is in the graph, in the lists, or [missing](LocalIndex::missing_rows): its vector has to be read
//! from the DHT again. Rows come into the graph, where they are found at once and linked by a thread in the background, unless
//! so many wait for that already that searches would suffer. [`LocalIndex::move_settled`] moves those that are *settled* (a block that the
//! DHT has delivered has put them into a cell whose centre is known here) to the lists, the oldest first, where the graph
//! takes more memory than [`Limits`] allow, and those that are older than they allow. What a row scores does not depend on
//! where it lies. The lists' cells are the collection's own: whoever reads the DHT asks for
//! [`LocalIndex::unknown_cells`] and gives their centres to [`LocalIndex::add_cells`].
//!
//! A row that has moved stays in the list of the cell that it moved to, though upkeep may give it another cell later: cells
//! do not change, and its old cell's centre goes on to lead to it.
//!
//! # What is on disk
//!
//! The store is durable by itself. The graph is saved now and then ([`LocalIndex::save`]), the lists at each move too, both
//! with a checkpoint of the store, which makes durable what they hold. A row leaves the graph when the lists that have it are
//! on disk. So whenever the process ends, what is opened next holds every row of the store that had one, some of
//! them twice and some that no longer count: opening compares both with the store's set of rows that count, takes out what
//! is too much, and what is in neither is missing. A file that is damaged, or of another version, store or collection, is
//! begun anew, and all of its rows are missing.
//!
//! # Searching
//!
//! A search sees the store as it was at one moment: see `view`. It asks the graph first, then the lists: a row that moves
//! meanwhile is in both for a moment, never in neither. So each point is found once, in the version of that moment.

mod blocks;
mod changes;
mod files;
mod known;
mod limits;
mod linker;
mod missing;
mod read;
mod report;
mod restore;
mod search;
mod settled;
mod take_in;
mod verify;
mod view;

use crate::block::{action, agent};
use linker::Linker;
use missing::MissingRows;
use parking_lot::Mutex;
use rose_forest_api::{ActionHash, AgentPubKey, Schema};
use rose_forest_core::Space;
use rose_forest_index::{
    Label, VectorIndex,
    file::FileError,
    graph::{Graph, GraphError},
    lists::{Lists, ListsError},
};
use rose_forest_rules::reference::HashRef;
use rose_forest_store::{Store, StoreError};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::watch;
use view::Views;

pub use blocks::Used;
pub use changes::ChangePage;
pub use known::KnownBlocks;
pub use limits::{DEFAULT_MEMORY_BYTES, Limits};
pub use read::{Near, Reader, Whose};
pub use report::IndexReport;
pub use rose_forest_index::Effort;
pub use search::{Found, SearchError};
pub use settled::Moved;
pub use take_in::Taken;
pub use verify::{Differences, Differing, Named, Verifier};

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
    /// The lists.
    #[error("the lists: {0}")]
    Lists(#[from] ListsError),
    /// The file of the graph.
    #[error("the graph's file: {0}")]
    File(#[from] FileError),
    /// A query for another collection.
    #[error(transparent)]
    Query(#[from] rose_forest_index::OtherSpace),
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
    /// Why the lists are new, where there were others.
    pub lists_rebuilt: Option<String>,
}

/// A block of which a peer's signed word is all that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnconfirmedBlock {
    /// The action that carries it.
    pub action: ActionHash,
    /// Who wrote it.
    pub author: AgentPubKey,
    /// When, by the author's clock, in microseconds since 1970. When it was taken in here is not kept.
    pub timestamp_micros: i64,
}

/// The index of one collection. Shared between threads: any number search, one takes in blocks at a time.
pub struct LocalIndex {
    schema: Schema,
    space: Space,
    identity: [u8; 32],
    dir: PathBuf,
    store: Store,
    graph: Arc<Graph>,
    linker: Linker,
    lists: Lists,
    limits: Limits,
    /// Held by whoever changes the store, the graph and the lists, so that all change in one order.
    missing: MissingRows,
    /// What searches see.
    views: Views,
    /// What the files of graph and lists hold; nothing where they have to be written anew. Whoever looks holds the lock of
    /// the writers.
    saved: Mutex<Option<Saved>>,
    /// Held while rows are moved to the lists: one at a time.
    moving: Mutex<()>,
    /// Wakes those who follow the changes.
    news: watch::Sender<u64>,
}

/// What was saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Saved {
    /// The store's last change.
    sequence: u64,
    /// The graph's: [`Graph::changes`].
    graph: u64,
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

    /// How many rows are missing from searches until their blocks are given to [`LocalIndex::restore`] or
    /// [`LocalIndex::restore_all`], as of the last change that is done. Cost: constant; waits for nobody, so that it can be
    /// asked before every search.
    pub fn missing_rows(&self) -> usize {
        self.missing.count()
    }

    /// How many rows of the graph wait to be linked: a search compares every one of them with its query. Cost: constant.
    pub fn waiting_rows(&self) -> usize {
        self.graph.waiting()
    }

    /// Some of the blocks that rows are missing of, and whether the DHT had delivered each.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn missing_blocks(&self, at_most: usize) -> Result<Vec<(ActionHash, bool)>, IndexError> {
        let numbers: Vec<_> = self.missing.lock().blocks().take(at_most).collect();
        let snapshot = self.store.snapshot()?;
        let mut blocks = Vec::with_capacity(numbers.len());
        for number in numbers {
            if let Some(info) = snapshot.block(number)? {
                blocks.push((action(info.action), info.confirmed));
            }
        }
        Ok(blocks)
    }

    /// The blocks that the DHT has not delivered yet, in the order in which they came: to go on waiting for them after a
    /// restart. Cost: linear in those.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn unconfirmed_blocks(&self) -> Result<Vec<UnconfirmedBlock>, IndexError> {
        let blocks = self.store.snapshot()?.unconfirmed()?;
        let named = blocks.into_iter().map(|info| UnconfirmedBlock {
            action: action(info.action),
            author: agent(info.author),
            timestamp_micros: info.action_micros,
        });
        Ok(named.collect())
    }

    /// Whether no row lies on disk: a search then touches memory alone. Cost: constant.
    pub fn is_in_memory(&self) -> bool {
        self.lists.is_empty()
    }

    /// Both kinds of index, in the order in which they are to be asked: a row that moves comes to the later one before it
    /// leaves the other.
    fn kinds(&self) -> [&dyn VectorIndex; 2] {
        [&*self.graph, &self.lists]
    }

    /// The code of a row, wherever it lies.
    fn code(&self, label: Label) -> Option<Vec<u8>> {
        self.kinds().into_iter().find_map(|kind| kind.code(label))
    }
}

/// The 39 bytes of a hash, as the store names authors and actions.
fn reference(bytes: &[u8]) -> Result<HashRef, IndexError> {
    HashRef::from_slice(bytes).ok_or(IndexError::Hash { received: bytes.len() })
}

#[cfg(test)]
mod tests;
