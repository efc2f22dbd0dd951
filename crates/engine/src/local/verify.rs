//! Comparing the index with the DHT.
//!
//! The caller reads every block of the DHT and gives them to a [`Verifier`], one after the other; each row is looked up in
//! the store, and its code in graph and lists. What no block has said of what the index has is left over at the end. The
//! index goes on meanwhile: what differs at first sight is looked at again while writers wait, and rows that came
//! after the verifier was made are not expected to be in the blocks that it was given.

use super::{IndexError, LocalIndex};
use crate::{SignedBlock, block::agent};
use rose_forest_api::{ActionHash, AgentPubKey, PointId};
use rose_forest_index::Label;
use rose_forest_rules::reference::HashRef;
use rose_forest_store::{Counting, IncomingBlock, IncomingRow, RoaringBitmap, Version};

/// How many of each kind are named.
const NAMED: usize = 10;

/// Rows that are looked up at once, payloads and all.
const LOOKED_UP_AT_ONCE: usize = 1024;

/// What differs, of one kind: how many, and the first ten of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differing<T> {
    /// How many.
    pub count: u64,
    /// The first ten.
    pub first: Vec<T>,
}

impl<T> Default for Differing<T> {
    fn default() -> Self {
        Self { count: 0, first: Vec::new() }
    }
}

impl<T> Differing<T> {
    fn add(&mut self, what: impl FnOnce() -> T) {
        self.count += 1;
        if self.first.len() < NAMED {
            self.first.push(what());
        }
    }
}

/// A point: who wrote it, and its id.
pub type Named = (AgentPubKey, PointId);

/// What differs between an index and the DHT.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// Blocks that the index does not know.
    pub unknown_blocks: Differing<ActionHash>,
    /// Rows of blocks that are newer than what the index has of the point, or of which it has nothing. A point is counted
    /// once for each block that has such a row.
    pub outdated: Differing<Named>,
    /// Rows that count and are in neither graph nor lists: [`LocalIndex::missing_rows`] are, and should be the only ones.
    pub missing: Differing<Named>,
    /// Rows whose code in graph or lists is another one than their block's.
    pub other_codes: Differing<Named>,
    /// Rows that count here by a delivered block, and that no block has said.
    pub unsaid: Differing<Named>,
    /// Rows in graph or lists that do not count: searches leave them out.
    pub left_over: Differing<Label>,
}

impl Differences {
    /// Whether nothing differs.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// How a row differs.
enum Difference {
    Outdated,
    Missing,
    OtherCode,
}

/// A comparison under way. Space: a bit for each row, and what differs.
pub struct Verifier<'i> {
    index: &'i LocalIndex,
    /// Rows that blocks have said.
    said: RoaringBitmap,
    /// The label of the first row that came later.
    end: Label,
    differences: Differences,
}

impl LocalIndex {
    /// Begins to compare the index with the DHT: give it every block that the DHT has, then ask it to
    /// [finish](Verifier::finish).
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn verifier(&self) -> Result<Verifier<'_>, IndexError> {
        let end = self.store.snapshot()?.next_label();
        Ok(Verifier { index: self, said: RoaringBitmap::new(), end, differences: Differences::default() })
    }

    /// Compares the checksums of the codes in the lists, which opening does not: to be called once, in the background. Until
    /// then a damaged code is a wrong score.
    ///
    /// # Errors
    /// [`IndexError::Lists`] names the first file that is damaged: see [`LocalIndex::forget_damaged_files`]. Cost: a pass over
    /// the lists' files.
    pub fn verify_files(&self) -> Result<(), IndexError> {
        Ok(self.lists.verify()?)
    }

    /// Drops files of the lists whose codes are damaged. Their rows are missing from then on, until they are restored; says how
    /// many those are.
    ///
    /// # Errors
    /// What the system refuses. Cost: as [`LocalIndex::verify_files`], and two look-ups for each row that goes; writers wait.
    pub fn forget_damaged_files(&self) -> Result<usize, IndexError> {
        let _moving = self.moving.lock();
        let mut missing = self.missing.lock();
        let gone: RoaringBitmap = self.lists.forget_damaged()?.into_iter().collect();
        let places = self.store.snapshot()?.places(&gone)?;
        places.iter().for_each(|placed| missing.insert(*placed));
        if !gone.is_empty() {
            self.lists.save(self.store.checkpoint()?.sequence)?;
        }
        Ok(places.len())
    }
}

