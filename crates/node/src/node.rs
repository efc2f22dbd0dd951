//! A running node: the conductor in this process, and what is kept beside it.

use crate::calls::Calls;
use crate::collections::Collection;
use crate::conductor;
use crate::data_dir::{DataDir, Lock};
use crate::dnas::{self, Release};
use crate::live::Lives;
use crate::notes::Notes;
use crate::op_databases::OpDatabases;
use crate::passphrase::Passphrase;
use crate::saved::Saved;
use crate::view::Sights;
use crate::writes::Writers;
use anyhow::{Context, Result};
use holochain::conductor::ConductorHandle;
use holochain_types::prelude::{CellId, DnaHash};
use rose_forest_engine::local::Limits;
use rose_forest_engine::metrics::Metrics;
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Debug;
use std::sync::Arc;

/// How to start a node.
pub struct Settings {
    /// Where it keeps everything.
    pub dir: DataDir,
    /// What opens it.
    pub passphrase: Passphrase,
    /// Milliseconds between two rounds of gossip.
    pub gossip_ms: u32,
    /// Whether it checks what it writes itself. Off only for the liar of the demo.
    pub self_validation: bool,
    /// How much of each collection is searched in memory, if the node serves.
    pub index_limits: Limits,
}

/// A running node.
pub struct Node {
    pub(crate) conductor: ConductorHandle,
    pub(crate) dir: DataDir,
    pub(crate) releases: Vec<Release>,
    pub(crate) notes: Arc<Notes>,
    /// The databases of the conductor.
    pub(crate) op_databases: OpDatabases,
    /// Calls into the cells.
    pub(crate) calls: Calls,
    /// Collections that are answered from memory: those of a node that serves.
    pub(crate) lives: Arc<Lives>,
    /// Their indexes as they were saved, until they are kept in step.
    pub(crate) saved: Arc<Saved>,
    pub(crate) index_limits: Limits,
    /// What is counted and measured.
    pub(crate) metrics: Arc<Metrics>,
    /// The queues of writes.
    pub(crate) writers: Writers,
    /// What was last seen of the collections' networks.
    pub(crate) sights: Sights,
    /// The collections, once they have been listed; forgotten by whoever changes one.
    pub(crate) known: tokio::sync::Mutex<Option<Arc<[Collection]>>>,
    /// Held while two commands could install the same app or the same collection.
    pub(crate) installing: tokio::sync::Mutex<()>,
    // Last, so that the directory is free only when everything else is gone.
    _lock: Lock,
}

/// What a node has before it has started.
#[derive(Clone)]
pub struct Before {
    pub(crate) dir: DataDir,
    pub(crate) notes: Arc<Notes>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) saved: Arc<Saved>,
}

impl Before {
    /// Of a data directory that this program has locked, with these of its indexes.
    ///
    /// # Errors
    /// If the node's notes cannot be read.
    pub fn of(dir: &DataDir, saved: Arc<Saved>) -> Result<Self> {
        let notes = Arc::new(Notes::read(&dir.notes())?);
        Ok(Self { dir: dir.clone(), notes, metrics: Arc::new(Metrics::new(crate::SOFTWARE)), saved })
    }
}

impl Node {
    /// Starts the node of a data directory.
    ///
    /// # Errors
    /// If the passphrase is wrong, or the conductor cannot start.
    pub async fn start(settings: Settings, lock: Lock) -> Result<Self> {
        let before = Before::of(&settings.dir, Saved::none())?;
        Self::start_from(before, settings, lock).await
    }

    /// The same, with what there is already.
    ///
    /// # Errors
    /// See [`Node::start`].
    pub async fn start_from(before: Before, settings: Settings, lock: Lock) -> Result<Self> {
        let releases = dnas::known().await?;
        let Before { dir, notes, metrics, saved } = before;
        let index_limits = settings.index_limits;
        let op_databases = OpDatabases::new(dir.conductor(), settings.passphrase.clone());
        let conductor = conductor::start(settings).await?;
        let node = Self {
            calls: Calls::of(conductor.clone()),
            conductor,
            dir,
            releases,
            notes,
            op_databases,
            lives: Arc::default(),
            saved,
            index_limits,
            metrics,
            writers: Writers::default(),
            sights: Sights::default(),
            known: tokio::sync::Mutex::default(),
            installing: tokio::sync::Mutex::default(),
            _lock: lock,
        };
        node.renew_coordinators().await?;
        let collections = node.collections().await?;
        let takes_part =
            |dna_hash: &DnaHash| collections.iter().any(|c| c.enabled && c.dna_hash == *dna_hash);
        node.saved.keep_only(&node.dir, takes_part);
        Ok(node)
    }

    /// See [`Calls::read`].
    pub async fn read<I, O>(&self, cell: &CellId, function: &'static str, input: I) -> Result<O>
    where
        I: Serialize + Debug + Send + Sync + 'static,
        O: DeserializeOwned + Debug + Send + 'static,
    {
        self.calls.read(cell, function, input).await
    }

    /// See [`Calls::write`].
    pub async fn write<I, O>(&self, cell: &CellId, function: &'static str, input: I) -> Result<O>
    where
        I: Serialize + Debug + Send + Sync + 'static,
        O: DeserializeOwned + Debug + Send + 'static,
    {
        self.calls.write(cell, function, input).await
    }

    /// Stops the node and waits until everything is written.
    ///
    /// # Errors
    /// If the conductor does not stop cleanly.
    pub async fn stop(&self) -> Result<()> {
        self.writers.close().await;
        self.lives.close().await;
        conductor::stop(self.conductor.clone()).await.context("the node did not stop cleanly")
    }
}
