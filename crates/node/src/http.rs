//! The HTTP API of a node: what [`rose_forest_http::Backend`] asks, answered from the collections' indexes.
//!
//! Reads see this node's own index, and wait for nobody unless they ask peers first, see [`consistency`]. Before the node has
//! started they see the index as it was saved ([`crate::saved`]), and all else waits. Writes go through the collection's queue,
//! see [`write`].

mod acknowledged;
mod consistency;
mod forest;
mod write;

use crate::collections::{Collection, NameTaken, NotFound, find};
use crate::journal::{read_json, write_atomically};
use crate::live::Live;
use crate::network::Network;
use crate::node::{Before, Node};
use crate::page::Pages;
use crate::saved::SavedIndex;
use anyhow::Result;
use parking_lot::Mutex;
use rose_forest_api::{DnaHash, PointId, Schema};
use rose_forest_engine::local::LocalIndex;
use rose_forest_engine::metrics::AnsweredBy;
use rose_forest_http::backend::{
    AliasChange, Aliases, Author, Backend, BackendError, Changes, CollectionState, Effort, Facet, Found,
    Joined, NewCollection, NodeCollection, NodeState, PageAccess, Peer, Proof, ReadOptions, Scroll,
    ScrollAll, Scrolled, ScrolledAll, Search, Shape, SyncState, What, With, Write, WriteOptions, Written,
};
use rose_forest_http::local;
use rose_forest_store::{EventCursor, FacetHit, FieldKind, FieldPath, Filter};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{SetOnce, watch};

/// Points that a search may ask for and still be short: what it reads of each, such as payloads, counts by then.
const MAX_SHORT_LIMIT: usize = 100;

/// How much of a request's time waiting for peers may take: a tenth, at least 200 ms and at most 2 s, is left for what comes
/// after it and for the answer. The server ends what takes longer, and says less.
fn patience(timeout: Duration) -> Duration {
    let left = (timeout / 10).clamp(Duration::from_millis(200), Duration::from_secs(2));
    timeout.saturating_sub(left)
}

/// A node as the HTTP API sees it.
pub struct Api {
    /// The node, once it has started.
    node: SetOnce<Arc<Node>>,
    before: Before,
    /// Where the peers of collections meet that are created through the API; none if they live on this node alone.
    network: Option<Network>,
    aliases: Mutex<Aliases>,
    /// What its web pages need.
    pages: Arc<Pages>,
}

impl Api {
    /// Of a node that is about to start. Web pages of these origins may be let at its zomes.
    ///
    /// # Errors
    /// If the file with the aliases cannot be read.
    pub fn new(before: Before, network: Option<Network>, origins: HashSet<String>) -> Result<Self> {
        let aliases = Mutex::new(read_json(&before.dir.aliases())?);
        let pages = Arc::new(Pages::new(origins));
        Ok(Self { node: SetOnce::new(), before, network, aliases, pages })
    }

    /// Says that the node has started. Only the first time counts.
    pub fn started(&self, node: Arc<Node>) {
        // An error says that there is one already.
        let _ = self.node.set(node);
    }

    /// The node, once it has started.
    async fn node(&self) -> &Arc<Node> {
        self.node.wait().await
    }

    /// The collection that is meant by an alias, a name or the end of a hash, if the node takes part in it.
    async fn find(&self, name: &str) -> Result<Collection, BackendError> {
        let meant = self.aliases.lock().resolve(name).to_owned();
        self.find_exactly(&meant).await
    }

    /// The same without aliases.
    async fn find_exactly(&self, name: &str) -> Result<Collection, BackendError> {
        let collections = self.node().await.collections().await.map_err(of_node)?;
        match find(collections.iter().filter(|collection| collection.enabled), name) {
            Ok(collection) => Ok(collection.clone()),
            Err(problem @ NotFound::Several { .. }) => {
                Err(BackendError::Refused { reason: problem.to_string() })
            }
            Err(_) => Err(BackendError::NoCollection { name: name.to_owned() }),
        }
    }

    /// The collection, and its index.
    async fn live(&self, name: &str) -> Result<(Collection, Arc<Live>), BackendError> {
        let collection = self.find(name).await?;
        let live = self.open(&collection).await?;
        Ok((collection, live))
    }

