//! What can be asked of a node. The same requests are answered in process, over the control socket, and, as far as the HTTP
//! API goes, over that ([`crate::remote`]).

mod answers;

pub use answers::*;

use crate::collections::{Collection, NewCollection};
use crate::live::Live;
use crate::node::Node;
use anyhow::{Context, Result, ensure};
use rose_forest_api::*;
use rose_forest_engine::metrics::AnsweredBy;
use rose_forest_engine::writer::Work;
use rose_forest_store::Filter;
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// Peers whose confirmation is enough to take the next step of settling before its grace time is over.
const SETTLE_PEERS: u32 = 3;

/// A request; [`Node::answer`] says what it is answered with.
#[derive(Debug, Serialize, Deserialize)]
pub enum Request {
    /// Create a collection: [`CollectionView`].
    Create(NewCollection),
    /// All collections: a list of [`CollectionView`].
    List,
    /// One collection: [`CollectionView`].
    Find(String),
    /// A collection in full: [`Overview`].
    Info(String),
    /// The text that lets others in, which is a secret: a string.
    Invite(String),
    /// Join by the text of an invite: [`JoinedView`].
    Join(String),
    /// Leave: [`CollectionView`].
    Leave(String),
    /// Insert: [`WriteOutput`], or of it [`Wrote`] alone.
    Insert {
        /// The collection.
        collection: String,
        /// Whether to sort into cells before writing.
        bulk: bool,
        /// The points.
        input: InsertInput,
    },
    /// Insert, and wait for the log alone: [`Logged`].
    Log {
        /// The collection.
        collection: String,
        /// Whether to sort into cells before writing.
        bulk: bool,
        /// The points.
        input: InsertInput,
    },
    /// Delete: [`WriteOutput`], or of it [`Wrote`] alone.
    Delete(String, DeleteInput),
    /// Read by id: [`GetOutput`].
    Get(String, GetInput),
    /// Read a page: [`ScrollOutput`].
    Scroll(String, ScrollInput),
    /// Count: [`CountOutput`].
    Count(String, CountInput),
    /// Search: [`Searched`].
    Search {
        /// The collection.
        collection: String,
        /// Whether the zome has to answer, even if this node has an index in memory.
        by_zome: bool,
        /// What to look for. `nprobe` and a scope beyond this node are the zome's matter.
        input: SearchInput,
        /// Which points may be found: a filter of Qdrant's, as JSON. The zome knows no filters.
        filter: Option<String>,
    },
    /// Compare the index with what the conductor holds: [`crate::live::Verified`].
    Verify(String),
    /// One call of settle: [`SettleOutput`].
    Settle(String, SettleInput),
    /// One call of upkeep: [`UpkeepOutput`].
    Upkeep(String, UpkeepInput),
    /// The node: [`NodeReport`].
    Node,
    /// Who was caught breaking a rule: a list of [`Warranted`].
    Warrants(String),
    /// What is counted and measured: OpenMetrics text.
    Metrics,
    /// How the collections that it serves are at this moment: a list of [`Pulse`]. Asks no zome.
    Pulses,
}

impl Node {
    /// The answer, in MessagePack.
    pub async fn answer(&self, request: Request) -> Result<Vec<u8>> {
        match request {
            Request::Create(new) => pack(CollectionView::from(self.create(&new).await?)),
            Request::List => {
                let collections = self.collections().await?;
                pack(collections.iter().cloned().map(CollectionView::from).collect::<Vec<_>>())
            }
            Request::Find(name) => pack(CollectionView::from(self.collection(&name).await?)),
            Request::Info(name) => pack(self.overview(&name).await?),
            Request::Invite(name) => pack(self.collection(&name).await?.invite().to_string()),
            Request::Join(invite) => pack(JoinedView::from(self.join(&invite.parse()?).await?)),
            Request::Leave(name) => pack(CollectionView::from(self.leave(&name).await?)),
            Request::Insert { collection, bulk, input } => {
                let collection = self.open_collection(&collection).await?;
                pack(self.write_points(&collection, Work::Insert { bulk, input }).await?)
            }
            Request::Log { collection, bulk, input } => {
                let collection = self.open_collection(&collection).await?;
                pack(self.log_points(&collection, Work::Insert { bulk, input }).await?)
            }
            Request::Delete(name, input) => {
                let collection = self.open_collection(&name).await?;
                pack(self.write_points(&collection, Work::Delete(input)).await?)
            }
            Request::Get(name, mut input) => {
                let collection = self.open_collection(&name).await?;
                input.view = self.recent_sight(&collection).await?.into();
                pack(self.read::<_, GetOutput>(&collection.cell(), "get", input).await?)
            }
            Request::Scroll(name, mut input) => {
                let collection = self.open_collection(&name).await?;
                input.view = self.recent_sight(&collection).await?.into();
                pack(self.read::<_, ScrollOutput>(&collection.cell(), "scroll", input).await?)
            }
            Request::Count(name, mut input) => {
                let collection = self.open_collection(&name).await?;
                input.view = self.recent_sight(&collection).await?.into();
                pack(self.read::<_, CountOutput>(&collection.cell(), "count", input).await?)
            }
            Request::Search { collection, by_zome, input, filter } => {
                let collection = self.open_collection(&collection).await?;
                pack(self.search(&collection, by_zome, input, filter.as_deref()).await?)
            }
            Request::Verify(name) => pack(self.verify(&self.open_collection(&name).await?).await?),
            Request::Settle(name, input) => {
                pack(self.settle(&self.open_collection(&name).await?, input).await?)
            }
            Request::Upkeep(name, input) => {
                let cell = self.open_collection(&name).await?.cell();
                pack(self.write::<_, UpkeepOutput>(&cell, "upkeep", input).await?)
            }
            Request::Node => pack(self.report().await?),
            Request::Metrics => pack(self.metrics.encode()),
            Request::Pulses => pack(self.pulses().await?),
            Request::Warrants(name) => pack(self.warrants(&self.open_collection(&name).await?).await?),
        }
    }

