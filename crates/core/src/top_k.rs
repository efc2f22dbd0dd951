//! The k best of a stream of scores, with ties broken the same way everywhere.
//!
//! Exact. Of equal scores the smaller key wins; with (block, row) as the key, whoever reads the same blocks in
//! whatever order comes to the same answer.

use std::{cmp::Ordering, collections::BinaryHeap};

/// A score and what it belongs to. Ordered: the better one is less, so that sorting puts the best first.
#[derive(Clone, Copy, Debug)]
pub struct Scored<K> {
    /// Higher is nearer. Never NaN within a [`TopK`].
    pub score: f32,
    /// What the score belongs to; breaks ties.
    pub key: K,
}

impl<K: Ord> Ord for Scored<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        other.score.total_cmp(&self.score).then_with(|| self.key.cmp(&other.key))
    }
}

impl<K: Ord> PartialOrd for Scored<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K: Ord> PartialEq for Scored<K> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<K: Ord> Eq for Scored<K> {}

/// Keeps the `k` best of what it is given. Space: k entries.
#[derive(Clone, Debug)]
pub struct TopK<K> {
    k: usize,
    /// The worst of those kept is on top.
    heap: BinaryHeap<Scored<K>>,
}

impl<K: Ord> TopK<K> {
    /// Keeps up to `k`; with 0, nothing.
    pub fn new(k: usize) -> Self {
        // `k` may come from a request: memory is taken as it is needed.
        Self { k, heap: BinaryHeap::new() }
    }

    /// Offers one. NaN is never kept. Cost: a comparison mostly, O(log k) when it is kept.
    pub fn push(&mut self, score: f32, key: K) {
        if score.is_nan() {
            return;
        }
        // -0 and 0 are one score.
        let offered = Scored { score: score + 0.0, key };
        if self.heap.len() < self.k {
            self.heap.push(offered);
        } else if let Some(mut worst) = self.heap.peek_mut()
            && offered < *worst
        {
            *worst = offered;
        }
    }

    /// The score that an offer must reach to be kept, once `k` are held; `None` while everything is kept.
    pub fn lowest(&self) -> Option<f32> {
        if self.heap.len() < self.k { None } else { self.heap.peek().map(|worst| worst.score) }
    }

    /// How many are held.
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// Whether none are held.
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// Those kept, best first. Cost: O(k log k).
    pub fn into_sorted(self) -> Vec<Scored<K>> {
        self.heap.into_sorted_vec()
    }
}

impl<K: Ord> Extend<Scored<K>> for TopK<K> {
    fn extend<I: IntoIterator<Item = Scored<K>>>(&mut self, offers: I) {
        for offer in offers {
            self.push(offer.score, offer.key);
        }
    }
}

#[cfg(test)]
mod tests;