    /// The index of a collection, which is opened if it has to be.
    async fn open(&self, collection: &Collection) -> Result<Arc<Live>, BackendError> {
        let node = self.node().await;
        if let Some(live) = node.lives.whole(&collection.dna_hash) {
            return Ok(live);
        }
        let label = collection.label();
        let tell = move |problem| tracing::warn!("{label}: {problem}");
        node.go_live(collection, tell).await.map_err(of_node)
    }

    /// What was saved of a collection, while the node has not started.
    fn saved(&self, name: &str) -> Option<Arc<SavedIndex>> {
        if self.node.initialized() {
            return None;
        }
        self.before.saved.called(self.aliases.lock().resolve(name))
    }

    /// The index of a collection, to read from.
    async fn reading(&self, name: &str) -> Result<Reading, BackendError> {
        if let Some(saved) = self.saved(name)
            && let Some(index) = saved.whole().await
        {
            return Ok(Reading::Saved(saved, index));
        }
        Ok(Reading::Live(self.live(name).await?.1))
    }

    /// Does what reads the index where blocking is allowed.
    async fn read<T: Send + 'static>(
        &self,
        name: &str,
        work: impl FnOnce(&LocalIndex) -> Result<T, BackendError> + Send + 'static,
    ) -> Result<T, BackendError> {
        let reading = self.reading(name).await?;
        blocking(move || work(reading.index())).await
    }

    /// The index of a collection, after asking other nodes where that is wanted.
    async fn consistent(&self, name: &str, options: ReadOptions) -> Result<Reading, BackendError> {
        if !consistency::asks_others(options) {
            return self.reading(name).await;
        }
        let (collection, live) = self.live(name).await?;
        consistency::wait(self.node().await, &collection, &live, options).await?;
        Ok(Reading::Live(live))
    }

    /// Does what reads that index where blocking is allowed.
    async fn read_consistent<T: Send + 'static>(
        &self,
        name: &str,
        options: ReadOptions,
        work: impl FnOnce(&LocalIndex) -> Result<T, BackendError> + Send + 'static,
    ) -> Result<T, BackendError> {
        let reading = self.consistent(name, options).await?;
        blocking(move || work(reading.index())).await
    }

    /// Changes the aliases, on disk first.
    fn alter<T>(
        &self,
        change: impl FnOnce(&mut Aliases) -> Result<T, BackendError>,
    ) -> Result<T, BackendError> {
        let mut aliases = self.aliases.lock();
        let mut changed = aliases.clone();
        let done = change(&mut changed)?;
        if changed != *aliases {
            write_atomically(&self.before.dir.aliases(), &changed).map_err(of_node)?;
            *aliases = changed;
        }
        Ok(done)
    }

    fn shape_of(&self, dna_hash: &DnaHash, schema: &Schema) -> Shape {
        Shape { schema: schema.clone(), vector_name: self.before.notes.vector_name(&dna_hash.to_string()) }
    }
}

/// An index to read from: kept in step with the DHT, or as it was saved.
#[derive(Clone)]
enum Reading {
    Live(Arc<Live>),
    Saved(Arc<SavedIndex>, Arc<LocalIndex>),
}

impl Reading {
    fn index(&self) -> &LocalIndex {
        match self {
            Self::Live(live) => live.index(),
            Self::Saved(_, index) => index,
        }
    }
}

/// What the API calls one of a node's collections: its name, or its hash where several have that name.
fn name_of(all: &[Collection], collection: &Collection) -> String {
    let is_alike = |other: &&Collection| other.enabled && other.schema.name == collection.schema.name;
    let is_only = all.iter().filter(is_alike).count() < 2;
    if is_only { collection.schema.name.clone() } else { collection.dna_hash.to_string() }
}

/// What the node failed with, whole.
fn of_node(problem: anyhow::Error) -> BackendError {
    BackendError::Node(format!("{problem:#}").into())
}

/// Does what must not end half-way when a client goes away.
async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, BackendError> {
    tokio::spawn(work).await.map_err(|stopped| BackendError::Node(stopped.into()))
}

/// Whether a search takes about a millisecond, as those of the graph in memory do. That long a task may keep its thread: giving
/// the work to another thread and waiting for it takes nearly as long on a machine with little to do, and costs a busy one a
/// fifth of its searches (measured: 1,134 searches a second instead of 527 by one client, 2,276 instead of 1,952 by 16).
fn is_short(index: &LocalIndex, search: &Search) -> bool {
    matches!(search.what, What::Nearest(_))
        && search.filter.is_none()
        && search.effort == Effort::Usual
        && search.limit <= MAX_SHORT_LIMIT
        && index.is_in_memory()
}

