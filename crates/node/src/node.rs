//! A running node: the conductor in this process, and calls into its cells.

use crate::data_dir::{DataDir, Lock};
use crate::dnas::{self, Release};
use crate::live::Lives;
use crate::notes::Notes;
use crate::passphrase::Passphrase;
use crate::{conductor, failure};
use anyhow::{Context, Result};
use holochain::conductor::ConductorHandle;
use holochain_types::prelude::CellId;
use rose_forest_api::COORDINATOR_ZOME;
use serde::{Serialize, de::DeserializeOwned};
use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a cell may take to join its network: many times what it takes.
const JOINED_WITHIN: Duration = Duration::from_secs(30);
/// Between two tries.
const LOOK_EVERY: Duration = Duration::from_millis(100);

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
}

/// A running node.
pub struct Node {
    pub(crate) conductor: ConductorHandle,
    pub(crate) dir: DataDir,
    pub(crate) releases: Vec<Release>,
    pub(crate) notes: Notes,
    /// Collections that are answered from memory: those of a node that serves.
    pub(crate) lives: Lives,
    queues: Mutex<HashMap<CellId, Arc<tokio::sync::Mutex<()>>>>,
    /// Held while two commands could install the same app or the same collection.
    pub(crate) installing: tokio::sync::Mutex<()>,
    // Last, so that the directory is free only when everything else is gone.
    _lock: Lock,
}

impl Node {
    /// Starts the node of a data directory.
    ///
    /// # Errors
    /// If the passphrase is wrong, or the conductor cannot start.
    pub async fn start(settings: Settings, lock: Lock) -> Result<Self> {
        let releases = dnas::known().await?;
        let dir = settings.dir.clone();
        let notes = Notes::read(&dir.notes())?;
        let conductor = conductor::start(settings).await?;
        let node = Self {
            conductor,
            dir,
            releases,
            notes,
            lives: Lives::default(),
            queues: Mutex::default(),
            installing: tokio::sync::Mutex::default(),
            _lock: lock,
        };
        node.renew_coordinators().await?;
        Ok(node)
    }

    /// Calls a function of a cell's coordinator zome that only reads.
    pub async fn read<I, O>(&self, cell: &CellId, function: &str, input: I) -> Result<O>
    where
        I: Serialize + Debug,
        O: DeserializeOwned + Debug,
    {
        let agent = cell.agent_pubkey();
        let begun = Instant::now();
        loop {
            let called = self
                .conductor
                .easy_call_zome(agent, None, cell.clone(), COORDINATOR_ZOME, function, &input)
                .await;
            match called {
                // A cell that has just started joins its network in the background.
                Err(error) if failure::is_joining(&error) && begun.elapsed() < JOINED_WITHIN => {
                    tokio::time::sleep(LOOK_EVERY).await;
                }
                called => return called.map_err(|error| failure::of_call(function, &error)),
            }
        }
    }

    /// Calls a function that writes. One at a time for each cell: of two at once, the slower would fail.
    pub async fn write<I, O>(&self, cell: &CellId, function: &str, input: I) -> Result<O>
    where
        I: Serialize + Debug,
        O: DeserializeOwned + Debug,
    {
        let queue = self.queue(cell);
        let _turn = queue.lock().await;
        self.read(cell, function, input).await
    }

    fn queue(&self, cell: &CellId) -> Arc<tokio::sync::Mutex<()>> {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        queues.entry(cell.clone()).or_default().clone()
    }

    /// Stops the node and waits until everything is written.
    pub async fn stop(self) -> Result<()> {
        conductor::stop(self.conductor.clone()).await.context("the node did not stop cleanly")
    }
}
