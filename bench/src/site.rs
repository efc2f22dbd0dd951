//! Conductors, and typed calls to the coordinator zome.

use anyhow::{Context, Result, anyhow};
use holochain::prelude::DnaFile;
use holochain::sweettest::{
    DynSweetRendezvous, SweetCell, SweetConductor, SweetConductorConfig, SweetLocalRendezvous,
};
use rose_forest_api::*;
use serde::{Serialize, de::DeserializeOwned};
use std::{
    fmt::Debug,
    time::{Duration, Instant},
};

/// How long anything may take that is waited for.
const DEADLINE: Duration = Duration::from_secs(300);

/// A conductor with one agent or several in one collection.
pub struct Site {
    /// The conductor.
    pub conductor: SweetConductor,
    /// The agents' cells. They share what the conductor stores.
    pub cells: Vec<SweetCell>,
}

impl Site {
    /// A conductor on its own.
    pub async fn alone(dna: &DnaFile, agents: usize) -> Result<Self> {
        Self::start(config(), SweetLocalRendezvous::new().await, dna, agents).await
    }

    /// A conductor on its own that signs whatever it is told to, valid or not.
    pub async fn unchecked(dna: &DnaFile) -> Result<Self> {
        let config = config().tune_conductor(|tuning| tuning.disable_self_validation = true);
        Self::start(config, SweetLocalRendezvous::new().await, dna, 1).await
    }

    /// Conductors that meet at one place, one agent each, who know each other and store everything.
    pub async fn several(dna: &DnaFile, count: usize) -> Result<Vec<Self>> {
        let meeting = SweetLocalRendezvous::new().await;
        let mut sites = Vec::new();
        for _ in 0..count {
            let site = Self::start(config(), meeting.clone(), dna, 1).await?;
            site.info(0).await?;
            sites.push(site);
        }
        SweetConductor::exchange_peer_info(sites.iter().map(|site| &site.conductor)).await;
        for site in &sites {
            site.conductor.declare_full_storage_arcs(dna.dna_hash()).await;
        }
        SweetConductor::exchange_peer_info(sites.iter().map(|site| &site.conductor)).await;
        Ok(sites)
    }

    async fn start(
        config: SweetConductorConfig,
        meeting: DynSweetRendezvous,
        dna: &DnaFile,
        agents: usize,
    ) -> Result<Self> {
        let mut conductor = SweetConductor::from_config_rendezvous(config, meeting).await;
        let mut cells = Vec::new();
        for agent in 0..agents {
            let app = conductor.setup_app(&format!("bench-{agent}"), std::slice::from_ref(dna)).await;
            cells.extend(app.map_err(|error| anyhow!("{error:?}"))?.into_cells());
        }
        Ok(Self { conductor, cells })
    }

    /// An agent's cell.
    pub fn cell(&self, agent: usize) -> Result<&SweetCell> {
        self.cells.get(agent).with_context(|| format!("no agent {agent}"))
    }

    /// Calls the coordinator zome.
    pub async fn call<I, O>(&self, agent: usize, function: &str, input: I) -> Result<O>
    where
        I: Serialize + Debug,
        O: DeserializeOwned + Debug,
    {
        self.call_zome(COORDINATOR_ZOME, agent, function, input).await
    }

    /// Calls a zome.
    pub async fn call_zome<I, O>(&self, zome: &str, agent: usize, function: &str, input: I) -> Result<O>
    where
        I: Serialize + Debug,
        O: DeserializeOwned + Debug,
    {
        let zome = self.cell(agent)?.zome(zome);
        let answer = self.conductor.call_fallible(&zome, function, input).await;
        answer.map_err(|error| anyhow!("{function}: {}", cut(&format!("{error:?}"))))
    }

    /// Settles whatever is fresh; returns what the calls did.
    pub async fn settle(&self, agent: usize) -> Result<Vec<SettleOutput>> {
        self.settle_by(agent, SettleInput { min_rows: Some(0), min_blocks: Some(0), ..alone() }).await
    }

    /// Settles if enough is fresh, as a node does; returns what the calls did.
    pub async fn settle_if_due(&self, agent: usize) -> Result<Vec<SettleOutput>> {
        self.settle_by(agent, alone()).await
    }

    async fn settle_by(&self, agent: usize, input: SettleInput) -> Result<Vec<SettleOutput>> {
        let start = Instant::now();
        let mut steps = Vec::new();
        while start.elapsed() < DEADLINE {
            let step: SettleOutput = self.call(agent, "settle", input.clone()).await?;
            let done = step.done;
            steps.push(step);
            if done {
                return Ok(steps);
            }
        }
        Err(anyhow!("settle is not done after {DEADLINE:?}: {steps:?}"))
    }

    /// The collection as an agent sees it.
    pub async fn info(&self, agent: usize) -> Result<CollectionInfo> {
        self.call(agent, "collection_info", ()).await
    }

    /// Searches what the conductor stores.
    pub async fn search(&self, agent: usize, vector: Vec<u8>, nprobe: Option<u32>) -> Result<SearchOutput> {
        let k = crate::data::K as u32;
        self.call(
            agent,
            "search",
            SearchInput { vector, k, nprobe, view: View::FULL, ..SearchInput::default() },
        )
        .await
    }

    /// Waits until nothing is left to validate or to integrate; returns how long that took.
    pub async fn quiet(&self) -> Result<Duration> {
        let start = Instant::now();
        let dna = self.cell(0)?.dna_hash();
        while start.elapsed() < DEADLINE {
            if self.conductor.all_ops_integrated(dna).await.map_err(|error| anyhow!("{error:?}"))? {
                return Ok(start.elapsed());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err(anyhow!("ops are waiting after {DEADLINE:?}"))
    }

    /// Stops the conductor.
    pub async fn stop(mut self) -> Result<()> {
        Ok(self.conductor.try_shutdown().await?)
    }
}

/// On a node of its own there is nobody to wait for.
fn alone() -> SettleInput {
    SettleInput { grace_ms: Some(0), peers: Some(0), ..SettleInput::default() }
}

fn config() -> SweetConductorConfig {
    SweetConductorConfig::standard()
}

/// The beginning of a message: errors of the conductor repeat the input.
fn cut(message: &str) -> String {
    message.chars().take(600).collect()
}
