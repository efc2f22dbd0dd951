//! Rows in memory, in a graph that is searched by walking towards the query: HNSW (Malkov and Yashunin, "Efficient and
//! robust approximate nearest neighbor search using Hierarchical Navigable Small World graphs", 2016, 2018), over
//! the codes as blocks hold them.
//!
//! A row is known outside by its [`Label`] and inside by its *slot*, its place in every array here. All of it may be
//! called from several threads at once:
//!
//! - Lists of neighbours are atomic numbers: a search reads them while others write. What it reads may be half an old list
//!   and half a new one; every entry is a slot that exists, so that the worst is a detour.
//! - Everything else (codes, labels, what is alive, how long the arrays are) changes under a lock for writing that is held for
//!   the time of a copy: an insert takes it to put its row down, then looks for neighbours and links them under the lock for
//!   reading, beside searches and other inserts.
//! - Two writers of one list take turns by a small lock for it.
//!
//! A row can also be put down and linked later: see [`Graph::put_down`].
//!
//! A removed row is not returned from then on. It goes on to route until [`Graph::repair`] has linked its neighbours
//! with each other; then its slot takes another row, or [`Graph::compact`] gives its memory back.
//!
//! `docs/INDEX.md` has what was measured.

mod compact;
mod error;
mod extend;
mod image;
mod insert;
mod labels;
mod links;
mod params;
mod pool;
mod repair;
mod rows;
mod scan;
mod scratch;
mod search;
mod select;
mod vector_index;
mod waiting;
mod walk;

pub use error::{GraphError, ImageError};
pub use params::{DEFAULT_EF_SEARCH, GraphParams};
pub use repair::Repaired;
pub use scan::scan_is_cheaper;
pub(crate) use vector_index::usual_ef;
pub use waiting::MAX_WAITING;

use crate::Label;
use parking_lot::{Mutex, RwLock};
use rose_forest_core::{Encoding, Space, VectorError};
use rows::Rows;
use scratch::Scratches;
use std::sync::atomic::{AtomicU64, Ordering};

/// Rows of one collection in memory.
#[derive(Debug)]
pub struct Graph {
    space: Space,
    params: GraphParams,
    rows: RwLock<Rows>,
    /// Locks for writing lists of neighbours, shared by slots.
    writers: Box<[Mutex<()>]>,
    scratches: Scratches,
    /// Held while an image is written, and while rows that waited are linked: one at a time.
    /// Taken after `repairing`.
    imaging: Mutex<()>,
    /// Held while repairing, and while rows that waited are linked: one at a time.
    repairing: Mutex<()>,
    /// Held for reading by whoever changes rows, or remembers slots while it lets go of `rows`; for writing while slots
    /// change their places. Taken before `rows`.
    shape: RwLock<()>,
    /// Counts changes of what an image holds, each when it is done.
    changes: AtomicU64,
}

/// Locks for writing lists: so many that two threads hardly ever want the same.
const WRITERS: usize = 1024;

/// Rows that are removed under one lock. 75,000 rows took 0.4 ms so, without others at work.
const REMOVED_AT_ONCE: usize = 128;

impl Graph {
    /// An empty graph for rows of this space.
    ///
    /// # Errors
    /// A reserved encoding, or parameters out of range.
    pub fn new(space: Space, params: GraphParams) -> Result<Self, GraphError> {
        match space.encoding {
            Encoding::F32 | Encoding::F16 | Encoding::Sq8 => {}
            received @ (Encoding::Pq | Encoding::Bit1) => {
                return Err(GraphError::Vector(VectorError::Reserved { received }));
            }
        }
        params.check()?;
        Ok(Self::of_rows(space, params, Rows::new(space.code_bytes(), params.m)))
    }

    fn of_rows(space: Space, params: GraphParams, rows: Rows) -> Self {
        Self {
            space,
            params,
            rows: RwLock::new(rows),
            writers: (0..WRITERS).map(|_| Mutex::new(())).collect(),
            scratches: Scratches::new(space),
            imaging: Mutex::new(()),
            repairing: Mutex::new(()),
            shape: RwLock::new(()),
            changes: AtomicU64::new(0),
        }
    }

    /// What rows are like.
    pub fn space(&self) -> Space {
        self.space
    }

    /// What the graph was made with.
    pub fn params(&self) -> GraphParams {
        self.params
    }

    /// How many rows can be found.
    pub fn len(&self) -> usize {
        self.rows.read().live()
    }

    /// Whether no row can be found.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether this row is here.
    pub fn contains(&self, label: Label) -> bool {
        self.rows.read().labels.slot(label).is_some()
    }

    /// The code of a row, if it is here. Cost: a copy.
    pub fn code(&self, label: Label) -> Option<Vec<u8>> {
        let rows = self.rows.read();
        Some(rows.codes.row(rows.labels.slot(label)?).to_vec())
    }

    /// Every row that is here, in the order of slots: about that of insertion. Cost: linear.
    pub fn labels(&self) -> Vec<Label> {
        let rows = self.rows.read();
        (0..rows.len()).filter(|slot| rows.is_live(*slot)).map(|slot| rows.label(slot)).collect()
    }

    /// Removes a row: no search that begins afterwards returns it. False if it was not here. Cost: less than a
    /// microsecond and the wait for searches under way; the graph is mended by [`Self::repair`].
    pub fn remove(&self, label: Label) -> bool {
        self.remove_all(&[label]) == 1
    }

    /// As [`Self::remove`], of many rows: says how many of them were here. Cost: a lock for each 128 of them, which waits for the
    /// searches under way.
    pub fn remove_all(&self, labels: &[Label]) -> usize {
        let _shape = self.shape.read();
        let parts = labels.chunks(REMOVED_AT_ONCE);
        let removed = parts.map(|labels| self.rows.write().remove_all(labels)).sum();
        if removed > 0 {
            self.changed();
        }
        removed
    }

    /// A number that is another one after every change of what [`Self::write_to`] writes, and 0 in a graph that was just
    /// made or read: if it is still the same as before an image was begun, that image is as good as a new one.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    fn changed(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
    }

    /// Bytes that the rows and their links use, and what searches keep at hand. What the allocator and the system add is
    /// not in it: up to 2 MB for the last large page of each of three arrays.
    pub fn memory_bytes(&self) -> usize {
        self.rows.read().memory_bytes() + self.scratches.memory_bytes()
    }

    /// The lock for writing the lists of a slot.
    fn writer(&self, slot: u32) -> &Mutex<()> {
        &self.writers[slot as usize % WRITERS]
    }
}

#[cfg(test)]
mod tests;
