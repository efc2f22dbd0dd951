//! Committing bytes as they are, through the zome that signs what it is told to.

use crate::{dna::RAW_ZOME, site::Site};
use anyhow::{Result, anyhow};
use holochain::prelude::{ActionHash, AnyLinkableHash, ChainQueryFilter, Entry, EntryType, Record};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// Entry types, by their place in the integrity zome.
#[derive(Clone, Copy)]
pub enum Kind {
    /// A block.
    Vector,
    /// Cells.
    Centroid,
    /// What a node says of itself.
    NodeMetadata,
}

/// What the raw zome signs: the part of its own type that is used here.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Creates an entry.
    Entry {
        /// Its type.
        entry_type: u8,
        /// Its bytes.
        bytes: ByteBuf,
    },
    /// Creates a link.
    Link {
        /// Its type.
        link_type: u8,
        /// Where it starts.
        base: AnyLinkableHash,
        /// Where it leads.
        target: AnyLinkableHash,
        /// What it says.
        tag: ByteBuf,
    },
}

impl Act {
    /// Creates an entry of these bytes.
    pub fn entry(kind: Kind, bytes: Vec<u8>) -> Self {
        Self::Entry { entry_type: kind as u8, bytes: bytes.into() }
    }

    /// Bytes of the entry or of the tag.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Entry { bytes, .. } => bytes.len(),
            Self::Link { tag, .. } => tag.len(),
        }
    }
}

/// Signs all of these in one commit.
pub async fn commit(site: &Site, acts: Vec<Act>) -> Result<Vec<ActionHash>> {
    site.call_zome(RAW_ZOME, 0, "act", acts).await
}

/// An agent's chain.
pub async fn chain(site: &Site, agent: usize) -> Result<Vec<Record>> {
    let cell = site.cell(agent)?;
    let chain = site.conductor.get_agent_source_chain(cell.agent_pubkey(), cell.dna_hash()).await;
    let records = chain.query(ChainQueryFilter::new().include_entries(true)).await;
    records.map_err(|error| anyhow!("{error:?}"))
}

/// The app entry of a record: the place of its type, and its bytes.
pub fn app_entry(record: &Record) -> Option<(u8, Vec<u8>)> {
    let EntryType::App(of) = record.action().entry_type()? else { return None };
    let Entry::App(entry) = record.entry().as_option()? else { return None };
    Some((of.entry_index.0, entry.clone().into_sb().bytes().clone()))
}
