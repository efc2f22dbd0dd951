//! A backend without a network: collections of one node, each a `LocalIndex` over blocks that never leave the process.
//!
//! For tests, and for trying the API out. Nothing is kept when it ends.

mod collection;

use crate::{
    backend::{
        AliasChange, Aliases, Author, Backend, BackendError, Changes, CollectionState, Facet, Found, Joined,
        NewCollection, NodeCollection, NodeState, PageAccess, Peer, Proof, QueueState, ReadOptions, Scroll,
        ScrollAll, Scrolled, ScrolledAll, Search, Shape, SyncState, With, Write, WriteOptions, Written,
    },
    local,
};
use collection::Collection;
use parking_lot::{Mutex, RwLock};
use rose_forest_api::{AgentPubKey, Arc as Stores, PointId, Schema};
use rose_forest_engine::{
    local::Whose,
    metrics::{IndexSizes, Metrics},
};
use rose_forest_store::{EventCursor, FacetHit, FieldKind, FieldPath, Filter};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use std::time::Duration;
use tokio::sync::watch;

/// Collections in a folder of their own.
pub struct Memory {
    dir: PathBuf,
    own: AgentPubKey,
    collections: RwLock<BTreeMap<String, Arc<Collection>>>,
    /// Locked after the collections where both are.
    aliases: RwLock<Aliases>,
    /// Folders made so far: a collection that is made again begins in a new one.
    made: Mutex<u64>,
    ready: AtomicBool,
}

impl Memory {
    /// No collections yet. `dir` is for the files of the indexes; `own` is the author of what the API writes.
    pub fn new(dir: impl Into<PathBuf>, own: AgentPubKey) -> Self {
        Self {
            dir: dir.into(),
            own,
            collections: RwLock::default(),
            aliases: RwLock::default(),
            made: Mutex::new(0),
            ready: AtomicBool::new(true),
        }
    }

    /// Writes as another author, as if a peer had, and its blocks had arrived.
    ///
    /// # Errors
    /// As [`Backend::write`].
    pub fn write_as(&self, author: &AgentPubKey, name: &str, write: &Write) -> Result<Written, BackendError> {
        self.find(name)?.write(author, write)
    }

    /// Says whether it is ready, for tests of what asks.
    pub fn set_ready(&self, ready: bool) {
        self.ready.store(ready, Ordering::Relaxed);
    }

    fn find(&self, name: &str) -> Result<Arc<Collection>, BackendError> {
        let collections = self.collections.read();
        let found = collections.get(self.aliases.read().resolve(name)).cloned();
        found.ok_or_else(|| BackendError::NoCollection { name: name.to_owned() })
    }

    /// What there is to say of a collection that lives on this node alone.
    fn of(&self, collection: &Collection) -> NodeCollection {
        let Shape { schema, vector_name } = collection.shape();
        NodeCollection {
            schema,
            vector_name,
            hash: None,
            agent: self.own.clone(),
            meeting: None,
            takes_part: true,
            is_caught_up: true,
            arc: Stores::Full,
            reachable_peers: 0,
            unreachable_peers: 0,
        }
    }

    /// Does what blocks where that is allowed.
    async fn with<T: Send + 'static>(
        &self,
        name: &str,
        work: impl FnOnce(&Collection) -> Result<T, BackendError> + Send + 'static,
    ) -> Result<T, BackendError> {
        let collection = self.find(name)?;
        let done = tokio::task::spawn_blocking(move || work(&collection)).await;
        done.unwrap_or_else(|stopped| Err(BackendError::Node(stopped.into())))
    }
}

impl Backend for Memory {
    async fn collections(&self) -> Result<Vec<String>, BackendError> {
        Ok(self.collections.read().keys().cloned().collect())
    }

    async fn create(&self, name: &str, new: NewCollection) -> Result<(), BackendError> {
        let schema = Schema::new(name, new.dimension, new.distance, new.encoding)?;
        let mut collections = self.collections.write();
        if collections.contains_key(name) {
            return Err(BackendError::CollectionExists { name: name.to_owned() });
        }
        self.aliases.read().check_free(name)?;
        let mut made = self.made.lock();
        *made += 1;
        let dir = self.dir.join(format!("collection-{made}"));
        let collection = Collection::new(&dir, &schema, new.vector_name, &self.own)?;
        collections.insert(name.to_owned(), Arc::new(collection));
        Ok(())
    }

    async fn leave(&self, name: &str) -> Result<bool, BackendError> {
        let mut collections = self.collections.write();
        self.aliases.write().forget(name);
        Ok(collections.remove(name).is_some())
    }

    async fn aliases(&self) -> Result<Aliases, BackendError> {
        Ok(self.aliases.read().clone())
    }

    async fn change_aliases(&self, changes: Vec<AliasChange>) -> Result<(), BackendError> {
        let collections = self.collections.read();
        Ok(self.aliases.write().apply(&changes, |name| collections.contains_key(name))?)
    }

    async fn shape(&self, name: &str) -> Result<Shape, BackendError> {
        Ok(self.find(name)?.shape())
    }

    async fn state(&self, name: &str) -> Result<CollectionState, BackendError> {
        self.with(name, |collection| local::state(&collection.index, collection.shape())).await
    }

    async fn search(
        &self,
        name: &str,
        search: Search,
        _options: ReadOptions,
    ) -> Result<Vec<Found>, BackendError> {
        self.with(name, move |collection| local::search(&collection.index, &search)).await
    }

