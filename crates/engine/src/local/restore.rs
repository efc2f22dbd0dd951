//! Taking in again the vectors of rows that are missing.

use super::{IndexError, LocalIndex};
use crate::SignedBlock;
use rose_forest_index::Label;

impl LocalIndex {
    /// Takes the vectors of a block's rows into the graph that are missing. Says how many.
    ///
    /// # Errors
    /// A block that cannot be read. Cost: for each row that is missing, about a millisecond.
    pub fn restore(&self, block: &SignedBlock) -> Result<usize, IndexError> {
        let opened = self.open_block(block)?;
        let mut missing = self.missing.lock();
        let Some((number, _)) = self.store.snapshot()?.find_block(&opened.action)? else { return Ok(0) };
        self.fill(&opened.view, number, &mut missing)
    }

    /// As [`LocalIndex::restore`], of several blocks. Where the graph has no room left, settled rows go to the lists at once,
    /// which only writes them: the way to rebuild lists that were lost. Each call makes a segment of them, so give it many
    /// blocks at once, some tens of megabytes.
    ///
    /// # Errors
    /// A block that cannot be read, or what the system refuses; rows that were not restored go on to be missing. Cost: for
    /// rows that go to the lists, their bytes are written; as [`LocalIndex::restore`] for the others. Writers wait
    /// for the disk.
    pub fn restore_all(&self, blocks: &[SignedBlock]) -> Result<usize, IndexError> {
        let _moving = self.moving.lock();
        let mut builder = self.lists.builder();
        let (mut labels, mut others) = (Vec::new(), Vec::new());
        for block in blocks {
            let opened = self.open_block(block)?;
            let Some((number, confirmed)) = self.store.snapshot()?.find_block(&opened.action)? else {
                continue;
            };
            let cell = opened.view.cell().and_then(|cell| self.lists.cell_number(&cell));
            let Some(cell) = cell.filter(|_| confirmed && self.is_full()) else {
                others.push(block);
                continue;
            };
            let rows = self.missing.lock().of_block(number);
            for (label, row) in rows {
                if let Some(code) = opened.view.code(row) {
                    builder.push(label, cell, code)?;
                    labels.push(label);
                }
            }
        }
        labels.sort_unstable();
        labels.dedup();
        let built = builder.finish()?;
        let mut restored = 0;
        if built.rows() > 0 {
            let mut missing = self.missing.lock();
            // Some may have been restored meanwhile, or count no longer.
            let (here, gone): (Vec<Label>, Vec<Label>) =
                labels.into_iter().partition(|label| missing.contains(*label));
            self.add_durably(built, &here, &gone)?;
            here.iter().for_each(|label| missing.remove(*label));
            restored = here.len();
        }
        for block in others {
            restored += self.restore(block)?;
        }
        Ok(restored)
    }
}

#[cfg(test)]
mod tests;
