//! References to actions and agents, as the 39 bytes that Holochain writes them in (3 of type, 32 of hash,
//! 4 of location). This crate compares them and never looks inside.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes of a Holochain hash.
pub const HASH_BYTES: usize = 39;

/// A hash of 39 bytes, of an action or of an agent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HashRef(pub [u8; HASH_BYTES]);

impl HashRef {
    /// From exactly 39 bytes.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl std::fmt::Debug for HashRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl std::fmt::Display for HashRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self, f)
    }
}

impl Serialize for HashRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for HashRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = serde_bytes::ByteBuf::deserialize(deserializer)?;
        Self::from_slice(&bytes).ok_or_else(|| {
            serde::de::Error::custom(format_args!("a hash has {HASH_BYTES} bytes, received {}", bytes.len()))
        })
    }
}

/// A cell: the Centroid action that founded it, and its place in that entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellId {
    /// The action that created the Centroid entry.
    pub founding: HashRef,
    /// Which centre of that entry.
    pub index: u16,
}