impl Verifier<'_> {
    /// Compares a block, in any order; giving one twice is no harm. Cost: linear in its rows, for each a look-up in the store and a
    /// copy of its code.
    ///
    /// # Errors
    /// A block that is none of this collection, or a store that cannot be read.
    pub fn block(&mut self, block: &SignedBlock) -> Result<(), IndexError> {
        let opened = self.index.open_block(block)?;
        let at = (opened.action, opened.block.timestamp_micros);
        let incoming = IncomingBlock::new(at, opened.author, true, &opened.view, &opened.meta);
        if self.index.store.snapshot()?.find_block(&opened.action)?.is_none() {
            self.differences.unknown_blocks.add(|| block.action.clone());
        }
        let rows: Vec<_> = incoming.rows.iter().collect();
        let suspects = self.compare(&opened.author, &rows)?;
        if suspects.is_empty() {
            return Ok(());
        }
        // A writer may have been between the store and the rest: now there is none.
        let _writing = self.index.missing.lock();
        let suspects: Vec<_> = suspects.into_iter().map(|(row, _)| row).collect();
        for (row, difference) in self.compare(&opened.author, &suspects)? {
            let named = || (block.author.clone(), row.id.clone());
            match difference {
                Difference::Outdated => self.differences.outdated.add(named),
                Difference::Missing => self.differences.missing.add(named),
                Difference::OtherCode => self.differences.other_codes.add(named),
            }
        }
        Ok(())
    }

    /// The rows that differ from what the index has; notes what was said.
    fn compare<'r, 'b>(
        &mut self,
        author: &HashRef,
        rows: &[&'r IncomingRow<'b>],
    ) -> Result<Vec<(&'r IncomingRow<'b>, Difference)>, IndexError> {
        let versions = self.index.store.snapshot()?.versions(author, rows.iter().map(|row| row.id))?;
        let mut differing = Vec::new();
        for (row, counts) in rows.iter().zip(versions) {
            let version = Version::of(row);
            let difference = match counts {
                None => Some(Difference::Outdated),
                Some(counts) if counts.version < version => Some(Difference::Outdated),
                Some(Counting { version: counts, label: Some(label) }) if counts == version => {
                    self.said.insert(label);
                    match (self.index.code(label), row.content) {
                        (None, _) => Some(Difference::Missing),
                        (Some(code), Some(content)) if code != content.code => Some(Difference::OtherCode),
                        (Some(_), _) => None,
                    }
                }
                // The same tombstone, or something newer.
                Some(_) => None,
            };
            differing.extend(difference.map(|difference| (*row, difference)));
        }
        Ok(differing)
    }

    /// What differs, after all blocks. Cost: a pass over the labels of store, graph and lists, for which writers wait, and some
    /// look-ups for each row that is left.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn finish(self) -> Result<Differences, IndexError> {
        let Self { index, said, end, mut differences } = self;
        let writing = index.missing.lock();
        let snapshot = index.store.snapshot()?;
        let live = snapshot.live()?;
        for kind in index.kinds() {
            kind.for_each_label(&mut |label| {
                if !live.contains(label) {
                    differences.left_over.add(|| label);
                }
            });
        }
        drop(writing);
        let mut unsaid = live - said;
        unsaid.remove_range(end..);
        let unsaid: Vec<Label> = unsaid.into_iter().collect();
        for labels in unsaid.chunks(LOOKED_UP_AT_ONCE) {
            for row in snapshot.rows(labels)?.into_iter().flatten().filter(|row| row.confirmed) {
                differences.unsaid.add(|| (agent(row.author), row.id));
            }
        }
        Ok(differences)
    }
}

#[cfg(test)]
mod tests;
