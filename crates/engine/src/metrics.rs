//! What a node counts and measures, for Prometheus and whatever else reads OpenMetrics text.
//!
//! A node has one [`Metrics`]; each collection that it runs has a [`CollectionMetrics`] in it, a handle that is cheap to
//! clone and to call: counters and gauges are atomics, histograms a short lock, and no label is looked up after the handle
//! was made. Nothing here is global, measures by itself or reads a clock: callers say how long something took.
//!
//! Every metric of a collection has the label `collection`, the name that the node gives it. So there are as many series
//! as collections, times the values of the second label; a collection that is left is taken out by [`Metrics::remove`].
//!
//! | metric | kind | second label | what |
//! |---|---|---|---|
//! | `rose_forest_build_info` | info | | `version`, `os` and `arch` of the program; no `collection` |
//! | `rose_forest_inserts_total` | counter | | rows that this node wrote to the chain by inserts |
//! | `rose_forest_deletes_total` | counter | | tombstones that it wrote to the chain |
//! | `rose_forest_refused_writes_total` | counter | `reason`: `queue_full`, `log`, `chain` | writes that were turned away, or given up after they were logged (`chain`) |
//! | `rose_forest_searches_total` | counter | `answered_by`: `memory`, `zome` | searches that were answered |
//! | `rose_forest_peer_blocks_total` | counter | `outcome`: `taken`, `refused`, `no_room`, `withdrawn`, `confirmed` | blocks that peers announced, and what became of them |
//! | `rose_forest_search_seconds` | histogram | | from the question to the answer |
//! | `rose_forest_insert_seconds` | histogram | `until`: `log`, `chain` | from the write until it survives in the log; until it is on the chain and found |
//! | `rose_forest_candidates_scanned` | histogram | | rows that a search compared with the query |
//! | `rose_forest_cells_probed` | histogram | | cells that a search looked into |
//! | `rose_forest_commit_rows` | histogram | | rows of writes that were committed together |
//! | `rose_forest_wal_sync_seconds` | histogram | | writing and syncing to the log, for all writes that shared it |
//! | `rose_forest_sync_lag_seconds` | gauge | | age of the oldest integrated op that the index has not taken in; 0 when in step |
//! | `rose_forest_queue_bytes` | gauge | | bytes of the writes that wait for the chain |
//! | `rose_forest_queue_writes` | gauge | | how many they are |
//! | `rose_forest_index_rows` | gauge | `place`: `memory`, `disk`, `missing` | rows that count, by where searches find them; `missing` ones are not found yet |
//! | `rose_forest_index_bytes` | gauge | `place`: `memory`, `disk` | bytes that the index takes |
//! | `rose_forest_chain_actions` | gauge | | actions on this agent's chain |
//! | `rose_forest_peers` | gauge | `state`: `reachable`, `unreachable` | other agents that this node knows of |
//!
//! A counter of rows, `inserts_total`, beside a histogram of calls, `insert_seconds`: its `_count` says how many calls
//! there were.

mod collection;
mod labels;
mod series;

pub use collection::{CollectionMetrics, IndexSizes, Totals};
pub use labels::{AnsweredBy, Peer, PeerBlock, RefusedBy, Until};

use parking_lot::RwLock;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, text},
    metrics::info::Info,
    registry::Registry,
};
use series::Series;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// The content type of [`Metrics::encode`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The collections of a node, by name.
#[derive(Clone, Debug, Default)]
struct Collections(Arc<RwLock<BTreeMap<String, CollectionMetrics>>>);

/// All metrics of a node. Shared between threads.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    collections: Collections,
}

impl Metrics {
    /// Metrics of a node that runs this version of the program, without collections yet.
    pub fn new(version: &str) -> Self {
        let mut registry = Registry::with_prefix("rose_forest");
        let labels = [
            ("version", version.to_owned()),
            ("os", std::env::consts::OS.to_owned()),
            ("arch", std::env::consts::ARCH.to_owned()),
        ];
        registry.register("build", "The program that runs", Info::new(labels.to_vec()));
        let collections = Collections::default();
        registry.register_collector(Box::new(collections.clone()));
        Self { registry, collections }
    }

    /// The metrics of the collection that the node calls by this name: new ones, all zero, or those that are there.
    pub fn collection(&self, name: &str) -> CollectionMetrics {
        self.collections.0.write().entry(name.to_owned()).or_default().clone()
    }

    /// Takes a collection out, when it is left. Handles that are still held go on counting, and nobody sees it. Returns
    /// whether it was there.
    pub fn remove(&self, name: &str) -> bool {
        self.collections.0.write().remove(name).is_some()
    }

    /// Everything, as OpenMetrics text; its type is [`CONTENT_TYPE`]. Cost: linear in the series, about 150 lines a
    /// collection.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        if let Err(fmt::Error) = text::encode(&mut text, &self.registry) {
            // Writing to a string does not fail, and half a page must not be taken for a whole one.
            tracing::error!("metrics could not be written");
            text.clear();
        }
        text
    }
}

impl Collector for Collections {
    fn encode(&self, encoder: DescriptorEncoder) -> fmt::Result {
        // Encoding holds no lock that counting needs.
        let collections: Vec<_> =
            self.0.read().iter().map(|(name, metrics)| (name.clone(), metrics.clone())).collect();
        let series: Vec<(&str, &Series)> =
            collections.iter().map(|(name, metrics)| (name.as_str(), metrics.series())).collect();
        series::encode(encoder, &series)
    }
}

#[cfg(test)]
mod tests;
