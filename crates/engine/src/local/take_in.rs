//! Taking in blocks.

use super::{IndexError, LocalIndex, Missing, reference};
use crate::block::SignedBlock;
use rose_forest_api::ActionHash;
use rose_forest_index::Label;
use rose_forest_rules::{
    block::{BlockView, Meta},
    reference::HashRef,
};
use rose_forest_store::{Changes, IncomingBlock};

/// Rows from which several threads take them into the graph: for fewer, starting threads costs more than it saves.
const MANY_ROWS: usize = 256;

/// What blocks changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Rows that count now and did not before.
    pub inserted: usize,
    /// Rows that count no longer.
    pub removed: usize,
}

/// A block, opened.
struct Opened<'a> {
    block: &'a SignedBlock,
    view: BlockView<'a>,
    meta: Meta,
    action: HashRef,
    author: HashRef,
}

impl LocalIndex {
    /// Takes in blocks that were found valid, all or none of them, and with them a note for the caller's own use, such as
    /// how far it has read. `confirmed` says whether the DHT has delivered them; others can be withdrawn. When this
    /// returns, searches see them. In whatever order blocks come, and however often, the outcome is the same.
    ///
    /// # Errors
    /// A block that cannot be read or is of another dimension or encoding: then nothing has changed. Cost: linear in the
    /// rows; for the graph about a millisecond each.
    pub fn take_in(
        &self,
        blocks: &[SignedBlock],
        confirmed: bool,
        note: Option<(&str, &[u8])>,
    ) -> Result<Taken, IndexError> {
        let opened = blocks.iter().map(|block| self.open_block(block)).collect::<Result<Vec<_>, _>>()?;
        let mut missing = self.missing.lock();
        let mut batch = self.store.begin()?;
        let mut all = Vec::with_capacity(opened.len());
        for opened in &opened {
            let at = (opened.action, opened.block.timestamp_micros);
            all.push(batch.apply(&IncomingBlock::new(
                at,
                opened.author,
                confirmed,
                &opened.view,
                &opened.meta,
            ))?);
        }
        if let Some((name, value)) = note {
            batch.set_cursor(name, value)?;
        }
        batch.commit()?;
        let mut taken = Taken::default();
        for (opened, changes) in opened.iter().zip(&all) {
            taken.inserted += changes.inserted.len();
            taken.removed += changes.removed.len();
            let rows: Vec<_> =
                changes.inserted.iter().map(|placed| (placed.label, placed.place.row as usize)).collect();
            self.put(&opened.view, &rows)?;
            self.forget(changes, &mut missing);
        }
        Ok(taken)
    }

    /// Takes back a block that was taken in unconfirmed. What it had replaced counts again, and is missing from searches until
    /// it is restored.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn withdraw(&self, action: &ActionHash) -> Result<Taken, IndexError> {
        let action = reference(action.get_raw_39())?;
        let mut missing = self.missing.lock();
        let mut batch = self.store.begin()?;
        let changes = batch.withdraw(&action)?;
        batch.commit()?;
        self.forget(&changes, &mut missing);
        for placed in &changes.inserted {
            missing.insert(*placed);
        }
        Ok(Taken { inserted: changes.inserted.len(), removed: changes.removed.len() })
    }

    /// Takes the vectors of a block's rows into the graph that are missing there.
    ///
    /// # Errors
    /// A block that cannot be read.
    pub fn restore(&self, block: &SignedBlock) -> Result<usize, IndexError> {
        let opened = self.open_block(block)?;
        let mut missing = self.missing.lock();
        let Some((number, _)) = self.store.snapshot()?.find_block(&opened.action)? else { return Ok(0) };
        let Some(rows) = missing.by_block.get(&number) else { return Ok(0) };
        let rows: Vec<_> = rows.iter().map(|(label, row)| (*label, *row as usize)).collect();
        self.put(&opened.view, &rows)?;
        for (label, _) in &rows {
            missing.remove(*label);
        }
        Ok(rows.len())
    }

    /// Puts rows of a block into the graph.
    fn put(&self, view: &BlockView<'_>, rows: &[(Label, usize)]) -> Result<(), IndexError> {
        let (mut labels, mut codes) = (Vec::with_capacity(rows.len()), Vec::new());
        for (label, row) in rows {
            if let Some(code) = view.code(*row) {
                labels.push(*label);
                codes.extend_from_slice(code);
            }
        }
        let threads = match labels.len() {
            0 => return Ok(()),
            few if few < MANY_ROWS => 1,
            _ => std::thread::available_parallelism().map_or(1, usize::from),
        };
        Ok(self.graph.extend(&labels, &codes, threads, &|_| {})?)
    }

    /// Takes rows out of the graph that count no longer.
    fn forget(&self, changes: &Changes, missing: &mut Missing) {
        for label in &changes.removed {
            self.graph.remove(*label);
            missing.remove(*label);
        }
    }

    fn open_block<'a>(&self, block: &'a SignedBlock) -> Result<Opened<'a>, IndexError> {
        let view = BlockView::parse(&block.bytes)?;
        if view.dimension() != self.schema.dimension() || view.encoding() != self.schema.encoding {
            return Err(IndexError::OtherSpace {
                expected: format!("{} components of {:?}", self.schema.dimension(), self.schema.encoding),
                received: format!("{} components of {:?}", view.dimension(), view.encoding()),
            });
        }
        let (action, author) = (reference(block.action.get_raw_39())?, reference(block.author.get_raw_39())?);
        Ok(Opened { block, meta: view.meta()?, view, action, author })
    }
}
