//! Taking in blocks.

use super::{IndexError, LocalIndex, missing::Missing, reference, view::Change};
use crate::block::SignedBlock;
use rose_forest_api::ActionHash;
use rose_forest_index::{Label, graph::MAX_WAITING};
use rose_forest_rules::{
    block::{BlockView, Meta},
    reference::HashRef,
};
use rose_forest_store::{BlockNumber, Changes, IncomingBlock};

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
pub(super) struct Opened<'a> {
    pub(super) block: &'a SignedBlock,
    pub(super) view: BlockView<'a>,
    pub(super) meta: Meta,
    pub(super) action: HashRef,
    pub(super) author: HashRef,
}

impl LocalIndex {
    /// Takes in blocks that were found valid, all or none of them, and with them a note for the caller's own use, such as
    /// how far it has read. `confirmed` says whether the DHT has delivered them; others can be withdrawn. When this
    /// returns, searches see them; one that begins before sees all of them or none. In whatever order blocks come, and however often, the outcome is the same.
    ///
    /// # Errors
    /// A block that cannot be read or is of another dimension or encoding: then nothing has changed. If memory runs out,
    /// blocks are known and rows of theirs may be missing from searches. Cost: linear in the rows; a copy of each, and where more
    /// than [`MAX_WAITING`] wait to be linked, about a millisecond each for the graph; where rows are replaced or deleted,
    /// the wait for the searches that are under way.
    pub fn take_in(
        &self,
        blocks: &[SignedBlock],
        confirmed: bool,
        note: Option<(&str, &[u8])>,
    ) -> Result<Taken, IndexError> {
        let opened = blocks.iter().map(|block| self.open_block(block)).collect::<Result<Vec<_>, _>>()?;
        let mut missing = self.missing.lock();
        let change = self.views.change(&self.store)?;
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
        for changes in &all {
            taken.inserted += changes.inserted.len();
            taken.removed += changes.removed.len();
            // Missing until they are there.
            changes.inserted.iter().for_each(|placed| missing.insert(*placed));
            missing.follow(&changes.moved);
        }
        let mut filled = Ok(0);
        for (opened, changes) in opened.iter().zip(&all) {
            if let Some(first) = changes.inserted.first().or(changes.moved.first())
                && filled.is_ok()
            {
                filled = self.fill(&opened.view, first.place.block, &mut missing);
            }
        }
        // Only now: searches that began before look for what goes.
        self.forget(change, &all, &mut missing);
        filled.map(|_| taken)
    }

    /// Takes back a block that was taken in unconfirmed. What it had replaced counts again, and is missing from searches until
    /// it is restored.
    ///
    /// # Errors
    /// If the store cannot be written. Cost: linear in the rows, and the wait for the searches that are under way.
    pub fn withdraw(&self, action: &ActionHash) -> Result<Taken, IndexError> {
        let action = reference(action.get_raw_39())?;
        let mut missing = self.missing.lock();
        let change = self.views.change(&self.store)?;
        let mut batch = self.store.begin()?;
        let changes = batch.withdraw(&action)?;
        batch.commit()?;
        self.forget(change, std::slice::from_ref(&changes), &mut missing);
        changes.inserted.iter().for_each(|placed| missing.insert(*placed));
        missing.follow(&changes.moved);
        Ok(Taken { inserted: changes.inserted.len(), removed: changes.removed.len() })
    }

    /// Puts the rows of a block into the graph that are missing. Says how many.
    pub(super) fn fill(
        &self,
        view: &BlockView<'_>,
        number: BlockNumber,
        missing: &mut Missing,
    ) -> Result<usize, IndexError> {
        let mut rows = missing.of_block(number);
        // In one order, so that the same blocks make the same graph.
        rows.sort_unstable();
        let (mut labels, mut codes) = (Vec::with_capacity(rows.len()), Vec::new());
        for (label, row) in rows {
            if let Some(code) = view.code(row) {
                labels.push(label);
                codes.extend_from_slice(code);
            }
        }
        if labels.is_empty() {
            return Ok(0);
        }
        let done = if self.graph.waiting() + labels.len() <= MAX_WAITING {
            let done = self.graph.put_down(&labels, &codes);
            self.linker.rows_came();
            done
        } else {
            // Whoever brings so many links them.
            let all = std::thread::available_parallelism().map_or(1, usize::from);
            let threads = if labels.len() < MANY_ROWS { 1 } else { all };
            self.graph.extend(&labels, &codes, threads, &|_| {})
        };
        // Those that did not fit go on to be missing.
        let there = labels.iter().filter(|label| self.graph.contains(**label));
        let filled = there.map(|label| missing.remove(*label)).count();
        done?;
        Ok(filled)
    }

    /// Ends a change: takes rows out of graph and lists that count no longer, when no search looks for them any more.
    fn forget(&self, change: Change<'_>, all: &[Changes], missing: &mut Missing) {
        let removed: Vec<Label> = all.iter().flat_map(|changes| &changes.removed).copied().collect();
        if removed.is_empty() {
            // Searches that began before miss nothing.
            drop(change);
        } else {
            change.end();
            for kind in self.kinds() {
                kind.remove_all(&removed);
            }
            removed.iter().for_each(|label| missing.remove(*label));
        }
        self.tell_followers();
    }

    pub(super) fn open_block<'a>(&self, block: &'a SignedBlock) -> Result<Opened<'a>, IndexError> {
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