/// Does what may take long where that holds up nobody.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BackendError> + Send + 'static,
) -> Result<T, BackendError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|stopped| Err(BackendError::Node(stopped.into())))
}

impl Backend for Api {
    async fn collections(&self) -> Result<Vec<String>, BackendError> {
        let all = self.node().await.collections().await.map_err(of_node)?;
        Ok(all.iter().filter(|one| one.enabled).map(|one| name_of(&all, one)).collect())
    }

    async fn create(&self, name: &str, new: NewCollection) -> Result<(), BackendError> {
        let NewCollection { dimension, distance, encoding, vector_name } = new;
        rose_forest_api::Schema::new(name, dimension, distance, encoding)?;
        self.aliases.lock().check_free(name)?;
        let network = self.network.clone();
        let name = name.to_owned();
        let new = crate::collections::NewCollection {
            name: name.clone(),
            dimension,
            distance,
            encoding,
            network,
            vector_name,
        };
        let node = self.node().await.clone();
        let created = to_its_end(async move { node.create(&new).await }).await?;
        let collection = created.map_err(|problem| {
            if problem.is::<NameTaken>() { BackendError::CollectionExists { name } } else { of_node(problem) }
        })?;
        // Whatever asks for it opens it, too: this only saves the first one's time.
        if let Err(problem) = self.open(&collection).await {
            tracing::warn!("{}: {problem}", collection.label());
        }
        Ok(())
    }

    async fn leave(&self, name: &str) -> Result<bool, BackendError> {
        let collection = match self.find_exactly(name).await {
            Err(BackendError::NoCollection { .. }) => return Ok(false),
            found => found?,
        };
        let node = self.node().await.clone();
        let called = name_of(&node.collections().await.map_err(of_node)?, &collection);
        let hash = collection.dna_hash.to_string();
        to_its_end(async move { node.leave(&hash).await }).await?.map_err(of_node)?;
        self.alter(|aliases| {
            aliases.forget(&called);
            Ok(())
        })?;
        Ok(true)
    }

    async fn aliases(&self) -> Result<Aliases, BackendError> {
        Ok(self.aliases.lock().clone())
    }

    async fn change_aliases(&self, changes: Vec<AliasChange>) -> Result<(), BackendError> {
        let names = self.collections().await?;
        self.alter(|aliases| Ok(aliases.apply(&changes, |name| names.iter().any(|known| known == name))?))
    }

    async fn network_hash(&self, name: &str) -> Result<Option<String>, BackendError> {
        Ok(Some(self.find(name).await?.dna_hash.to_string()))
    }

    async fn shape(&self, name: &str) -> Result<Shape, BackendError> {
        if let Some(saved) = self.saved(name) {
            return Ok(self.shape_of(saved.dna_hash(), saved.schema()));
        }
        let collection = self.find(name).await?;
        Ok(self.shape_of(&collection.dna_hash, &collection.schema))
    }

    async fn state(&self, name: &str) -> Result<CollectionState, BackendError> {
        let shape = self.shape(name).await?;
        let reading = self.reading(name).await?;
        let is_caught_up = matches!(&reading, Reading::Live(live) if live.is_caught_up());
        let state = blocking(move || local::state(reading.index(), shape)).await?;
        Ok(CollectionState { is_complete: state.is_complete && is_caught_up, ..state })
    }

    async fn search(
        &self,
        name: &str,
        search: Search,
        options: ReadOptions,
    ) -> Result<Vec<Found>, BackendError> {
        let begun = Instant::now();
        let reading = self.consistent(name, options).await?;
        let found = if is_short(reading.index(), &search) {
            local::search(reading.index(), &search)?
        } else {
            let reading = reading.clone();
            blocking(move || local::search(reading.index(), &search)).await?
        };
        let took = begun.elapsed();
        match &reading {
            Reading::Live(live) => live.metrics().searched(took, AnsweredBy::Memory),
            Reading::Saved(saved, _) => {
                self.before.metrics.collection(&saved.label()).searched(took, AnsweredBy::Memory);
            }
        }
        Ok(found)
    }

    async fn get(
        &self,
        name: &str,
        ids: Vec<PointId>,
        with: With,
        options: ReadOptions,
    ) -> Result<Vec<Found>, BackendError> {
        self.read_consistent(name, options, move |index| local::get(index, &ids, with)).await
    }