    /// A search: by this node's index if it can, else by the zome.
    async fn search(
        &self,
        collection: &Collection,
        by_zome: bool,
        mut input: SearchInput,
        filter: Option<&str>,
    ) -> Result<Searched> {
        let begun = Instant::now();
        let filter = filter.map(parse_filter).transpose()?;
        input.view = self.recent_sight(collection).await?.into();
        let live = self.lives.get(&collection.dna_hash).filter(|_| !by_zome);
        if let Some(live) = &live {
            match live.search(&input, filter.as_ref()).await {
                Ok(Some((answer, unconfirmed))) => {
                    live.metrics().searched(begun.elapsed(), AnsweredBy::Memory);
                    return Ok(Searched { answer, from_memory: true, unconfirmed });
                }
                Ok(None) => {}
                Err(problem) if filter.is_some() => return Err(problem),
                // What cannot be searched for the zome refuses, too; and if the index fails, it answers.
                Err(problem) => tracing::debug!("the index does not answer: {problem:#}"),
            }
        }
        ensure!(
            filter.is_none(),
            "a search with a filter is answered from memory, and {}",
            match live {
                Some(_) => "this node's index has not caught up yet, or is asked for what only the zome does",
                None => "this node does not serve the collection from memory: `rose-forest serve` does",
            }
        );
        let answer: SearchOutput = self.read(&collection.cell(), "search", input).await?;
        let metrics = self.metrics.collection(&collection.label());
        metrics.searched(begun.elapsed(), AnsweredBy::Zome);
        metrics.scanned(answer.stats.settled_rows + answer.stats.fresh_rows);
        metrics.probed(answer.stats.cells_probed.into());
        Ok(Searched { unconfirmed: vec![false; answer.hits.len()], answer, from_memory: false })
    }

    /// One call of settle, which waits for as many peers as there are, and says what this node's index knows.
    pub async fn settle(&self, collection: &Collection, mut input: SettleInput) -> Result<SettleOutput> {
        let sight = self.sight(collection).await?;
        input.peers = input.peers.or(Some(sight.reachable_peers.min(SETTLE_PEERS)));
        let live = self.lives.get(&collection.dna_hash);
        if let Some(live) = live.as_ref().filter(|_| input.seen.is_none()) {
            input.seen = live.seen(&collection.agent).await.unwrap_or_else(|problem| {
                tracing::debug!("the index does not say where older rows are: {problem:#}");
                None
            });
        }
        let step: SettleOutput = self.write(&collection.cell(), "settle", input).await?;
        if let Some(live) = live {
            live.sorts_next(step.sorts_next.clone());
        }
        Ok(step)
    }

    async fn overview(&self, name: &str) -> Result<Overview> {
        let collection = self.open_collection(name).await?;
        let cell = collection.cell();
        // Before the zome is asked: what is on the chain by then waits no more.
        let waiting = self.queue(&collection).await?.waiting();
        let blocks: CollectionInfo = self.read(&cell, "collection_info", ()).await?;
        Ok(Overview {
            waiting,
            chain_length: Some(blocks.chain_length.into()),
            authors: blocks.authors.iter().map(AuthorView::from).collect(),
            blocks: Some(blocks),
            sight: self.sight(&collection).await?,
            nodes: self.read(&cell, "list_nodes", ()).await?,
            index: match self.lives.get(&collection.dna_hash) {
                Some(live) => Some(live.report()?),
                None => None,
            },
            collection: collection.into(),
        })
    }

    async fn pulses(&self) -> Result<Vec<Pulse>> {
        let mut pulses = Vec::new();
        for collection in self.collections().await?.iter().filter(|collection| collection.enabled) {
            // Those that this node does not answer from memory are left out: it does not serve them.
            if let Some(live) = self.lives.get(&collection.dna_hash) {
                pulses.push(self.pulse(collection, &live).await?);
            }
        }
        Ok(pulses)
    }

    /// How a collection is that this node serves.
    pub(crate) async fn pulse(&self, collection: &Collection, live: &Live) -> Result<Pulse> {
        Ok(Pulse {
            label: collection.label(),
            sight: self.recent_sight(collection).await?,
            caught_up: live.is_caught_up(),
            index: live.report()?,
            waiting: self.queue(collection).await?.waiting(),
            totals: live.metrics().totals(),
            chain_actions: live.chain_length(&collection.agent).await?,
        })
    }

    async fn report(&self) -> Result<NodeReport> {
        let mut collections = Vec::new();
        for collection in self.collections().await?.iter() {
            let sight = if collection.enabled { Some(self.sight(collection).await?) } else { None };
            collections.push((collection.clone().into(), sight));
        }
        let apps = self.conductor.list_apps(None).await.context("cannot list what is installed")?;
        Ok(NodeReport {
            software: crate::SOFTWARE.to_owned(),
            data_dir: Some(self.dir.root().display().to_string()),
            agent: apps.first().map(|app| app.agent_pub_key.clone()),
            releases: Some(self.releases.iter().map(|release| release.name.clone()).collect()),
            collections,
        })
    }
}

/// A filter of a request.
pub(crate) fn parse_filter(text: &str) -> Result<Filter> {
    serde_json::from_str(text).context("the filter cannot be read: expected one as Qdrant's")
}

/// An answer as it crosses a door.
pub(crate) fn pack(answer: impl Serialize) -> Result<Vec<u8>> {
    rmp_serde::to_vec_named(&answer).context("cannot write the answer")
}
