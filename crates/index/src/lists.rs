//! Inverted lists on disk: settled rows, sorted by the collection's own cells.
//!
//! An inverted file (Jégou, Douze and Schmid 2011) whose lists lie in immutable segments, mapped into memory. A search
//! compares the query with the cells' centres, and scores every row of the nearest cells exactly. Memory is what the
//! centres take, a bit for each removed row, and some bytes a segment; codes and labels lie in the page cache, which the
//! system gives back when it needs it. To prefer over a graph when memory is short: a graph answers in less time, and
//! takes all rows and links in memory. A million rows of 384 components as sq8, in 1,460 cells, are 402 MB on disk and 2.4 MB
//! on the heap.
//!
//! # Changes, and what is durable
//!
//! Every change is seen at once by the searches that begin after it: a search takes a snapshot, and no lock is held
//! while it scans. [`Lists::save`] makes durable what was changed until then, with the sequence number of the node's
//! store that it corresponds to. After a crash the lists are as they were saved: replay the store from
//! [`Lists::sequence`] on. Replaying is harmless, because a label that is added again replaces its row, and one that is
//! removed again is not there.
//!
//! # Files
//!
//! | file | what | written |
//! |---|---|---|
//! | `lists.index` | which segments there are, which rows are removed | by each [`Lists::save`] |
//! | `cells.index` | cells: their ids and centres | when cells were added |
//! | `segment-<number>.index` | rows | once |
//!
//! All are containers of [`crate::file`]; their modules say what is in the sections. Files that no saved list names are
//! removed when the lists are opened.

mod builder;
mod cells;
mod changes;
mod error;
mod manifest;
mod place;
mod removed;
mod scan;
mod search;
mod segment;
mod state;
mod tiers;
mod vector_index;

pub use builder::{Built, ListsBuilder};
pub use error::ListsError;
pub use search::{Found, Search, default_nprobe};

use crate::{
    Label, OtherSpace,
    file::{Verify, remove_leftovers},
    kernel::Query,
};
use cells::CellTable;
use changes::Changes;
use parking_lot::{Mutex, RwLock};
use place::Place;
use rose_forest_core::Space;
use rose_forest_rules::reference::CellId;
use scan::Scorer;
use state::State;
use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

/// The inverted lists of one collection, in a directory of their own.
///
/// Shared between threads. Changes wait for each other, searches for nobody.
#[derive(Debug)]
pub struct Lists {
    place: Arc<Place>,
    /// Locked only to copy or to swap the pointer.
    state: RwLock<Arc<State>>,
    /// Held while something is changed.
    changes: Mutex<Changes>,
    /// Held while segments are merged.
    merging: Mutex<()>,
    counted: Counted,
    /// Whether something was changed since the lists were opened or saved; written by those who hold `changes`.
    unsaved: AtomicBool,
}

/// What is counted apart from the rows, to be read without waiting for those who change something.
#[derive(Debug, Default)]
struct Counted {
    rows_added: AtomicU64,
    rows_written: AtomicU64,
    /// Bytes of the segments that were merged away, and that the saved list still names.
    obsolete_bytes: AtomicU64,
}

/// What lies where, and what it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// Rows that count.
    pub rows: usize,
    /// Rows that are removed and still take space on disk.
    pub removed_rows: usize,
    /// Cells, those without rows included.
    pub cells: usize,
    /// Segments.
    pub segments: usize,
    /// Bytes on the heap. Mapped files are in the page cache and not counted.
    pub memory_bytes: usize,
    /// Bytes of the files in use.
    pub disk_bytes: u64,
    /// Rows that were added since the lists were opened.
    pub rows_added: u64,
    /// Rows that were written to disk for that, merging included. Divided by `rows_added`: the write amplification.
    pub rows_written: u64,
}

impl Lists {
    /// Makes empty lists in `directory`, in the place of any that are there, with the sequence number 0. The directory
    /// belongs to these lists, and to one process at a time.
    ///
    /// # Errors
    /// A space without codes, or what the system refuses.
    pub fn create(directory: &Path, identity: [u8; 32], space: Space) -> Result<Self, ListsError> {
        let place = Place::new(directory, identity, space)?;
        fs::create_dir_all(directory).map_err(ListsError::io("create", directory))?;
        // This one first: without it, nothing that is left counts.
        place::remove(&place.lists())?;
        place::remove(&place.cells())?;
        let lists = Self::with_state(place, State::new(Arc::new(CellTable::new(space)), Vec::new()), 0)?;
        lists.state.read().cells.write(&lists.place.cells(), identity)?;
        lists.save(0)?;
        Ok(lists)
    }

