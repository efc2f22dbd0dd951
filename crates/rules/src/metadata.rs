//! What one node says of itself.

use crate::{Violation, limits, reference::HashRef};
use serde::{Deserialize, Serialize};

/// How much of the collection a node keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    /// Everything: its storage arc is full.
    Everything,
    /// Some of it.
    Part,
    /// Only its own.
    Own,
}

/// How a node is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeStatus {
    /// Still fetching or indexing.
    Starting,
    /// All is well.
    Ready,
    /// It works, but not as it should.
    Degraded,
    /// About to stop.
    Leaving,
}

/// The content of a `NodeMetadata` entry: written when it changes, by the agent it speaks of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeMetadata {
    /// The agent that runs the node; the author of the entry.
    pub agent: HashRef,
    /// A name for people; may be empty.
    pub name: String,
    /// The program and its version.
    pub software: String,
    /// What others may ask of it.
    pub capabilities: Vec<String>,
    /// How much it keeps.
    pub holds: Holds,
    /// Rows it can search.
    pub rows: u64,
    /// How it is doing.
    pub status: NodeStatus,
}

impl NodeMetadata {
    /// Every rule about metadata. `author` is who signed it.
    pub fn check(&self, author: HashRef) -> Result<(), Violation> {
        if self.agent != author {
            return Err(Violation::MetadataOfAnother { expected: author, received: self.agent });
        }
        let max = limits::MAX_METADATA_TEXT_BYTES;
        let texts = || self.capabilities.iter().chain([&self.name, &self.software]);
        if let Some(received) = texts().map(String::len).find(|length| *length > max) {
            return Err(Violation::MetadataText { max, received });
        }
        // They are shown on other people's terminals.
        if texts().any(|text| text.chars().any(char::is_control)) {
            return Err(Violation::MetadataControlCharacter);
        }
        if self.capabilities.len() > limits::MAX_CAPABILITIES {
            return Err(Violation::TooManyCapabilities {
                max: limits::MAX_CAPABILITIES,
                received: self.capabilities.len(),
            });
        }
        Ok(())
    }
}
