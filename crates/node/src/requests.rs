//! What can be asked of a node. The same requests are answered in process and over the control socket.

use crate::collections::{Collection, NewCollection};
use crate::node::Node;
use crate::view::Sight;
use anyhow::{Context, Result};
use holochain_types::prelude::CellId;
use rose_forest_api::*;
use rose_forest_engine::local::IndexReport;
use serde::{Deserialize, Serialize};

/// Peers whose confirmation is enough to take the next step of settling before its grace time is over.
const SETTLE_PEERS: u32 = 3;

/// A request; [`Node::answer`] says what it is answered with.
#[derive(Debug, Serialize, Deserialize)]
pub enum Request {
    /// Create a collection: [`Collection`].
    Create(NewCollection),
    /// All collections: a list of [`Collection`].
    List,
    /// One collection: [`Collection`].
    Find(String),
    /// A collection in full: [`Overview`].
    Info(String),
    /// Join by the text of an invite: [`crate::collections::Joined`].
    Join(String),
    /// Leave: [`Collection`].
    Leave(String),
    /// Insert: [`WriteOutput`].
    Insert {
        /// The collection.
        collection: String,
        /// Whether to sort into cells before writing.
        bulk: bool,
        /// The points.
        input: InsertInput,
    },
    /// Delete: [`WriteOutput`].
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
    },
    /// One call of settle: [`SettleOutput`].
    Settle(String, SettleInput),
    /// One call of upkeep: [`UpkeepOutput`].
    Upkeep(String, UpkeepInput),
    /// The node: [`NodeReport`].
    Node,
    /// Who was caught breaking a rule: a list of [`Warranted`].
    Warrants(String),
}

/// What a search found, and who answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Searched {
    /// What was found. Of an answer from memory the counts of what was read are zero.
    pub answer: SearchOutput,
    /// Whether this node's index answered; otherwise the zome did.
    pub from_memory: bool,
}

/// A collection in full.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Overview {
    /// What it is, and where its peers meet.
    pub collection: Collection,
    /// What is in it.
    pub info: CollectionInfo,
    /// What this node sees of it.
    pub sight: Sight,
    /// Nodes that announced themselves.
    pub nodes: Vec<NodeInfo>,
    /// What the index holds that this node answers searches from; nothing if it does not serve.
    #[serde(default)]
    pub index: Option<IndexReport>,
}

/// A node.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NodeReport {
    /// The program and its version.
    pub software: String,
    /// Where it keeps everything.
    pub data_dir: String,
    /// Its agent; none before the first collection.
    pub agent: Option<AgentPubKey>,
    /// The released rules it knows.
    pub releases: Vec<String>,
    /// Its collections, and what it sees of those it takes part in.
    pub collections: Vec<(Collection, Option<Sight>)>,
}

/// A peer that was caught breaking a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warranted {
    /// Who broke it.
    pub agent: AgentPubKey,
    /// Who found out.
    pub by: AgentPubKey,
    /// The rule, in words.
    pub reason: String,
}