    /// Opens the lists in `directory`. With [`Verify::Later`] all is checked but the codes' checksums: call
    /// [`Lists::verify`] then, in the background, because until then a damaged code is only a wrong score.
    ///
    /// # Errors
    /// [`ListsError::unusable_file`] says which file is missing, damaged or not ours; then make new lists and fill them
    /// again. Cost: one pass over labels and centres, 12 bytes a row; with [`Verify::Now`] over the codes too.
    pub fn open(
        directory: &Path,
        identity: [u8; 32],
        space: Space,
        verify: Verify,
    ) -> Result<Self, ListsError> {
        let place = Place::new(directory, identity, space)?;
        let (state, sequence) = manifest::read(&place, verify)?;
        Self::with_state(place, state, sequence)
    }

    /// Takes possession of the directory: what does not belong to `state` is removed.
    fn with_state(place: Place, state: State, sequence: u64) -> Result<Self, ListsError> {
        remove_leftovers(&place.directory).map_err(ListsError::file(&place.directory))?;
        let numbers: Vec<u64> = state.segments.iter().map(|source| source.segment.number()).collect();
        place.keep_segments(&numbers)?;
        let saved_cells = state.cells.len();
        let changes = Changes { sequence, saved_cells, obsolete: Vec::new() };
        Ok(Self {
            place: Arc::new(place),
            state: RwLock::new(Arc::new(state)),
            changes: Mutex::new(changes),
            merging: Mutex::new(()),
            counted: Counted::default(),
            unsaved: AtomicBool::new(false),
        })
    }

    /// What vectors of this collection are like.
    pub fn space(&self) -> Space {
        self.place.space
    }

    /// Whether the lists are on disk as they are now.
    pub fn is_saved(&self) -> bool {
        !self.unsaved.load(Ordering::Acquire)
    }

    /// The sequence number that the lists were saved with last.
    pub fn sequence(&self) -> u64 {
        self.changes.lock().sequence
    }

    /// The number of a cell, if it was added.
    pub fn cell_number(&self, id: &CellId) -> Option<u32> {
        self.snapshot().cells.number(id)
    }

    /// The cell with this number.
    pub fn cell_id(&self, number: u32) -> Option<CellId> {
        self.snapshot().cells.id(number)
    }

    /// Compares the codes' checksums, where that was not done. In the background, after opening with [`Verify::Later`].
    ///
    /// # Errors
    /// Names the first file that is damaged. Cost: one pass over the codes.
    pub fn verify(&self) -> Result<(), ListsError> {
        self.snapshot().segments.iter().try_for_each(|source| source.segment.verify())
    }

    /// As [`Lists::search_query`], from a vector.
    ///
    /// # Errors
    /// A vector that is none of this collection.
    pub fn search(&self, vector: &[f32], search: &Search<'_>) -> Result<Found, ListsError> {
        Ok(self.search_query(&Query::new(self.place.space, vector)?, search)?)
    }

    /// The `k` nearest rows among those of the nearest cells.
    ///
    /// # Errors
    /// A query for another space.
    ///
    /// Cost: O(d) for each cell and for each row of the cells that are looked at. A filter that allows few rows is cheaper:
    /// then exactly those are scored.
    pub fn search_query(&self, query: &Query, search: &Search<'_>) -> Result<Found, OtherSpace> {
        OtherSpace::check(self.place.space, query)?;
        Ok(search::search(&self.snapshot(), &Scorer(query), search))
    }

    /// Whether a row is here. Cost: O(segments log rows).
    pub fn contains(&self, label: Label) -> bool {
        self.snapshot().find(label).is_some()
    }

    /// The code of a row, if it is here. Cost: O(segments log rows).
    pub fn code(&self, label: Label) -> Option<Vec<u8>> {
        let state = self.snapshot();
        state.find(label).map(|(view, place)| view.codes(place..place + 1).to_vec())
    }

    /// Calls `visit` with every row and the number of its cell, in no order. Cost: O(rows).
    pub fn for_each(&self, mut visit: impl FnMut(Label, u32)) {
        for (view, removed) in self.snapshot().views() {
            for (cell, rows) in view.runs() {
                for place in rows.filter(|place| !removed.contains(*place)) {
                    view.label(place).into_iter().for_each(|label| visit(label, cell));
                }
            }
        }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.snapshot().rows()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What lies where. Waits for nobody: what changes meanwhile may be counted before it is seen.
    pub fn info(&self) -> Info {
        let counted = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let state = self.snapshot();
        let length = |path: &Path| fs::metadata(path).map_or(0, |metadata| metadata.len());
        let of_segments: u64 = state.segments.iter().map(|source| source.segment.disk_bytes()).sum();
        let obsolete = counted(&self.counted.obsolete_bytes);
        Info {
            rows: state.rows(),
            removed_rows: state.removed_rows(),
            cells: state.cells.len(),
            segments: state.segments.len(),
            memory_bytes: state.memory_bytes(),
            disk_bytes: of_segments + obsolete + length(&self.place.lists()) + length(&self.place.cells()),
            rows_added: counted(&self.counted.rows_added),
            rows_written: counted(&self.counted.rows_written),
        }
    }

    fn snapshot(&self) -> Arc<State> {
        self.state.read().clone()
    }
}

#[cfg(test)]
mod tests;
