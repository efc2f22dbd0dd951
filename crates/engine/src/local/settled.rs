//! Moving settled rows from the graph to the lists.
//!
//! A batch is written to a segment without any lock that searches or writers need: rows of the graph never change, they only
//! go. Then, while writers wait, those that went meanwhile are left out, the lists are saved, and only then do the rows
//! leave the graph.

use super::{IndexError, LocalIndex};
use rose_forest_index::{Label, VectorIndex, lists::Built};
use rose_forest_rules::reference::CellId;
use rose_forest_store::RoaringBitmap;

/// Bytes of codes that are moved at once: as much memory as that takes beside the graph, and a few rows in the lists of
/// each of a thousand cells.
const MOVED_AT_ONCE_BYTES: usize = 16 << 20;
/// Rows that are moved at once, however short: writers wait while each is looked up once more.
const MOVED_AT_ONCE_ROWS: usize = 32_768;
/// A graph that takes too much gives up rows until it would take three quarters of what it may: so that mending and
/// compacting it, which cost a pass over all of it, come once for as many rows.
const LOW_WATER: (usize, usize) = (3, 4);
/// From one free slot in so many, the graph is compacted though it takes no more than it may.
const FREE_ONE_IN: usize = 2;

/// What [`LocalIndex::move_settled`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Rows that went from the graph to the lists.
    pub rows: usize,
    /// How often segments of the lists were merged.
    pub merges: usize,
    /// Bytes by which the graph still exceeds what it may take: rows that are fresh, or of cells that are not known, or it was
    /// stopped.
    pub over_bytes: u64,
}

/// A row that may move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Movable {
    written_at_micros: i64,
    label: Label,
    cell: u32,
}

impl LocalIndex {
    /// Tells the lists the centres of cells; those that are known already stay as they are. From then on rows of theirs may
    /// move. The cells are on disk from the next [`LocalIndex::save`] or move on.
    ///
    /// # Errors
    /// A centre that is no vector of this collection; then none of them is added.
    pub fn add_cells(&self, cells: impl IntoIterator<Item = (CellId, Vec<f32>)>) -> Result<(), IndexError> {
        self.lists.add_cells(cells)?;
        Ok(())
    }

