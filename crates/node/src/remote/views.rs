//! The API's JSON as what requests are answered with.

use crate::network::Network;
use crate::requests::{AuthorView, CollectionView, Waiting};
use crate::text::harmless;
use crate::view::Sight;
use anyhow::{Context, Result, ensure};
use rose_forest_api::{ActionHash, AgentPubKey, AnnounceInput, DnaHash, NodeInfo, Schema, floats_to_bytes};
use rose_forest_http::types::{
    AuthorJson, NodeCollectionJson, PeerJson, ProvenanceJson, QueueJson, VectorStruct,
};
use serde_json::{Map, Value};

/// Characters of a hash: `u`, and 39 bytes in base64.
const HASH_CHARS: usize = 53;

/// A collection. Its addresses are somebody else's words.
pub(super) fn collection(json: NodeCollectionJson) -> Result<CollectionView> {
    let network = json.bootstrap.map(|bootstrap| {
        let bootstrap = harmless(&bootstrap);
        Network { relay: json.relay.as_deref().map_or_else(|| bootstrap.clone(), harmless), bootstrap }
    });
    let schema = Schema::new(&json.name, json.dimension, json.distance, json.encoding);
    Ok(CollectionView {
        schema: schema.context("the node tells of a collection that cannot be")?,
        dna_hash: json.hash.as_deref().map(hash::<DnaHash>).transpose()?,
        agent: agent(&json.agent)?,
        enabled: json.takes_part,
        network,
    })
}

/// What the node sees of a collection.
pub(super) fn sight(json: &NodeCollectionJson) -> Sight {
    let NodeCollectionJson { stores, reachable_peers, unreachable_peers, .. } = *json;
    Sight { arc: stores, reachable_peers, unreachable_peers }
}

/// What an author has.
pub(super) fn author(json: &AuthorJson) -> Result<AuthorView> {
    Ok(AuthorView { author: agent(&json.author)?, blocks: None, rows: json.points })
}

/// What waits for the chain.
pub(super) fn waiting(json: QueueJson) -> Waiting {
    let trouble = json.trouble.as_deref().map(harmless);
    Waiting { writes: json.writes as usize, bytes: json.bytes as usize, trouble }
}

/// What another node says of itself, if it ever did.
pub(super) fn announced(json: PeerJson) -> Result<Option<NodeInfo>> {
    let Some(said) = json.announced else { return Ok(None) };
    let node = AnnounceInput {
        name: said.name,
        software: said.software,
        capabilities: said.capabilities,
        holds: said.holds,
        rows: said.rows,
        status: said.status,
    };
    Ok(Some(NodeInfo {
        agent: agent(&json.agent)?,
        action_hash: hash(&said.action)?,
        announced_at_micros: said.announced_at_micros,
        node,
    }))
}

/// Who wrote a point, and the action that carries it.
pub(super) fn provenance(json: Option<ProvenanceJson>) -> Result<(AgentPubKey, ActionHash, ProvenanceJson)> {
    let json = json.context("the node does not say who wrote a point")?;
    Ok((agent(&json.author)?, hash(&json.action)?, json))
}

/// The key of an agent.
pub(super) fn agent(text: &str) -> Result<AgentPubKey> {
    hash(text)
}

fn hash<T: for<'a> TryFrom<&'a str>>(text: &str) -> Result<T> {
    // Holochain's own reader takes the length for granted.
    let is_one = text.len() == HASH_CHARS && text.is_ascii();
    let read = is_one.then(|| T::try_from(text).ok()).flatten();
    read.with_context(|| {
        format!("the node tells of `{}`, which is no hash", harmless(&crate::text::clip(text, 80)))
    })
}

/// A payload as text. The API shows an empty one where there is none.
pub(super) fn payload(json: Option<Map<String, Value>>) -> Option<String> {
    json.filter(|payload| !payload.is_empty()).map(|payload| Value::Object(payload).to_string())
}

/// A vector as bytes, whatever the node calls it.
pub(super) fn vector(json: Option<Value>, dimension: usize) -> Result<Option<Vec<u8>>> {
    let Some(value) = json else { return Ok(None) };
    let vector = match serde_json::from_value(value).context("a vector cannot be read")? {
        VectorStruct::Plain(vector) => vector,
        VectorStruct::Named(named) => named.into_iter().next().unwrap_or_default().1,
    };
    ensure!(
        vector.len() == dimension,
        "expected a vector of {dimension} components, received {}",
        vector.len()
    );
    Ok(Some(floats_to_bytes(&vector)))
}
