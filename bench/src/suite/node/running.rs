//! A node in this process, used by its requests.

use crate::data::{Data, K};
use anyhow::{Context, Result, ensure};
use rose_forest::{
    collections::NewCollection,
    data_dir::DataDir,
    http::Api,
    network::Network,
    node::{Before, Node, Settings},
    requests::{CollectionView, Logged, Request},
    saved::Saved,
    serve::look_after,
};
use rose_forest_api::{Distance, Encoding, WriteOutput};
use rose_forest_engine::local::Limits;
use rose_forest_http::backend::{Backend, Consistency, Effort, ReadOptions, Search, What, With};
use serde::de::DeserializeOwned;
use std::{
    collections::HashSet,
    ops::Range,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::JoinHandle;

/// Many times what anything takes.
pub const DEADLINE: Duration = Duration::from_secs(600);
/// The name of the collection.
pub const COLLECTION: &str = "bench";

/// A node, and what it is asked.
pub struct Running {
    node: Arc<Node>,
    serving: Option<JoinHandle<()>>,
}

impl Running {
    /// Starts a node and has it serve.
    pub async fn start(folder: &Path) -> Result<Self> {
        Ok(Self::start_without_serving(folder).await?.serve())
    }

    /// Starts a node that only answers: it has no index.
    pub async fn start_without_serving(folder: &Path) -> Result<Self> {
        Self::start_with(folder, Limits::default()).await
    }

    /// The same, with other limits for what its index may take once it serves.
    pub async fn start_with(folder: &Path, index_limits: Limits) -> Result<Self> {
        let settings = settings(folder, index_limits)?;
        let lock = settings.dir.lock()?;
        let node = Node::start(settings, lock).await?;
        Ok(Self { node: Arc::new(node), serving: None })
    }

    /// Starts a node that answers reads from what was saved while its conductor starts, as `serve --http` does. Returns how
    /// long the first answer took, too.
    pub async fn start_answering(folder: &Path, data: &Data) -> Result<(Self, Duration)> {
        let begun = Instant::now();
        let settings = settings(folder, Limits::default())?;
        let lock = settings.dir.lock()?;
        let saved = Saved::find(&settings.dir, settings.index_limits)?;
        ensure!(!saved.all().is_empty(), "no index was saved");
        let before = Before::of(&settings.dir, saved)?;
        let api = Api::new(before.clone(), None, HashSet::new())?;
        let starting = tokio::spawn(Node::start_from(before, settings, lock));
        let search = Search {
            what: What::Nearest(data.queries.row(0).to_vec()),
            filter: None,
            limit: K,
            effort: Effort::Usual,
            threshold: None,
            with: With::default(),
        };
        let options = ReadOptions { consistency: Consistency::Own, timeout: DEADLINE };
        let found = api.search(COLLECTION, search, options).await?;
        let first = begun.elapsed();
        ensure!(found.len() == K, "{} points were found", found.len());
        let node = starting.await.context("the node's start panicked")??;
        Ok((Self { node: Arc::new(node), serving: None }, first))
    }

    /// Has it serve.
    pub fn serve(self) -> Self {
        let tell = |event: rose_forest::serve::Event| eprintln!("    {event}");
        let serving = tokio::spawn(look_after(self.node.clone(), tell));
        Self { serving: Some(serving), ..self }
    }

    /// Asks the node.
    pub async fn ask<O: DeserializeOwned>(&self, request: Request) -> Result<O> {
        let bytes = self.node.answer(request).await?;
        rmp_serde::from_slice(&bytes).context("an answer cannot be read")
    }

    /// Creates the collection, on this node alone.
    pub async fn create(&self) -> Result<CollectionView> {
        self.create_in(None).await
    }

    /// Creates the collection.
    pub async fn create_in(&self, network: Option<Network>) -> Result<CollectionView> {
        let name = COLLECTION.to_owned();
        let (distance, encoding) = (Distance::Cosine, Encoding::Sq8);
        let dimension = crate::dna::DIMENSION;
        self.ask(Request::Create(NewCollection {
            name,
            dimension,
            distance,
            encoding,
            network,
            vector_name: String::new(),
        }))
        .await
    }

    /// Inserts these rows; returns when they are on the chain and in the index.
    pub async fn insert(&self, data: &Data, rows: Range<usize>, bulk: bool) -> Result<WriteOutput> {
        let collection = COLLECTION.to_owned();
        self.ask(Request::Insert { collection, bulk, input: data.input(rows) }).await
    }

    /// Inserts rows, and waits until they are in the log of writes.
    pub async fn log(&self, data: &Data, rows: Range<usize>) -> Result<()> {
        let collection = COLLECTION.to_owned();
        match self.ask(Request::Log { collection, bulk: false, input: data.input(rows) }).await? {
            Logged::Logged(_) => Ok(()),
            Logged::Full(full) => anyhow::bail!("the queue does not keep up: {full}"),
        }
    }

    /// Stops the node.
    pub async fn stop(self) -> Result<()> {
        if let Some(serving) = self.serving {
            serving.abort();
            // Aborted, as it should be.
            let _ = serving.await;
        }
        self.node.stop().await
    }
}

fn settings(folder: &Path, index_limits: Limits) -> Result<Settings> {
    Ok(Settings {
        dir: DataDir::open(folder)?,
        passphrase: rose_forest::passphrase::of("bench".to_owned()),
        gossip_ms: 1_000,
        self_validation: true,
        index_limits,
    })
}

impl Clone for Running {
    fn clone(&self) -> Self {
        Self { node: self.node.clone(), serving: None }
    }
}
