//! One conductor with one agent in one collection, and typed calls to its coordinator zome.

use crate::{Row, until};
use holochain::prelude::{CellId, DnaFile};
use holochain::sweettest::{SweetCell, SweetConductor};
use rose_forest_api::*;
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Debug;

/// The name of the installed app.
pub const APP: &str = "rose-forest";

/// The message with which the zome refused a call.
pub type Refused = String;

/// A conductor, and its agent's cell of the collection.
pub struct Node {
    /// The conductor.
    pub conductor: SweetConductor,
    /// The cell.
    pub cell: SweetCell,
}

impl Node {
    /// Installs the collection with a new agent.
    pub async fn install(mut conductor: SweetConductor, dna: &DnaFile) -> Self {
        let app = conductor.setup_app(APP, std::slice::from_ref(dna)).await.unwrap();
        let (cell,) = app.into_tuple();
        Self { conductor, cell }
    }

    /// The agent.
    pub fn agent(&self) -> AgentPubKey {
        self.cell.agent_pubkey().clone()
    }

    /// The cell's id.
    pub fn cell_id(&self) -> CellId {
        self.cell.cell_id().clone()
    }

    /// Calls a function of the coordinator zome; what it says when it refuses.
    pub async fn try_call<I, O>(&self, function: &str, input: I) -> Result<O, Refused>
    where
        I: Serialize + Debug,
        O: DeserializeOwned + Debug,
    {
        self.conductor
            .call_fallible(&self.cell.zome(COORDINATOR_ZOME), function, input)
            .await
            .map_err(|error| format!("{error:?}"))
    }

    /// Calls a function of the coordinator zome that has to succeed.
    pub async fn call<I, O>(&self, function: &str, input: I) -> O
    where
        I: Serialize + Debug,
        O: DeserializeOwned + Debug,
    {
        self.try_call(function, input).await.unwrap_or_else(|refused| panic!("{function}: {refused}"))
    }

    /// Inserts points.
    pub async fn insert(&self, rows: &[Row]) -> WriteOutput {
        self.call("insert", Row::input(rows)).await
    }

    /// Deletes points that exist.
    pub async fn delete(&self, ids: impl IntoIterator<Item = u64>) -> WriteOutput {
        let ids = ids.into_iter().map(PointId::Int).collect();
        self.call("delete", DeleteInput { ids, ignore_unknown: false }).await
    }

    /// Reads points by id, with vectors.
    pub async fn get(&self, ids: impl IntoIterator<Item = u64>) -> Vec<Point> {
        let ids = ids.into_iter().map(PointId::Int).collect();
        let input = GetInput { ids, author: None, with_vector: true, scope: Scope::Local, view: View::FULL };
        self.call::<_, GetOutput>("get", input).await.points
    }

    /// Searches what the node holds, with the default number of probes.
    pub async fn search(&self, vector: &[f32], k: u32) -> SearchOutput {
        let vector = floats_to_bytes(vector);
        self.call("search", SearchInput { vector, k, view: View::FULL, ..SearchInput::default() }).await
    }

    /// The integer ids of the nearest points.
    pub async fn nearest(&self, vector: &[f32], k: u32) -> Vec<u64> {
        let hits = self.search(vector, k).await.hits;
        hits.iter()
            .map(|hit| match hit.id {
                PointId::Int(id) => id,
                PointId::Text(_) => panic!("the tests that ask for integers insert integers"),
            })
            .collect()
    }

    /// How many points the node holds.
    pub async fn count(&self) -> u64 {
        let input = CountInput { view: View::FULL, ..CountInput::default() };
        self.call::<_, CountOutput>("count", input).await.points
    }

    /// Every point the node holds, with vectors, read in pages of `limit`.
    pub async fn scroll(&self, limit: u32) -> Vec<Point> {
        let mut points = Vec::new();
        let mut cursor = None;
        loop {
            let input = ScrollInput {
                cursor,
                limit: Some(limit),
                with_vector: true,
                view: View::FULL,
                ..ScrollInput::default()
            };
            let page: ScrollOutput = self.call("scroll", input).await;
            points.extend(page.points);
            cursor = page.next_cursor;
            if cursor.is_none() {
                return points;
            }
        }
    }

    /// What the collection looks like from here.
    pub async fn info(&self) -> CollectionInfo {
        self.call("collection_info", ()).await
    }

    /// Waits until the node holds so many points.
    pub async fn holds(&self, points: u64) {
        until(&format!("a peer holds {points} points"), async || {
            (self.count().await == points).then_some(())
        })
        .await;
    }

    /// What this node sees, if it stores nothing for others: whom it knows.
    pub async fn view(&self) -> View {
        let me = self.agent().to_k2_agent();
        let of = vec![self.cell.dna_hash().clone()];
        let known = self.conductor.get_agent_infos(Some(of)).await.unwrap();
        let others = known.iter().filter(|info| info.agent != me && !info.is_tombstone && info.url.is_some());
        View { arc: Arc::Empty, reachable_peers: Some(others.count() as u32), unreachable_peers: 0 }
    }

    /// Stops the conductor and starts it again on the same data.
    pub async fn restart(&mut self) {
        self.conductor.shutdown().await;
        self.start().await;
    }

    /// Starts a conductor that was stopped.
    pub async fn start(&mut self) {
        self.conductor.startup().await;
        self.cell = self.conductor.get_sweet_cell(self.cell_id()).unwrap();
    }
}