    async fn get(
        &self,
        name: &str,
        ids: Vec<PointId>,
        with: With,
        _options: ReadOptions,
    ) -> Result<Vec<Found>, BackendError> {
        self.with(name, move |collection| local::get(&collection.index, &ids, with)).await
    }

    async fn scroll(
        &self,
        name: &str,
        scroll: Scroll,
        _options: ReadOptions,
    ) -> Result<Scrolled, BackendError> {
        self.with(name, move |collection| local::scroll(&collection.index, &scroll)).await
    }

    async fn count(
        &self,
        name: &str,
        filter: Option<Filter>,
        _options: ReadOptions,
    ) -> Result<u64, BackendError> {
        self.with(name, move |collection| local::count(&collection.index, filter.as_ref())).await
    }

    async fn facet(
        &self,
        name: &str,
        facet: Facet,
        _options: ReadOptions,
    ) -> Result<Vec<FacetHit>, BackendError> {
        self.with(name, move |collection| local::facet(&collection.index, &facet)).await
    }

    async fn write(&self, name: &str, write: Write, _options: WriteOptions) -> Result<Written, BackendError> {
        let own = self.own.clone();
        self.with(name, move |collection| collection.write(&own, &write)).await
    }

    async fn index_field(&self, name: &str, path: FieldPath, kind: FieldKind) -> Result<(), BackendError> {
        self.with(name, move |collection| Ok(collection.index.index_field(&path, kind)?)).await
    }

    async fn drop_field_index(&self, name: &str, path: FieldPath) -> Result<(), BackendError> {
        self.with(name, move |collection| {
            collection.index.drop_field_index(&path)?;
            Ok(())
        })
        .await
    }

    async fn has_own(&self, name: &str, filter: Filter) -> Result<bool, BackendError> {
        let own = self.own.clone();
        self.with(name, move |collection| local::has_own(&collection.index, &own, &filter)).await
    }

    async fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }

    fn metrics(&self) -> String {
        let metrics = Metrics::new(env!("CARGO_PKG_VERSION"));
        for (name, collection) in self.collections.read().iter() {
            match collection.index.reader().and_then(|reader| reader.count(&Whose::Everyones, None)) {
                Ok(memory_rows) => {
                    metrics.collection(name).set_index(&IndexSizes { memory_rows, ..IndexSizes::default() });
                }
                Err(error) => tracing::error!(%error, name, "the rows of a collection cannot be counted"),
            }
        }
        metrics.encode()
    }

    async fn node(&self) -> Result<NodeState, BackendError> {
        Ok(NodeState {
            software: concat!("rose-forest-http ", env!("CARGO_PKG_VERSION"), ", in memory").to_owned(),
            agent: Some(self.own.clone()),
            collections: self.collections.read().values().map(|collection| self.of(collection)).collect(),
        })
    }

    async fn collection(&self, name: &str) -> Result<NodeCollection, BackendError> {
        let found = self.find(name)?;
        Ok(self.of(&found))
    }

    async fn invite(&self, name: &str) -> Result<String, BackendError> {
        self.find(name)?;
        Err(BackendError::NoNetwork { what: "an invite" })
    }

    async fn join(&self, _invite: &str) -> Result<Joined, BackendError> {
        Err(BackendError::NoNetwork { what: "joining" })
    }

    async fn page_access(&self, name: &str) -> Result<PageAccess, BackendError> {
        self.find(name)?;
        Err(BackendError::NoNetwork { what: "a page that calls a zome" })
    }

    async fn peers(&self, name: &str) -> Result<Vec<Peer>, BackendError> {
        self.find(name).map(|_| Vec::new())
    }

    async fn authors(&self, name: &str) -> Result<Vec<Author>, BackendError> {
        self.with(name, |collection| local::authors(&collection.index)).await
    }

    async fn sync_state(&self, name: &str) -> Result<SyncState, BackendError> {
        let (index, unconfirmed_blocks) =
            self.with(name, |collection| local::places(&collection.index)).await?;
        Ok(SyncState {
            is_caught_up: true,
            lag: Some(Duration::ZERO),
            index,
            unconfirmed_blocks,
            queue: QueueState::default(),
            chain_length: None,
            arc: Stores::Full,
        })
    }

    async fn points_of_all(&self, name: &str, id: PointId, with: With) -> Result<Vec<Found>, BackendError> {
        self.with(name, move |collection| local::points_of_all(&collection.index, &id, with)).await
    }

    async fn scroll_all(&self, name: &str, scroll: ScrollAll) -> Result<ScrolledAll, BackendError> {
        self.with(name, move |collection| local::scroll_all(&collection.index, &scroll)).await
    }

    async fn proof(&self, name: &str, id: PointId) -> Result<Proof, BackendError> {
        let ids = vec![id.clone()];
        let found = self.with(name, move |collection| local::get(&collection.index, &ids, With::default()));
        if found.await?.is_empty() {
            return Err(BackendError::NoPoint { id });
        }
        let reason = "this server has no network, and signs nothing".to_owned();
        Err(BackendError::NoProof { id, reason })
    }

    async fn changes(
        &self,
        name: &str,
        since: Option<EventCursor>,
        at_most: usize,
    ) -> Result<Changes, BackendError> {
        self.with(name, move |collection| local::changes(&collection.index, since.as_ref(), at_most)).await
    }

    async fn watch_changes(&self, name: &str) -> Result<watch::Receiver<u64>, BackendError> {
        Ok(self.find(name)?.index.watch_changes())
    }
}