impl Node {
    /// The answer, in MessagePack.
    pub async fn answer(&self, request: Request) -> Result<Vec<u8>> {
        match request {
            Request::Create(new) => pack(self.create(&new).await?),
            Request::List => pack(self.collections().await?),
            Request::Find(name) => pack(self.collection(&name).await?),
            Request::Info(name) => pack(self.overview(&name).await?),
            Request::Join(invite) => pack(self.join(&invite.parse()?).await?),
            Request::Leave(name) => pack(self.leave(&name).await?),
            Request::Insert { collection, bulk, input } => {
                let cell = self.open_collection(&collection).await?.cell();
                let function = if bulk { "bulk_insert" } else { "insert" };
                pack(self.write_points(&cell, function, input).await?)
            }
            Request::Delete(name, input) => {
                let cell = self.open_collection(&name).await?.cell();
                pack(self.write_points(&cell, "delete", input).await?)
            }
            Request::Get(name, mut input) => {
                let collection = self.open_collection(&name).await?;
                input.view = self.sight(&collection).await?.into();
                pack(self.read::<_, GetOutput>(&collection.cell(), "get", input).await?)
            }
            Request::Scroll(name, mut input) => {
                let collection = self.open_collection(&name).await?;
                input.view = self.sight(&collection).await?.into();
                pack(self.read::<_, ScrollOutput>(&collection.cell(), "scroll", input).await?)
            }
            Request::Count(name, mut input) => {
                let collection = self.open_collection(&name).await?;
                input.view = self.sight(&collection).await?.into();
                pack(self.read::<_, CountOutput>(&collection.cell(), "count", input).await?)
            }
            Request::Search { collection, by_zome, mut input } => {
                let collection = self.open_collection(&collection).await?;
                input.view = self.sight(&collection).await?.into();
                let live = self.lives.get(&collection.dna_hash).filter(|_| !by_zome);
                let from_memory = match &live {
                    Some(live) => live.search(&input).await?,
                    None => None,
                };
                pack(match from_memory {
                    Some(answer) => Searched { answer, from_memory: true },
                    None => Searched {
                        answer: self.read(&collection.cell(), "search", input).await?,
                        from_memory: false,
                    },
                })
            }
            Request::Settle(name, input) => {
                pack(self.settle(&self.open_collection(&name).await?, input).await?)
            }
            Request::Upkeep(name, input) => {
                let cell = self.open_collection(&name).await?.cell();
                pack(self.write::<_, UpkeepOutput>(&cell, "upkeep", input).await?)
            }
            Request::Node => pack(self.report().await?),
            Request::Warrants(name) => pack(self.warrants(&self.open_collection(&name).await?).await?),
        }
    }

    /// Writes points, and has this node's searches see them when it returns.
    async fn write_points<I>(&self, cell: &CellId, function: &str, input: I) -> Result<WriteOutput>
    where
        I: Serialize + std::fmt::Debug,
    {
        let output: WriteOutput = self.write(cell, function, input).await?;
        if let Some(live) = self.lives.get(cell.dna_hash())
            && let Err(problem) = live.wrote(&output).await
        {
            // They are on the chain, and the index finds them when it next looks.
            tracing::warn!("what was written is not in the index yet: {problem:#}");
        }
        Ok(output)
    }

    /// One call of settle, which waits for as many peers as there are.
    pub async fn settle(&self, collection: &Collection, mut input: SettleInput) -> Result<SettleOutput> {
        let sight = self.sight(collection).await?;
        input.peers = input.peers.or(Some(sight.reachable_peers.min(SETTLE_PEERS)));
        self.write(&collection.cell(), "settle", input).await
    }

    async fn overview(&self, name: &str) -> Result<Overview> {
        let collection = self.open_collection(name).await?;
        let cell = collection.cell();
        Ok(Overview {
            info: self.read(&cell, "collection_info", ()).await?,
            sight: self.sight(&collection).await?,
            nodes: self.read(&cell, "list_nodes", ()).await?,
            index: match self.lives.get(&collection.dna_hash) {
                Some(live) => Some(live.report()?),
                None => None,
            },
            collection,
        })
    }

    async fn report(&self) -> Result<NodeReport> {
        let mut collections = Vec::new();
        for collection in self.collections().await? {
            let sight = if collection.enabled { Some(self.sight(&collection).await?) } else { None };
            collections.push((collection, sight));
        }
        let apps = self.conductor.list_apps(None).await.context("cannot list what is installed")?;
        Ok(NodeReport {
            software: crate::SOFTWARE.to_owned(),
            data_dir: self.dir.root().display().to_string(),
            agent: apps.first().map(|app| app.agent_pub_key.clone()),
            releases: self.releases.iter().map(|release| release.name.clone()).collect(),
            collections,
        })
    }
}

fn pack(answer: impl Serialize) -> Result<Vec<u8>> {
    rmp_serde::to_vec_named(&answer).context("cannot write the answer")
}
