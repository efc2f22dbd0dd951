//! Calls into the coordinator zomes of this node's cells.

use crate::{background, failure};
use anyhow::{Context, Result};
use holochain::conductor::ConductorHandle;
use holochain_types::prelude::{CellId, GrantZomeCallCapabilityGrant, GrantZomeCallCapabilityPayload};
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

/// Held by whoever writes to a cell.
type Turn = Arc<tokio::sync::Mutex<()>>;

/// Calls zome functions. Copies share one queue for each cell.
#[derive(Clone)]
pub struct Calls {
    conductor: ConductorHandle,
    turns: Arc<Mutex<HashMap<CellId, Turn>>>,
}

impl Calls {
    pub(crate) fn of(conductor: ConductorHandle) -> Self {
        Self { conductor, turns: Arc::default() }
    }

    /// Calls a function of a cell's coordinator zome that only reads.
    ///
    /// # Errors
    /// [`failure::Refused`] if the zome refuses, or what the conductor fails with.
    pub async fn read<I, O>(&self, cell: &CellId, function: &'static str, input: I) -> Result<O>
    where
        I: Serialize + Debug + Send + Sync + 'static,
        O: DeserializeOwned + Debug + Send + 'static,
    {
        let (conductor, cell) = (self.conductor.clone(), cell.clone());
        background::run(call(conductor, cell, function, input)).await?
    }

    /// Calls a function that writes. One at a time for each cell: of two at once, the slower would fail.
    ///
    /// # Errors
    /// See [`Calls::read`].
    pub async fn write<I, O>(&self, cell: &CellId, function: &'static str, input: I) -> Result<O>
    where
        I: Serialize + Debug + Send + Sync + 'static,
        O: DeserializeOwned + Debug + Send + 'static,
    {
        let (conductor, cell, turn) = (self.conductor.clone(), cell.clone(), self.turn(cell));
        // The turn lasts as long as the call, whether or not anybody waits for it.
        background::run(async move {
            let _turn = turn.lock_owned().await;
            call(conductor, cell, function, input).await
        })
        .await?
    }

    /// Lets a key call functions of a cell: a private entry on its chain, written in turn with other writes.
    ///
    /// # Errors
    /// What the conductor fails with.
    pub(crate) async fn grant(&self, cell: &CellId, cap_grant: GrantZomeCallCapabilityGrant) -> Result<()> {
        let turn = self.turn(cell);
        let _turn = turn.lock().await;
        let payload = GrantZomeCallCapabilityPayload { cell_id: cell.clone(), cap_grant };
        let granted = self.conductor.grant_zome_call_capability(payload).await;
        // The error is not shown whole: it could hold what was to be granted.
        granted.map(|_| ()).context("the conductor does not let a page call the zome")
    }

    fn turn(&self, cell: &CellId) -> Turn {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.entry(cell.clone()).or_default().clone()
    }
}

/// Calls a function, again while its cell is joining its network in the background.
async fn call<I, O>(conductor: ConductorHandle, cell: CellId, function: &'static str, input: I) -> Result<O>
where
    I: Serialize + Debug,
    O: DeserializeOwned + Debug,
{
    let agent = cell.agent_pubkey();
    let begun = Instant::now();
    loop {
        let called =
            conductor.easy_call_zome(agent, None, cell.clone(), COORDINATOR_ZOME, function, &input).await;
        match called {
            Err(error) if failure::is_joining(&error) && begun.elapsed() < JOINED_WITHIN => {
                tokio::time::sleep(LOOK_EVERY).await;
            }
            called => {
                tracing::debug!(function, ms = begun.elapsed().as_millis() as u64, "called");
                return called.map_err(|error| failure::of_call(function, &error));
            }
        }
    }
}
