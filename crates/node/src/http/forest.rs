//! What the API answers beyond Qdrant: the node, its peers, how far it is, and proofs of points.

use super::{Api, blocking, name_of, of_node, to_its_end};
use crate::collections::Collection;
use crate::invite::{Invite, InviteError};
use crate::live::Live;
use crate::network::Network;
use anyhow::{Context, Result};
use rose_forest_api::{ActionHash, Arc as Stores, NodeInfo, PointId};
use rose_forest_http::backend::{
    BackendError, Joined, Meeting, NodeCollection, NodeState, Peer, Proof, QueueState, SyncState, With,
};
use rose_forest_http::local;
use rose_forest_rules::block::BlockView;
use std::sync::Arc;
use std::time::Duration;

/// Who this node is.
pub(super) async fn node(api: &Api) -> Result<NodeState, BackendError> {
    let mut collections = Vec::new();
    let mut agent = None;
    for found in api.node().await.collections().await.map_err(of_node)?.iter() {
        let found = collection(api, found.clone()).await?;
        agent = Some(found.agent.clone());
        collections.push(found);
    }
    Ok(NodeState { software: crate::SOFTWARE.to_owned(), agent, collections })
}

/// A collection, as this node takes part in it.
pub(super) async fn collection(api: &Api, collection: Collection) -> Result<NodeCollection, BackendError> {
    let node = api.node().await;
    let sight =
        if collection.enabled { Some(node.recent_sight(&collection).await.map_err(of_node)?) } else { None };
    let Collection { schema, dna_hash, agent, enabled, network, .. } = collection;
    let live = node.lives.get(&dna_hash);
    Ok(NodeCollection {
        schema,
        vector_name: node.notes.vector_name(&dna_hash.to_string()),
        hash: Some(dna_hash),
        agent,
        meeting: network.map(|Network { bootstrap, relay }| Meeting { bootstrap, relay }),
        takes_part: enabled,
        is_caught_up: live.is_some_and(|live| live.is_current()),
        arc: sight.map_or(Stores::Unknown, |sight| sight.arc),
        reachable_peers: sight.map_or(0, |sight| sight.reachable_peers),
        unreachable_peers: sight.map_or(0, |sight| sight.unreachable_peers),
    })
}

/// The text that lets others in.
pub(super) fn invite(collection: &Collection) -> Result<String, BackendError> {
    match collection.network {
        Some(_) => Ok(collection.invite().to_string()),
        None => Err(BackendError::NoNetwork { what: "an invite" }),
    }
}

/// Joins by such a text.
pub(super) async fn join(api: &Api, text: &str) -> Result<Joined, BackendError> {
    let refused = |reason| BackendError::Invite { reason };
    let invite: Invite = text.parse().map_err(|problem: InviteError| refused(problem.to_string()))?;
    let node = api.node().await;
    let joining = node.clone();
    let joined = to_its_end(async move { joining.join(&invite).await }).await?;
    let joined = joined.map_err(|problem| refused(format!("{problem:#}")))?;
    let hash = joined.collection.dna_hash.clone();
    let all = node.collections().await.map_err(of_node)?;
    let name = name_of(&all, &joined.collection);
    Ok(Joined { name, hash, was_here: joined.was_here })
}

/// The other nodes of a collection.
pub(super) async fn peers(api: &Api, collection: &Collection) -> Result<Vec<Peer>, BackendError> {
    let node = api.node().await;
    let known = node.peers(collection).await.map_err(of_node)?;
    let said: Vec<NodeInfo> = node.read(&collection.cell(), "list_nodes", ()).await.map_err(of_node)?;
    let peer = |(agent, is_reachable): (rose_forest_api::AgentPubKey, bool)| Peer {
        announced: said.iter().find(|node| node.agent == agent).cloned(),
        agent,
        is_reachable,
    };
    Ok(known.into_iter().map(peer).collect())
}

/// How far this node is with a collection.
pub(super) async fn sync_state(
    api: &Api,
    collection: &Collection,
    live: Arc<Live>,
) -> Result<SyncState, BackendError> {
    let pulse = api.node().await.pulse(collection, &live).await.map_err(of_node)?;
    let (index, unconfirmed_blocks) = blocking(move || local::places(live.index())).await?;
    Ok(SyncState {
        is_caught_up: pulse.caught_up,
        lag: pulse.caught_up.then_some(Duration::ZERO),
        index,
        unconfirmed_blocks,
        queue: QueueState {
            writes: pulse.waiting.writes as u64,
            bytes: pulse.waiting.bytes as u64,
            trouble: pulse.waiting.trouble,
        },
        chain_length: Some(pulse.chain_actions),
        arc: pulse.sight.arc,
    })
}

/// What proves the point that a bare id means.
pub(super) async fn proof(live: Arc<Live>, id: PointId) -> Result<Proof, BackendError> {
    let (index, ids) = (live.clone(), vec![id.clone()]);
    let found = blocking(move || local::get(index.index(), &ids, With::default())).await?;
    let Some(found) = found.into_iter().next() else { return Err(BackendError::NoPoint { id }) };
    let signed = live.signed_block(&found.action).await.map_err(of_node)?;
    let Some(signed) = signed else {
        let reason = "only its author's word has arrived so far, which this node keeps no copy of".to_owned();
        return Err(BackendError::NoProof { id, reason });
    };
    let row = row_of(&signed.block, &id, &found.action).map_err(of_node)?;
    Ok(Proof {
        id,
        author: found.author,
        action: found.action,
        signed_action: signed.action,
        signature: signed.signature,
        block: signed.block,
        row,
        confirmed: found.confirmed,
    })
}

/// Where in a block a point stands.
fn row_of(block: &[u8], id: &PointId, action: &ActionHash) -> Result<u32> {
    let view = BlockView::parse(block).context("a block that was valid cannot be read")?;
    let meta = view.meta().context("a block that was valid cannot be read")?;
    let mut rows = view.rows_with_hash(id.hash64()).filter(|row| *row < view.live_rows());
    let row = rows.find(|row| meta.rows().get(*row).is_some_and(|row| row.id == *id));
    Ok(u32::try_from(row.with_context(|| format!("point {id} is not in block {action}"))?)?)
}
