//! What nodes say of themselves.

use crate::{
    fail::fail,
    look::{Links, Look},
};
use hdk::prelude::*;
use rose_forest_api::{AnnounceInput, NodeInfo};
use rose_forest_integrity::{EntryTypes, LinkTypes, NodeMetadata, anchor_hash, hash_ref};
use rose_forest_rules::{anchor::Anchor, metadata};
use std::collections::{BTreeMap, BTreeSet};

fn links() -> ExternResult<Vec<Link>> {
    let of = [Links::new(anchor_hash(Anchor::Nodes), LinkTypes::NodesToMetadata)];
    Ok(Look::local().links(&of)?.into_iter().flatten().collect())
}

/// The other agents that announced a node. Reads one base.
pub fn others() -> ExternResult<Vec<AgentPubKey>> {
    let me = agent_info()?.agent_initial_pubkey;
    let others: BTreeSet<_> = links()?.into_iter().map(|link| link.author).filter(|by| *by != me).collect();
    Ok(others.into_iter().collect())
}

/// See [`crate::list_nodes`].
pub fn list() -> ExternResult<Vec<NodeInfo>> {
    let mut newest = BTreeMap::<AgentPubKey, Link>::new();
    for link in links()? {
        if newest.get(&link.author).is_none_or(|known| known.timestamp < link.timestamp) {
            newest.insert(link.author.clone(), link);
        }
    }
    let (links, actions): (Vec<_>, Vec<_>) = newest
        .into_values()
        .filter_map(|link| link.target.clone().into_action_hash().map(|action| (link, action)))
        .unzip();
    let records = Look::local().records(&actions)?;
    Ok(links.into_iter().zip(records).filter_map(|(link, record)| info(&link, record?)).collect())
}

fn info(link: &Link, record: Record) -> Option<NodeInfo> {
    let NodeMetadata(node) = record.entry().to_app_option().ok().flatten()?;
    // As for blocks: what breaks a rule is handed out all the same.
    node.check(hash_ref(&link.author)).ok()?;
    Some(NodeInfo {
        agent: link.author.clone(),
        action_hash: record.action_address().clone(),
        announced_at_micros: record.action().timestamp().as_micros(),
        node: AnnounceInput {
            name: node.name,
            software: node.software,
            capabilities: node.capabilities,
            holds: node.holds,
            rows: node.rows,
            status: node.status,
        },
    })
}

/// See [`crate::announce`]. The link to what was said before is deleted.
pub fn announce(input: AnnounceInput) -> ExternResult<ActionHash> {
    let agent = agent_info()?.agent_initial_pubkey;
    if let Some(said) = list()?.into_iter().find(|node| node.agent == agent && node.node == input) {
        return Ok(said.action_hash);
    }
    let node = metadata::NodeMetadata {
        agent: hash_ref(&agent),
        name: input.name,
        software: input.software,
        capabilities: input.capabilities,
        holds: input.holds,
        rows: input.rows,
        status: input.status,
    };
    node.check(hash_ref(&agent)).map_err(fail)?;
    let before: Vec<_> = links()?.into_iter().filter(|link| link.author == agent).collect();
    let action = create_entry(EntryTypes::NodeMetadata(NodeMetadata(node)))?;
    create_link(anchor_hash(Anchor::Nodes), action.clone(), LinkTypes::NodesToMetadata, ())?;
    for link in before {
        delete_link(link.create_link_hash, GetOptions::local())?;
    }
    Ok(action)
}
