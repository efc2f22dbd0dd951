//! The set of points: for each author and id the newest version, merged as a union.
//!
//! A state-based CRDT, a map of last-writer-wins registers (Shapiro et al. 2011). A deletion is a version like
//! any other, so that an older one that comes late does not bring a point back. Authors are part of the key:
//! nobody's write touches another's point. Merging is commutative, associative and idempotent.

use std::collections::{BTreeMap, btree_map::Entry};

/// One version of a point. Ordered by what makes it newer: the time, then the action's hash, then the content,
/// which only matters if someone writes one id twice in one action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version<H, L> {
    /// When it was written, microseconds since 1970.
    pub written_at: i64,
    /// The action that wrote it: breaks ties, the larger wins.
    pub action: H,
    /// Where the row is or what it holds; `None` is a tombstone: the point is deleted.
    pub row: Option<L>,
}

/// Points by author and id. `A`, `I`, `H` and `L` are the caller's: keys, ids, action hashes, places of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointSet<A, I, H, L> {
    points: BTreeMap<(A, I), Version<H, L>>,
}

impl<A: Ord, I: Ord, H: Ord, L: Ord> PointSet<A, I, H, L> {
    /// No points.
    pub fn new() -> Self {
        Self { points: BTreeMap::new() }
    }

    /// Takes in a version. Whether it is now the one that counts: false for one that is held already, or that
    /// is older. Cost: O(log n).
    pub fn insert(&mut self, author: A, id: I, version: Version<H, L>) -> bool {
        match self.points.entry((author, id)) {
            Entry::Vacant(entry) => {
                entry.insert(version);
                true
            }
            Entry::Occupied(mut entry) => {
                let newer = *entry.get() < version;
                if newer {
                    entry.insert(version);
                }
                newer
            }
        }
    }

    /// Takes in another set. Cost: O(m log n).
    pub fn merge(&mut self, other: Self) {
        for ((author, id), version) in other.points {
            self.insert(author, id, version);
        }
    }

    /// The version that counts; a tombstone if the point was deleted.
    pub fn version(&self, author: A, id: I) -> Option<&Version<H, L>> {
        self.points.get(&(author, id))
    }

    /// The live points, in the order of author and id.
    pub fn live(&self) -> impl Iterator<Item = (&A, &I, &L)> {
        self.points
            .iter()
            .filter_map(|((author, id), version)| version.row.as_ref().map(|row| (author, id, row)))
    }

    /// How many versions are held, tombstones included.
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }
}

impl<A: Ord, I: Ord, H: Ord, L: Ord> Default for PointSet<A, I, H, L> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