    /// The cells that delivered blocks declare and the lists do not know: their rows stay in the graph until
    /// [`LocalIndex::add_cells`] brings their centres. Cost: linear in the blocks of the collection.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn unknown_cells(&self) -> Result<Vec<CellId>, IndexError> {
        let cells = self.store.snapshot()?.cells()?;
        Ok(cells.into_iter().filter(|cell| self.lists.cell_number(cell).is_none()).collect())
    }

    /// Whether the graph takes more memory than it may: [`LocalIndex::move_settled`] is due. Cost: constant, so that it can be
    /// asked after every block.
    pub fn is_over_budget(&self) -> bool {
        self.graph.memory_bytes() as u64 > self.limits.memory_bytes
    }

    /// Moves settled rows to the lists, as [`super::Limits`] say, in batches of 16 MB: to be called in the background, now
    /// and then, and more often while many rows come. `now_micros` is the time by which rows are old; `stop` is asked
    /// between batches, and may end it early. Searches go on meanwhile, and writers wait for the disk at the end
    /// of each batch, and while the graph is compacted. The graph then gives its memory back, and the lists merge
    /// segments where there are many.
    ///
    /// # Errors
    /// What the system refuses, a full disk above all: rows that have not moved are where they were.
    ///
    /// Cost: where the graph takes no more than it may and there is no limit of age, next to nothing; otherwise two look-ups
    /// for each row of the graph, though none may move. For each row that moves, its bytes are read and written; for the rows that stay, see
    /// [`rose_forest_index::graph::Graph::repair`] and [`rose_forest_index::graph::Graph::compact`]. Space: 16 bytes for
    /// each row of the graph, and while it is compacted the rows that stay are in memory twice.
    pub fn move_settled(&self, now_micros: i64, stop: &dyn Fn() -> bool) -> Result<Moved, IndexError> {
        let _moving = self.moving.lock();
        let mut moved = Moved::default();
        let at_once = MOVED_AT_ONCE_BYTES / self.space.code_bytes().max(1);
        for batch in self.movable(now_micros)?.chunks(at_once.clamp(1, MOVED_AT_ONCE_ROWS)) {
            if stop() {
                break;
            }
            moved.rows += self.move_batch(batch)?;
        }
        self.give_memory_back(stop)?;
        while !stop() && self.lists.merge()? {
            moved.merges += 1;
        }
        if moved.merges > 0 {
            let _writing = self.missing.lock();
            self.lists.save(self.store.checkpoint()?.sequence)?;
        }
        moved.over_bytes = (self.graph.memory_bytes() as u64).saturating_sub(self.limits.memory_bytes);
        Ok(moved)
    }

    /// Mends the graph where many rows were removed, if that is due, and gives memory back. Searches go on meanwhile.
    ///
    /// # Errors
    /// No memory: then the graph is as it was.
    pub fn repair(&self) -> Result<(), IndexError> {
        let _moving = self.moving.lock();
        self.give_memory_back(&|| false)
    }

    fn give_memory_back(&self, stop: &dyn Fn() -> bool) -> Result<(), IndexError> {
        if self.graph.needs_repair() || (self.is_over_budget() && self.graph.removed() > 0) {
            self.graph.repair_until(stop);
        }
        let free = self.graph.free_slots();
        if free > 0 && (self.is_over_budget() || free * FREE_ONE_IN > self.slots()) {
            self.graph.compact()?;
        }
        Ok(())
    }

    /// Slots of the graph, with a row or without.
    fn slots(&self) -> usize {
        self.graph.len() + self.graph.removed() + self.graph.free_slots()
    }

    /// How many rows the graph has too many.
    fn surplus(&self) -> usize {
        let (bytes, limit) = (self.graph.memory_bytes(), self.limits.memory_bytes);
        if bytes as u64 <= limit {
            return 0;
        }
        let of_a_row = (bytes / self.slots().max(1)).max(1) as u64;
        let (part, whole) = LOW_WATER;
        let fit = limit / of_a_row / whole as u64 * part as u64;
        self.graph.len().saturating_sub(usize::try_from(fit).unwrap_or(usize::MAX))
    }

    /// The rows that are to move now, oldest first.
    fn movable(&self, now_micros: i64) -> Result<Vec<Movable>, IndexError> {
        let surplus = self.surplus();
        let age = self.limits.age.map(|age| i64::try_from(age.as_micros()).unwrap_or(i64::MAX));
        if surplus == 0 && age.is_none() {
            return Ok(Vec::new());
        }
        let old = age.map(|age| now_micros.saturating_sub(age));
        let is_old = |written_at_micros: i64| old.is_some_and(|old| written_at_micros < old);
        let mut rows = Vec::new();
        // Ascending, as the store has them.
        let labels: RoaringBitmap = self.graph.labels().into_iter().collect();
        self.store.snapshot()?.for_each_settled(labels, |row| {
            let wanted = surplus > 0 || is_old(row.written_at_micros);
            if let Some(cell) = self.lists.cell_number(&row.cell).filter(|_| wanted) {
                let (label, written_at_micros) = (row.label, row.written_at_micros);
                rows.push(Movable { written_at_micros, label, cell });
            }
            true
        })?;
        rows.sort_unstable();
        let old = rows.partition_point(|row| is_old(row.written_at_micros));
        rows.truncate(old.max(surplus));
        Ok(rows)
    }

    /// Moves these rows, except those that have gone meanwhile. Says how many.
    fn move_batch(&self, batch: &[Movable]) -> Result<usize, IndexError> {
        self.take_over(batch, self.built(batch)?)
    }

    /// A segment of these rows.
    fn built(&self, batch: &[Movable]) -> Result<Built, IndexError> {
        let mut builder = self.lists.builder();
        for row in batch {
            if let Some(code) = self.graph.code(row.label) {
                builder.push(row.label, row.cell, &code)?;
            }
        }
        Ok(builder.finish()?)
    }

    /// Adds the segment to the lists, and takes its rows out of the graph.
    fn take_over(&self, batch: &[Movable], built: Built) -> Result<usize, IndexError> {
        if built.rows() == 0 {
            return Ok(0);
        }
        let _writing = self.missing.lock();
        // Whoever takes back a row has held this lock to take it out of the graph.
        let (here, gone): (Vec<Label>, Vec<Label>) =
            batch.iter().map(|row| row.label).partition(|label| self.graph.contains(*label));
        self.add_durably(built, &here, &gone)?;
        Ok(self.graph.remove_all(&here))
    }

    /// Adds a segment to the lists and saves them: those of its rows that are `here`, without those that are `gone`. If that
    /// fails, none of them is in the lists. Whoever calls this holds the lock of the writers.
    pub(super) fn add_durably(&self, built: Built, here: &[Label], gone: &[Label]) -> Result<(), IndexError> {
        self.lists.add(built)?;
        self.lists.remove_all(gone);
        let saved = self.store.checkpoint().map_err(IndexError::from);
        let saved = saved.and_then(|checkpoint| Ok(self.lists.save(checkpoint.sequence)?));
        if saved.is_err() {
            self.lists.remove_all(here);
        }
        saved
    }

    /// Whether settled rows that come may as well go to the lists at once: the graph has taken what it is left with after
    /// rows have moved.
    pub(super) fn is_full(&self) -> bool {
        let (part, whole) = LOW_WATER;
        self.graph.memory_bytes() as u64 / part as u64 >= self.limits.memory_bytes / whole as u64
    }
}

#[cfg(test)]
mod tests;
