//! The HTTP API of a node: what [`rose_forest_http::Backend`] asks, answered from the collections' indexes.
//!
//! Reads see this node's own index and never wait for anybody. Writes go through the collection's queue, see [`write`].

mod acknowledged;
mod write;

use crate::collections::{Collection, NameTaken, find};
use crate::live::Live;
use crate::network::Network;
use crate::node::Node;
use anyhow::Result;
use rose_forest_api::PointId;
use rose_forest_engine::local::LocalIndex;
use rose_forest_engine::metrics::AnsweredBy;
use rose_forest_http::backend::{
    Backend, BackendError, CollectionState, Consistency, Facet, Found, NewCollection, ReadOptions, Scroll,
    Scrolled, Search, Shape, With, Write, WriteOptions, Written,
};
use rose_forest_http::local;
use rose_forest_store::{FacetHit, FieldKind, FieldPath, Filter};
use std::sync::Arc;
use std::time::Instant;

/// A node as the HTTP API sees it.
pub struct Api {
    node: Arc<Node>,
    /// Where the peers of collections meet that are created through the API; none if they live on this node alone.
    network: Option<Network>,
}

impl Api {
    /// Of a node that serves.
    pub fn new(node: Arc<Node>, network: Option<Network>) -> Self {
        Self { node, network }
    }

    /// The collection with this name, or whose hash ends with it, if the node takes part in it.
    async fn find(&self, name: &str) -> Result<Collection, BackendError> {
        let collections = self.node.collections().await.map_err(of_node)?;
        let enabled: Vec<_> = collections.into_iter().filter(|collection| collection.enabled).collect();
        match find(enabled, name) {
            Ok(collection) => Ok(collection),
            Err(problem @ crate::collections::NotFound::Several { .. }) => {
                Err(BackendError::Refused { reason: problem.to_string() })
            }
            Err(_) => Err(BackendError::NoCollection { name: name.to_owned() }),
        }
    }

    /// The collection, and its index.
    async fn live(&self, name: &str) -> Result<(Collection, Arc<Live>), BackendError> {
        let collection = self.find(name).await?;
        let label = collection.label();
        let tell = move |problem| tracing::warn!("{label}: {problem}");
        let live = self.node.go_live(&collection, tell).await.map_err(of_node)?;
        Ok((collection, live))
    }

    /// Does what reads the index where blocking is allowed.
    async fn read<T: Send + 'static>(
        &self,
        name: &str,
        work: impl FnOnce(&LocalIndex) -> Result<T, BackendError> + Send + 'static,
    ) -> Result<T, BackendError> {
        let (_, live) = self.live(name).await?;
        blocking(move || work(live.index())).await
    }

    /// The same, for what may ask other nodes.
    async fn consistent<T: Send + 'static>(
        &self,
        name: &str,
        options: ReadOptions,
        work: impl FnOnce(&LocalIndex) -> Result<T, BackendError> + Send + 'static,
    ) -> Result<T, BackendError> {
        match options.consistency {
            Consistency::Own | Consistency::Nodes(1) => self.read(name, work).await,
            Consistency::Nodes(_) | Consistency::Majority | Consistency::Quorum | Consistency::All => {
                Err(BackendError::Unsupported {
                    what: "a consistency beyond 1: this node's own index answers",
                })
            }
        }
    }

    async fn shape_of(&self, name: &str) -> Result<(Collection, Shape), BackendError> {
        let collection = self.find(name).await?;
        let vector_name = self.node.notes.vector_name(&collection.dna_hash.to_string());
        let shape = Shape { schema: collection.schema.clone(), vector_name };
        Ok((collection, shape))
    }
}

/// What the node failed with, whole.
fn of_node(problem: anyhow::Error) -> BackendError {
    BackendError::Node(format!("{problem:#}").into())
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BackendError> + Send + 'static,
) -> Result<T, BackendError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|stopped| Err(BackendError::Node(stopped.into())))
}

