//! What this node sees of a collection: how much it stores, and whom it can reach.
//!
//! A zome cannot see either, and its answers are honest about what may be missing only if the caller tells it.

use crate::collections::Collection;
use crate::node::Node;
use anyhow::{Context, Result};
use holochain_types::network::Kitsune2NetworkMetricsRequest;
use kitsune2_api::DhtArc;
use rose_forest_api::{AgentPubKey, Arc, DnaHash, Gap, View};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How old what was seen may be for an answer: looking asks the conductor's databases several times, which takes longer
/// than a search from memory. A node that serves looks more often than that by itself.
const RECENT: Duration = Duration::from_secs(15);

/// What a node sees of a collection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sight {
    /// How much this node stores.
    pub arc: Arc,
    /// Other nodes that are known and seem to be there.
    pub reachable_peers: u32,
    /// Other nodes that are known and did not answer.
    pub unreachable_peers: u32,
}

impl From<Sight> for View {
    fn from(sight: Sight) -> Self {
        let (reachable_peers, unreachable_peers) = (Some(sight.reachable_peers), sight.unreachable_peers);
        Self { arc: sight.arc, reachable_peers, unreachable_peers }
    }
}

/// What an answer from what a node itself holds may lack.
pub(crate) fn gaps(view: &View) -> Vec<Gap> {
    let arc = match view.arc {
        Arc::Full => None,
        Arc::Empty => Some(Gap::ArcNotFull),
        Arc::Unknown => Some(Gap::ArcUnknown),
    };
    let unreachable = view.unreachable_peers;
    let peers = (unreachable > 0).then_some(Gap::PeersUnreachable(unreachable));
    arc.into_iter().chain(peers).collect()
}

/// What was last seen of each collection, and when.
#[derive(Default)]
pub(crate) struct Sights(Mutex<HashMap<DnaHash, (Instant, Sight)>>);

impl Sights {
    fn get(&self, dna_hash: &DnaHash) -> Option<Sight> {
        let sights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sights.get(dna_hash).filter(|(at, _)| at.elapsed() < RECENT).map(|(_, sight)| *sight)
    }

    fn set(&self, dna_hash: &DnaHash, sight: Sight) {
        let mut sights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sights.insert(dna_hash.clone(), (Instant::now(), sight));
    }
}

impl Node {
    /// What this node saw of a collection within the last 15 seconds, or else sees now.
    ///
    /// # Errors
    /// See [`Node::sight`].
    pub async fn recent_sight(&self, collection: &Collection) -> Result<Sight> {
        match self.sights.get(&collection.dna_hash) {
            Some(sight) => Ok(sight),
            None => self.sight(collection).await,
        }
    }

    /// What this node sees of a collection now.
    ///
    /// # Errors
    /// If the conductor cannot say.
    pub async fn sight(&self, collection: &Collection) -> Result<Sight> {
        let sight = self.look(collection).await?;
        self.sights.set(&collection.dna_hash, sight);
        Ok(sight)
    }

    async fn look(&self, collection: &Collection) -> Result<Sight> {
        // A collection that lives on one node: everything there is, is here.
        if collection.network.is_none() {
            return Ok(Sight { arc: Arc::Full, ..Sight::default() });
        }
        let peers = self.peers(collection).await?;
        let reachable_peers = peers.iter().filter(|(_, is_reachable)| *is_reachable).count() as u32;
        let unreachable_peers = peers.len() as u32 - reachable_peers;
        let key = collection.dna_hash.to_string();
        if !peers.is_empty() {
            self.notes.set_alone(&key, false)?;
        }
        let arc = if self.notes.is_alone(&key) { Arc::Full } else { self.own_arc(collection).await? };
        Ok(Sight { arc, reachable_peers, unreachable_peers })
    }

    /// The other nodes of a collection that are known, and whether each seems to be there.
    ///
    /// # Errors
    /// If the conductor cannot say.
    pub async fn peers(&self, collection: &Collection) -> Result<Vec<(AgentPubKey, bool)>> {
        if collection.network.is_none() {
            return Ok(Vec::new());
        }
        let dna_hash = collection.dna_hash.clone();
        let mut peers = Vec::new();
        let me = collection.agent.to_k2_agent();
        let now = kitsune2_api::Timestamp::now();
        let known = self.conductor.get_agent_infos(Some(vec![dna_hash.clone()])).await;
        for info in known.context("cannot read who is known")? {
            if info.agent == me || info.is_tombstone || info.expires_at < now {
                continue;
            }
            let Some(url) = info.url.clone() else { continue };
            let said = self.conductor.peer_meta_info(url, Some(vec![dna_hash.clone()])).await;
            let said = said.context("cannot read what is known of a peer")?;
            let gave_up = |key: &String| key.contains(kitsune2_api::META_KEY_UNRESPONSIVE);
            let is_reachable = !said.values().any(|notes| notes.keys().any(gave_up));
            peers.push((AgentPubKey::from_k2_agent(&info.agent), is_reachable));
        }
        Ok(peers)
    }

    async fn own_arc(&self, collection: &Collection) -> Result<Arc> {
        let request = Kitsune2NetworkMetricsRequest {
            dna_hash: Some(collection.dna_hash.clone()),
            include_dht_summary: false,
        };
        let metrics =
            self.conductor.dump_network_metrics(request).await.context("cannot read the network's state")?;
        let of_agent = metrics
            .get(&collection.dna_hash)
            .and_then(|metrics| metrics.local_agents.iter().find(|local| local.agent == collection.agent));
        Ok(match of_agent.map(|local| &local.storage_arc) {
            Some(arc) if *arc == DhtArc::FULL => Arc::Full,
            Some(_) => Arc::Empty,
            None => Arc::Unknown,
        })
    }
}