    async fn scroll(
        &self,
        name: &str,
        scroll: Scroll,
        options: ReadOptions,
    ) -> Result<Scrolled, BackendError> {
        self.read_consistent(name, options, move |index| local::scroll(index, &scroll)).await
    }

    async fn count(
        &self,
        name: &str,
        filter: Option<Filter>,
        options: ReadOptions,
    ) -> Result<u64, BackendError> {
        self.read_consistent(name, options, move |index| local::count(index, filter.as_ref())).await
    }

    async fn facet(
        &self,
        name: &str,
        facet: Facet,
        options: ReadOptions,
    ) -> Result<Vec<FacetHit>, BackendError> {
        self.read_consistent(name, options, move |index| local::facet(index, &facet)).await
    }

    async fn write(&self, name: &str, write: Write, options: WriteOptions) -> Result<Written, BackendError> {
        let (collection, live) = self.live(name).await?;
        write::write(self.node().await, &collection, &live, write, options).await
    }

    async fn has_own(&self, name: &str, filter: Filter) -> Result<bool, BackendError> {
        let (collection, live) = self.live(name).await?;
        blocking(move || local::has_own(live.index(), &collection.agent, &filter)).await
    }

    async fn is_ready(&self) -> bool {
        let Some(node) = self.node.get() else { return false };
        let Ok(collections) = node.collections().await else { return false };
        let is_ready = |collection: &Collection| {
            node.lives.get(&collection.dna_hash).is_some_and(|live| live.is_current())
        };
        collections.iter().filter(|collection| collection.enabled).all(is_ready)
    }

    fn metrics(&self) -> String {
        self.before.metrics.encode()
    }

    async fn node(&self) -> Result<NodeState, BackendError> {
        forest::node(self).await
    }

    async fn collection(&self, name: &str) -> Result<NodeCollection, BackendError> {
        forest::collection(self, self.find(name).await?).await
    }

    async fn invite(&self, name: &str) -> Result<String, BackendError> {
        forest::invite(&self.find(name).await?)
    }

    async fn join(&self, invite: &str) -> Result<Joined, BackendError> {
        forest::join(self, invite).await
    }

    async fn page_access(&self, name: &str) -> Result<PageAccess, BackendError> {
        let (node, pages, collection) =
            (self.node().await.clone(), self.pages.clone(), self.find(name).await?);
        to_its_end(async move { pages.access(&node, &collection).await }).await?.map_err(of_node)
    }

    async fn peers(&self, name: &str) -> Result<Vec<Peer>, BackendError> {
        forest::peers(self, &self.find(name).await?).await
    }

    async fn authors(&self, name: &str) -> Result<Vec<Author>, BackendError> {
        self.read(name, local::authors).await
    }

    async fn sync_state(&self, name: &str) -> Result<SyncState, BackendError> {
        let (collection, live) = self.live(name).await?;
        forest::sync_state(self, &collection, live).await
    }

    async fn points_of_all(&self, name: &str, id: PointId, with: With) -> Result<Vec<Found>, BackendError> {
        self.read(name, move |index| local::points_of_all(index, &id, with)).await
    }

    async fn scroll_all(&self, name: &str, scroll: ScrollAll) -> Result<ScrolledAll, BackendError> {
        self.read(name, move |index| local::scroll_all(index, &scroll)).await
    }

    async fn proof(&self, name: &str, id: PointId) -> Result<Proof, BackendError> {
        forest::proof(self.live(name).await?.1, id).await
    }

    async fn changes(
        &self,
        name: &str,
        since: Option<EventCursor>,
        at_most: usize,
    ) -> Result<Changes, BackendError> {
        self.read(name, move |index| local::changes(index, since.as_ref(), at_most)).await
    }

    async fn watch_changes(&self, name: &str) -> Result<watch::Receiver<u64>, BackendError> {
        Ok(self.live(name).await?.1.index().watch_changes())
    }

    async fn index_field(&self, name: &str, path: FieldPath, kind: FieldKind) -> Result<(), BackendError> {
        self.read(name, move |index| Ok(index.index_field(&path, kind)?)).await
    }

    async fn drop_field_index(&self, name: &str, path: FieldPath) -> Result<(), BackendError> {
        self.read(name, move |index| {
            index.drop_field_index(&path)?;
            Ok(())
        })
        .await
    }
}

#[cfg(test)]
mod tests;