impl Backend for Api {
    async fn collections(&self) -> Result<Vec<String>, BackendError> {
        let all = self.node.collections().await.map_err(of_node)?;
        let enabled: Vec<_> = all.into_iter().filter(|collection| collection.enabled).collect();
        let name = |collection: &Collection| {
            let alike = enabled.iter().filter(|other| other.schema.name == collection.schema.name).count();
            // Of several with one name each is called by its hash.
            if alike > 1 { collection.dna_hash.to_string() } else { collection.schema.name.clone() }
        };
        Ok(enabled.iter().map(name).collect())
    }

    async fn create(&self, name: &str, new: NewCollection) -> Result<(), BackendError> {
        let NewCollection { dimension, distance, encoding, vector_name } = new;
        rose_forest_api::Schema::new(name, dimension, distance, encoding)?;
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
        let created = self.node.create(&new).await;
        let collection = created.map_err(|problem| {
            if problem.is::<NameTaken>() { BackendError::CollectionExists { name } } else { of_node(problem) }
        })?;
        let label = collection.label();
        let tell = move |problem| tracing::warn!("{label}: {problem}");
        // Whatever asks for it opens it, too: this only saves the first one's time.
        if let Err(problem) = self.node.go_live(&collection, tell).await {
            tracing::warn!("{}: {problem:#}", collection.label());
        }
        Ok(())
    }

    async fn leave(&self, name: &str) -> Result<bool, BackendError> {
        let collection = match self.find(name).await {
            Err(BackendError::NoCollection { .. }) => return Ok(false),
            found => found?,
        };
        self.node.leave(&collection.dna_hash.to_string()).await.map_err(of_node)?;
        Ok(true)
    }

    async fn shape(&self, name: &str) -> Result<Shape, BackendError> {
        Ok(self.shape_of(name).await?.1)
    }

    async fn state(&self, name: &str) -> Result<CollectionState, BackendError> {
        let (_, shape) = self.shape_of(name).await?;
        let (_, live) = self.live(name).await?;
        let is_caught_up = live.is_caught_up();
        let state = blocking(move || local::state(live.index(), shape)).await?;
        Ok(CollectionState { is_complete: state.is_complete && is_caught_up, ..state })
    }

    async fn search(
        &self,
        name: &str,
        search: Search,
        options: ReadOptions,
    ) -> Result<Vec<Found>, BackendError> {
        let begun = Instant::now();
        let collection = self.find(name).await?;
        let found = self.consistent(name, options, move |index| local::search(index, &search)).await?;
        self.node.metrics.collection(&collection.label()).searched(begun.elapsed(), AnsweredBy::Memory);
        Ok(found)
    }

    async fn get(
        &self,
        name: &str,
        ids: Vec<PointId>,
        with: With,
        options: ReadOptions,
    ) -> Result<Vec<Found>, BackendError> {
        self.consistent(name, options, move |index| local::get(index, &ids, with)).await
    }

    async fn scroll(
        &self,
        name: &str,
        scroll: Scroll,
        options: ReadOptions,
    ) -> Result<Scrolled, BackendError> {
        self.consistent(name, options, move |index| local::scroll(index, &scroll)).await
    }

    async fn count(
        &self,
        name: &str,
        filter: Option<Filter>,
        options: ReadOptions,
    ) -> Result<u64, BackendError> {
        self.consistent(name, options, move |index| local::count(index, filter.as_ref())).await
    }

    async fn facet(
        &self,
        name: &str,
        facet: Facet,
        options: ReadOptions,
    ) -> Result<Vec<FacetHit>, BackendError> {
        self.consistent(name, options, move |index| local::facet(index, &facet)).await
    }

    async fn write(&self, name: &str, write: Write, options: WriteOptions) -> Result<Written, BackendError> {
        let (collection, live) = self.live(name).await?;
        write::write(&self.node, &collection, &live, write, options).await
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
