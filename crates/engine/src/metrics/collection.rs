//! The metrics of one collection, as its callers use them.

use super::labels::{AnsweredBy, BytePlace, Peer, PeerBlock, RefusedBy, RowPlace, Until};
use super::series::Series;
use std::sync::Arc;
use std::time::Duration;

/// What lies where in the index of a collection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IndexSizes {
    /// Rows that searches find in memory.
    pub memory_rows: u64,
    /// Rows that they find on disk.
    pub disk_rows: u64,
    /// Rows that they do not find until their blocks have been read again.
    pub missing_rows: u64,
    /// Bytes that the index takes in memory.
    pub memory_bytes: u64,
    /// Bytes that it takes on disk.
    pub disk_bytes: u64,
}

/// What was done since the node started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Totals {
    /// Searches that were answered.
    pub searches: u64,
    /// Rows written to the chain by inserts.
    pub inserts: u64,
    /// Tombstones written to the chain.
    pub deletes: u64,
}

/// Where a collection's doings are counted. Clones count together. The default belongs to no node and is seen by nobody:
/// for tests and tools.
#[derive(Clone, Debug, Default)]
pub struct CollectionMetrics(Arc<Series>);

impl CollectionMetrics {
    /// What was counted so far.
    pub fn totals(&self) -> Totals {
        let searches = [AnsweredBy::Memory, AnsweredBy::Zome].map(|by| self.0.searches.of(by).get());
        let (inserts, deletes) = (self.0.inserts.get(), self.0.deletes.get());
        Totals { searches: searches.iter().sum(), inserts, deletes }
    }

    /// Rows were written to the chain by inserts.
    pub fn inserted(&self, rows: u64) {
        self.0.inserts.inc_by(rows);
    }

    /// Tombstones were written to the chain.
    pub fn deleted(&self, rows: u64) {
        self.0.deletes.inc_by(rows);
    }

    /// An insert took so long until it was in the log, or on the chain and found.
    pub fn insert_took(&self, took: Duration, until: Until) {
        self.0.insert_seconds.of(until).observe(took.as_secs_f64());
    }

    /// A write was turned away, or given up.
    pub fn refused_write(&self, by: RefusedBy) {
        self.0.refused_writes.of(by).inc();
    }

    /// Writes were committed together that have so many rows.
    pub fn committed(&self, rows: u64) {
        self.0.commit_rows.observe(rows as f64);
    }

    /// Writing and syncing to the log took so long.
    pub fn wal_synced(&self, took: Duration) {
        self.0.wal_sync_seconds.observe(took.as_secs_f64());
    }

    /// So many writes wait for the chain, of so many bytes.
    pub fn set_queue(&self, writes: u64, bytes: u64) {
        self.0.queue_writes.set(writes);
        self.0.queue_bytes.set(bytes);
    }

    /// A search was answered.
    pub fn searched(&self, took: Duration, by: AnsweredBy) {
        self.0.searches.of(by).inc();
        self.0.search_seconds.observe(took.as_secs_f64());
    }

    /// A search compared so many rows with the query. Only for searches that know.
    pub fn scanned(&self, candidates: u64) {
        self.0.candidates_scanned.observe(candidates as f64);
    }

    /// A search looked into so many cells. Only for searches that look into cells.
    pub fn probed(&self, cells: u64) {
        self.0.cells_probed.observe(cells as f64);
    }

    /// So many blocks that peers brought came to this.
    pub fn peer_blocks(&self, blocks: u64, outcome: PeerBlock) {
        self.0.peer_blocks.of(outcome).inc_by(blocks);
    }

    /// How long the oldest integrated op has been waiting to be taken in by the index; zero when it is in step.
    pub fn set_sync_lag(&self, lag: Duration) {
        self.0.sync_lag_seconds.set(lag.as_secs_f64());
    }

    /// What lies where.
    pub fn set_index(&self, sizes: &IndexSizes) {
        let IndexSizes { memory_rows, disk_rows, missing_rows, memory_bytes, disk_bytes } = *sizes;
        self.0.index_rows.of(RowPlace::Memory).set(memory_rows);
        self.0.index_rows.of(RowPlace::Disk).set(disk_rows);
        self.0.index_rows.of(RowPlace::Missing).set(missing_rows);
        self.0.index_bytes.of(BytePlace::Memory).set(memory_bytes);
        self.0.index_bytes.of(BytePlace::Disk).set(disk_bytes);
    }

    /// So many actions are on this agent's chain.
    pub fn set_chain_actions(&self, actions: u64) {
        self.0.chain_actions.set(actions);
    }

    /// So many other agents are known and can, or cannot, be reached.
    pub fn set_peers(&self, agents: u64, state: Peer) {
        self.0.peers.of(state).set(agents);
    }

    pub(super) fn series(&self) -> &Series {
        &self.0
    }
}
