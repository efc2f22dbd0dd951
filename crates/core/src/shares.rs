//! What authors say they have in each cell, merged without counting anything twice.
//!
//! A state-based CRDT (Shapiro et al. 2011): each author states all its shares at once, under a sequence number
//! that only grows, and merging keeps each author's newest statement. Merging is commutative, associative and
//! idempotent. (Averaging the averages, the obvious way, is none of these: a peer heard twice would weigh
//! double.)

use std::{
    cmp::Ordering,
    collections::{BTreeMap, btree_map::Entry},
};

/// One author's share of one cell.
#[derive(Clone, Debug)]
pub struct Share {
    /// Live rows that the author put into the cell.
    pub rows: u32,
    /// Their mean, one number a component.
    pub mean: Vec<f32>,
}

/// All that one author says of its shares.
#[derive(Clone, Debug)]
pub struct Statement<C> {
    /// Higher is newer.
    pub seq: u64,
    /// By cell.
    pub shares: BTreeMap<C, Share>,
}

/// What all authors together have in one cell.
#[derive(Clone, Debug, PartialEq)]
pub struct CellTotal {
    /// Rows of all authors.
    pub rows: u64,
    /// Their mean, weighted by rows; empty if no share had a row. Means of another dimension than the first
    /// author's are left out of it.
    pub mean: Vec<f32>,
}

/// Authors' newest statements.
#[derive(Clone, Debug)]
pub struct ShareView<A, C> {
    statements: BTreeMap<A, Statement<C>>,
}

impl Ord for Share {
    fn cmp(&self, other: &Self) -> Ordering {
        let bits = |share: &Self| share.mean.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        self.rows.cmp(&other.rows).then_with(|| bits(self).cmp(&bits(other)))
    }
}

/// By sequence number, then by content, so that two statements with one number have the same winner everywhere.
impl<C: Ord> Ord for Statement<C> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.seq.cmp(&other.seq).then_with(|| self.shares.cmp(&other.shares))
    }
}

impl<A: Ord, C: Ord + Clone> ShareView<A, C> {
    /// Nobody has said anything.
    pub fn new() -> Self {
        Self { statements: BTreeMap::new() }
    }

    /// Takes in what an author says; an older statement than the one held changes nothing.
    pub fn insert(&mut self, author: A, statement: Statement<C>) {
        match self.statements.entry(author) {
            Entry::Vacant(entry) => {
                entry.insert(statement);
            }
            Entry::Occupied(mut entry) => {
                if *entry.get() < statement {
                    entry.insert(statement);
                }
            }
        }
    }

    /// Takes in another view.
    pub fn merge(&mut self, other: Self) {
        for (author, statement) in other.statements {
            self.insert(author, statement);
        }
    }

    /// What this author said last.
    pub fn statement(&self, author: &A) -> Option<&Statement<C>> {
        self.statements.get(author)
    }

    /// Rows and mean of each cell that somebody has a share of.
    /// Summed in f64 in the order of the authors: equal views give equal totals. Cost: one pass.
    pub fn totals(&self) -> BTreeMap<C, CellTotal> {
        let mut sums: BTreeMap<C, (u64, u64, Vec<f64>)> = BTreeMap::new();
        for (cell, share) in self.statements.values().flat_map(|statement| &statement.shares) {
            let (rows, weighed, sum) =
                sums.entry(cell.clone()).or_insert_with(|| (0, 0, vec![0.0; share.mean.len()]));
            *rows += u64::from(share.rows);
            if sum.len() == share.mean.len() {
                *weighed += u64::from(share.rows);
                for (sum, x) in sum.iter_mut().zip(&share.mean) {
                    *sum += f64::from(*x) * f64::from(share.rows);
                }
            }
        }
        sums.into_iter()
            .map(|(cell, (rows, weighed, sum))| {
                let mean = if weighed == 0 { Vec::new() } else { mean(&sum, weighed) };
                (cell, CellTotal { rows, mean })
            })
            .collect()
    }
}

fn mean(sum: &[f64], rows: u64) -> Vec<f32> {
    sum.iter().map(|sum| (sum / rows as f64) as f32).collect()
}

impl<A: Ord, C: Ord + Clone> Default for ShareView<A, C> {
    fn default() -> Self {
        Self::new()
    }
}

impl PartialOrd for Share {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Share {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Share {}

impl<C: Ord> PartialOrd for Statement<C> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<C: Ord> PartialEq for Statement<C> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<C: Ord> Eq for Statement<C> {}

impl<A: Ord, C: Ord> PartialEq for ShareView<A, C> {
    fn eq(&self, other: &Self) -> bool {
        self.statements == other.statements
    }
}

#[cfg(test)]
mod tests;
