//! The series of one collection: what there is, its name, unit and buckets, and how it is written down.

use super::labels::{AnsweredBy, BytePlace, Label, Peer, PeerBlock, RefusedBy, RowPlace, Until};
use prometheus_client::{
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{TypedMetric, counter::Counter, gauge::Gauge as SignedGauge, histogram::Histogram},
    registry::Unit,
};
use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::AtomicU64;

/// A whole number that goes up and down and is never below zero.
pub(super) type Gauge = SignedGauge<u64, AtomicU64>;
/// A number of seconds.
pub(super) type SecondsGauge = SignedGauge<f64, AtomicU64>;

/// From a search in memory to one over the network.
const SEARCH_SECONDS: &[f64] =
    &[1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
/// From one sync to a full queue's wait.
const INSERT_SECONDS: &[f64] =
    &[1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
/// From a disk that caches to one that stalls.
const SYNC_SECONDS: &[f64] = &[2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
/// From a small collection to one that is read whole.
const CANDIDATES: &[f64] =
    &[64.0, 256.0, 512.0, 1024.0, 2048.0, 4096.0, 8192.0, 16384.0, 65536.0, 262144.0, 1048576.0];
/// In between lies what a search chooses by itself.
const CELLS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 24.0, 32.0, 48.0, 64.0, 128.0, 256.0, 1024.0];
/// From one row to the most that a bulk insert takes.
const ROWS: &[f64] = &[1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0, 10000.0, 32768.0, 65536.0, 131072.0];

/// One metric for each value of a label.
#[derive(Debug)]
pub(super) struct By<L, M> {
    metrics: Vec<M>,
    label: PhantomData<L>,
}

impl<L: Label, M> By<L, M> {
    fn new(make: impl Fn() -> M) -> Self {
        Self { metrics: L::ALL.iter().map(|_| make()).collect(), label: PhantomData }
    }

    /// The metric of a value.
    pub(super) fn of(&self, label: L) -> &M {
        &self.metrics[label.place()]
    }
}

/// Everything that is measured of a collection.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) inserts: Counter,
    pub(super) deletes: Counter,
    pub(super) refused_writes: By<RefusedBy, Counter>,
    pub(super) searches: By<AnsweredBy, Counter>,
    pub(super) peer_blocks: By<PeerBlock, Counter>,
    pub(super) search_seconds: Histogram,
    pub(super) insert_seconds: By<Until, Histogram>,
    pub(super) candidates_scanned: Histogram,
    pub(super) cells_probed: Histogram,
    pub(super) commit_rows: Histogram,
    pub(super) wal_sync_seconds: Histogram,
    pub(super) sync_lag_seconds: SecondsGauge,
    pub(super) queue_bytes: Gauge,
    pub(super) queue_writes: Gauge,
    pub(super) index_rows: By<RowPlace, Gauge>,
    pub(super) index_bytes: By<BytePlace, Gauge>,
    pub(super) chain_actions: Gauge,
    pub(super) peers: By<Peer, Gauge>,
}

impl Default for Series {
    fn default() -> Self {
        let histogram = |buckets: &[f64]| Histogram::new(buckets.iter().copied());
        Self {
            inserts: Counter::default(),
            deletes: Counter::default(),
            refused_writes: By::new(Counter::default),
            searches: By::new(Counter::default),
            peer_blocks: By::new(Counter::default),
            search_seconds: histogram(SEARCH_SECONDS),
            insert_seconds: By::new(|| histogram(INSERT_SECONDS)),
            candidates_scanned: histogram(CANDIDATES),
            cells_probed: histogram(CELLS),
            commit_rows: histogram(ROWS),
            wal_sync_seconds: histogram(SYNC_SECONDS),
            sync_lag_seconds: SecondsGauge::default(),
            queue_bytes: Gauge::default(),
            queue_writes: Gauge::default(),
            index_rows: By::new(Gauge::default),
            index_bytes: By::new(Gauge::default),
            chain_actions: Gauge::default(),
            peers: By::new(Gauge::default),
        }
    }
}

/// Writes down the series of all collections, metric by metric, as the format wants it.
pub(super) fn encode(encoder: DescriptorEncoder, of: &[(&str, &Series)]) -> fmt::Result {
    // A metric without series is left out.
    if of.is_empty() {
        return Ok(());
    }
    let rows = || Some(Unit::Other("rows".to_owned()));
    let seconds = || Some(Unit::Seconds);
    let bytes = || Some(Unit::Bytes);
    let mut page = Page { encoder, of };
    page.one("inserts", "Rows that this node wrote to the chain by inserts.", None, |s| &s.inserts)?;
    page.one("deletes", "Tombstones that this node wrote to the chain.", None, |s| &s.deletes)?;
    page.by(
        "refused_writes",
        "Writes that were turned away: by a full queue, by the log, or by the chain after they were logged.",
        None,
        |s| &s.refused_writes,
    )?;
    page.by("searches", "Searches that were answered.", None, |s| &s.searches)?;
    page.by(
        "peer_blocks",
        "Blocks that peers announced or gave when asked, and what became of them.",
        None,
        |s| &s.peer_blocks,
    )?;
    page.one("search", "Seconds from a search's question to its answer.", seconds(), |s| &s.search_seconds)?;
    page.by(
        "insert",
        "Seconds from an insert until it is in the log, or on the chain and found.",
        seconds(),
        |s| &s.insert_seconds,
    )?;
    page.one("candidates_scanned", "Rows that a search compared with the query.", None, |s| {
        &s.candidates_scanned
    })?;
    page.one("cells_probed", "Cells that a search looked into.", None, |s| &s.cells_probed)?;
    page.one("commit", "Rows of writes that were committed together.", rows(), |s| &s.commit_rows)?;
    page.one("wal_sync", "Seconds to write and sync to the write-ahead log.", seconds(), |s| {
        &s.wal_sync_seconds
    })?;
    page.one(
        "sync_lag",
        "Seconds since the oldest op was integrated that the index has not taken in; 0 when in step.",
        seconds(),
        |s| &s.sync_lag_seconds,
    )?;
    page.one("queue", "Bytes of the writes that wait for the chain.", bytes(), |s| &s.queue_bytes)?;
    page.one("queue_writes", "Writes that wait for the chain.", None, |s| &s.queue_writes)?;
    page.by("index", "Rows that count, by where searches find them.", rows(), |s| &s.index_rows)?;
    page.by("index", "Bytes that the index takes.", bytes(), |s| &s.index_bytes)?;
    page.one("chain_actions", "Actions on this agent's chain.", None, |s| &s.chain_actions)?;
    page.by("peers", "Other agents that this node knows of.", None, |s| &s.peers)
}

/// A page that is being written.
struct Page<'a, 'e> {
    encoder: DescriptorEncoder<'e>,
    of: &'a [(&'a str, &'a Series)],
}

impl Page<'_, '_> {
    /// A metric with one series for each collection. The unit is appended to the name.
    fn one<M: EncodeMetric + TypedMetric>(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<Unit>,
        get: impl Fn(&Series) -> &M,
    ) -> fmt::Result {
        let mut metric = self.encoder.encode_descriptor(name, help, unit.as_ref(), M::TYPE)?;
        for (collection, series) in self.of {
            get(series).encode(metric.encode_family(&[("collection", *collection)])?)?;
        }
        Ok(())
    }

    /// A metric with one series for each collection and each value of a label.
    fn by<L: Label, M: EncodeMetric + TypedMetric>(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<Unit>,
        get: impl Fn(&Series) -> &By<L, M>,
    ) -> fmt::Result {
        let mut metric = self.encoder.encode_descriptor(name, help, unit.as_ref(), M::TYPE)?;
        for (collection, series) in self.of {
            for value in L::ALL {
                let labels = [("collection", *collection), (L::NAME, value.text())];
                get(series).of(*value).encode(metric.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}
