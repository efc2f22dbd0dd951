//! What lies where.

use super::{IndexError, LocalIndex};
use serde::{Deserialize, Serialize};

/// What lies where, and what it takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexReport {
    /// Points that count.
    pub points: u64,
    /// Of those, how many are in the graph, in memory.
    pub in_graph: u64,
    /// Of those in the graph, how many wait to be linked: every search looks at each of them.
    pub waiting: u64,
    /// Of the points, how many are in the lists, on disk.
    pub in_lists: u64,
    /// Of the points, how many wait for their blocks to be read again.
    pub missing: u64,
    /// Bytes that the graph takes in memory, codes included.
    pub graph_bytes: u64,
    /// Rows that were removed from the graph and still take memory.
    pub removed: u64,
    /// Bytes that the lists take in memory: centres, for the most part.
    pub lists_bytes: u64,
    /// Bytes of the lists' files.
    pub lists_disk_bytes: u64,
    /// Segments that the lists are made of.
    pub segments: u64,
    /// Cells whose centres the lists know.
    pub cells: u64,
    /// What the graph may take: [`super::Limits::memory_bytes`].
    pub limit_bytes: u64,
    /// The age in seconds from which settled rows lie on disk: [`super::Limits::age`].
    pub limit_age_seconds: Option<u64>,
}

impl LocalIndex {
    /// What lies where. While rows move, those on the way may be counted in both. Waits for no writer.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn report(&self) -> Result<IndexReport, IndexError> {
        let lists = self.lists.info();
        Ok(IndexReport {
            points: self.store.snapshot()?.count(),
            in_graph: self.graph.len() as u64,
            waiting: self.waiting_rows() as u64,
            in_lists: lists.rows as u64,
            missing: self.missing_rows() as u64,
            graph_bytes: self.graph.memory_bytes() as u64,
            removed: self.graph.removed() as u64,
            lists_bytes: lists.memory_bytes as u64,
            lists_disk_bytes: lists.disk_bytes,
            segments: lists.segments as u64,
            cells: lists.cells as u64,
            limit_bytes: self.limits.memory_bytes,
            limit_age_seconds: self.limits.age.map(|age| age.as_secs()),
        })
    }
}
