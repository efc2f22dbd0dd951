//! A node asked over HTTP: each [`Request`] becomes calls of its API, and their answers what the request is answered with.
//!
//! The API shows one point for each id in searches, gets and deletions: the node's own, else the newest. What it does not offer
//! is refused with a sentence that says where it works.

mod points;
mod read;
mod views;

use crate::requests::{CollectionView, JoinedView, NodeReport, Overview, Request, pack};
use anyhow::{Error, Result, anyhow, ensure};
use rose_forest_api::SettleOutput;
use rose_forest_http::backend::NewCollection;
use rose_forest_http::types::{InviteJson, JoinedJson, NodeCollectionJson};
use rose_forest_http::{Client, ClientError};
use std::path::Path;

pub(crate) use points::PORTION;

/// The status of a refusal for want of a key.
const NO_KEY: u16 = 401;

/// A node that is asked over HTTP.
#[derive(Debug)]
pub struct Remote {
    client: Client,
}

impl Remote {
    /// The node at an address. Nothing is asked yet.
    ///
    /// # Errors
    /// See [`Client::new`].
    pub fn new(url: &str, key: Option<&Path>, authorities: Option<&Path>) -> Result<Self> {
        Ok(Self { client: Client::new(url, key, authorities)? })
    }

    /// The node's address.
    pub fn url(&self) -> &str {
        self.client.url()
    }

    /// Whether everybody on the way to the node can read the key.
    pub fn shows_its_key(&self) -> bool {
        self.client.shows_its_key()
    }

    /// The answer, in MessagePack: as [`crate::node::Node::answer`]'s.
    ///
    /// # Errors
    /// What the node refuses, in its words; that it is not there; that it is not asked so.
    pub async fn answer(&self, request: Request) -> Result<Vec<u8>> {
        match request {
            Request::Create(new) => pack(self.create(new).await?),
            Request::List => pack(self.list().await?),
            Request::Find(name) => pack(views::collection(self.find(&name).await?)?),
            Request::Info(name) => pack(self.info(&name).await?),
            Request::Invite(name) => pack(self.client.invite(&name).await.map_err(said)?.invite),
            Request::Join(invite) => pack(self.join(invite).await?),
            Request::Leave(name) => pack(self.leave(&name).await?),
            // How rows get into cells is the serving node's matter.
            Request::Insert { collection, input, .. } => pack(self.insert(&collection, input).await?),
            Request::Log { collection, input, .. } => pack(self.log(&collection, input).await?),
            Request::Settle(..) => pack(SettleOutput { done: true, ..SettleOutput::default() }),
            Request::Delete(name, input) => pack(self.delete(&name, input).await?),
            Request::Get(name, input) => pack(self.get(&name, input).await?),
            Request::Scroll(name, input) => pack(self.scroll(&name, input).await?),
            Request::Search { collection, by_zome, input, filter } => {
                pack(self.search(&collection, by_zome, input, filter.as_deref()).await?)
            }
            Request::Node => pack(self.node().await?),
            Request::Metrics => pack(self.client.metrics().await.map_err(said)?),
            Request::Verify(_) => Err(only_there("`index verify`, which reads the DHT itself,")),
            Request::Warrants(_) => Err(only_there("`node warrants`, which reads the DHT itself,")),
            Request::Pulses => Err(only_there("`top`")),
            Request::Count(..) => Err(only_there("counting in the zome")),
            Request::Upkeep(..) => Err(only_there("upkeep, which the serving node does by itself,")),
        }
    }

    async fn find(&self, name: &str) -> Result<NodeCollectionJson> {
        self.client.collection(name).await.map_err(said)
    }

    async fn create(&self, new: crate::collections::NewCollection) -> Result<CollectionView> {
        let crate::collections::NewCollection { name, dimension, distance, encoding, network, vector_name } =
            new;
        ensure!(
            network.is_none(),
            "where the peers of a collection meet that is created over HTTP, the node says: leave out --bootstrap, and \
             have it run with `serve --bootstrap`"
        );
        let new = NewCollection { dimension, distance, encoding, vector_name };
        self.client.create(&name, &new).await.map_err(said)?;
        views::collection(self.find(&name).await?)
    }

    async fn list(&self) -> Result<Vec<CollectionView>> {
        let node = self.client.node().await.map_err(said)?;
        node.collections.into_iter().map(views::collection).collect()
    }

    async fn join(&self, invite: String) -> Result<JoinedView> {
        let joined = self.client.join(&InviteJson { invite }).await.map_err(said)?;
        let JoinedJson { name, was_here, .. } = joined;
        Ok(JoinedView { collection: views::collection(self.find(&name).await?)?, was_here })
    }

    async fn leave(&self, name: &str) -> Result<CollectionView> {
        let found = views::collection(self.find(name).await?)?;
        let was_there = self.client.leave(name).await.map_err(said)?;
        ensure!(was_there, "`{name}` is an alias: leave {} by its own name", found.label());
        Ok(CollectionView { enabled: false, ..found })
    }

    async fn info(&self, name: &str) -> Result<Overview> {
        let found = self.find(name).await?;
        let sync = self.client.sync(name).await.map_err(said)?;
        let authors = self.client.authors(name).await.map_err(said)?.authors;
        let peers = self.client.peers(name).await.map_err(said)?.peers;
        Ok(Overview {
            sight: views::sight(&found),
            collection: views::collection(found)?,
            blocks: None,
            chain_length: sync.chain_length,
            authors: authors.iter().map(views::author).collect::<Result<_>>()?,
            nodes: peers
                .into_iter()
                .filter_map(|peer| views::announced(peer).transpose())
                .collect::<Result<_>>()?,
            index: Some(sync.index),
            waiting: views::waiting(sync.queue),
        })
    }

    async fn node(&self) -> Result<NodeReport> {
        let node = self.client.node().await.map_err(said)?;
        let seen = |collection: NodeCollectionJson| {
            let sight = collection.takes_part.then(|| views::sight(&collection));
            Ok((views::collection(collection)?, sight))
        };
        Ok(NodeReport {
            software: node.software,
            data_dir: None,
            agent: node.agent.as_deref().map(views::agent).transpose()?,
            releases: None,
            collections: node.collections.into_iter().map(seen).collect::<Result<_>>()?,
        })
    }
}

/// What a call failed with, and what to do about it.
fn said(error: ClientError) -> Error {
    let advice = match &error {
        ClientError::Refused { status: NO_KEY, .. } => "pass the file with the node's key by --api-key-file",
        ClientError::NoAuthorities => "pass it by --ca-cert",
        ClientError::Unreachable { .. } => "does `rose-forest serve --http` run there?",
        _ => return error.into(),
    };
    anyhow!("{error}: {advice}")
}

/// That something works on the node's own machine alone.
fn only_there(what: &str) -> Error {
    anyhow!("{what} works on the node's own machine alone, without --url (or ROSE_FOREST_URL)")
}

#[cfg(test)]
mod tests;
